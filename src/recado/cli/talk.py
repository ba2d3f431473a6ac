"""`recado talk`: plays a flow in the terminal, with the engine that answers real customers.

Nothing is stored and nothing is sent. The clock is the machine's, and `/wait 2h` moves it on. Scripts run in their
sandbox; how any other call ends, the person at the terminal says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from recado.cli.contents import lines_of
from recado.engine.advance import Turn
from recado.engine.content import Button, Buttons, Content, ListMenu, Template
from recado.engine.effects import (
    Alert,
    Call,
    Consent,
    Effect,
    EndSession,
    Handoff,
    Notify,
    Send,
    TakeBack,
    Track,
    UpdateContact,
)
from recado.engine.events import CallResult, Message
from recado.engine.options import parse_wire_id, rows_of
from recado.engine.play import Play
from recado.engine.requests import Http, Request, summary
from recado.engine.spans import parse_span

GREETING = "Write what the customer writes. Type an option's number to tap it. /help lists the rest; /quit ends."
HELP = """/wait 30m          moves the clock on (30m, 2 hours, 3d)
/state             shows the session           /restart        forgets it
/call {"a": 1}     what a call brings back     /call error timeout   how it fails
/accept            WhatsApp takes the message  /refuse 131047  or refuses it
/release           a person gives the conversation back"""
# Less than a story's step may wait, as the time that the person takes comes on top of it.
LONGEST_WAIT = timedelta(days=365)


@dataclass
class Talk:
    """A conversation at the terminal. `shown` are the options on the screen, by the number that taps them."""

    play: Play
    console: Console
    show_trace: bool = False
    ahead: timedelta = timedelta()
    shown: dict[str, Button] = field(default_factory=dict)
    count: int = 0
    perform: Callable[[Call], CallResult | None] = lambda _: None

    @property
    def now(self) -> datetime:
        """Gives the conversation's time: the machine's, moved on by `/wait`."""
        return datetime.now(UTC) + self.ahead

    def run(self) -> None:
        """Talks until the person has had enough."""
        self.console.print(GREETING, style="dim")
        while True:
            try:
                line = self.console.input("[bold]> [/bold]").strip()
            except (EOFError, KeyboardInterrupt):
                return
            if line == "/quit":
                return
            self.take(line)

    def take(self, line: str) -> None:
        """Does what one line asks for."""
        match line.split():
            case []:
                return
            case ["/state"]:
                self._print_state()
            case ["/restart"]:
                self.play.forget()
            case ["/call", *_]:
                self._call(line.removeprefix("/call").strip())
            case ["/accept"]:
                self._show_turns(self.play.settle(self.now, accepted=True))
            case ["/refuse", *code]:
                number = int(code[0]) if code and code[0].isdecimal() else None
                self._show_turns(self.play.settle(self.now, accepted=False, code=number))
            case ["/release"]:
                self._show_turns(self.play.release(self.now, to="continue"))
            case ["/wait", *words] if time := parse_span(" ".join(words), longest=LONGEST_WAIT):
                self._wait(time)
            case [word, *_] if word.startswith("/"):
                self.console.print(HELP, style="dim")
            case _:
                self._hear(self._message(line))

    def _hear(self, message: Message) -> None:
        turns = [*self.play.due(self.now), *self.play.hear(message, self.now)]
        if not turns:
            self._aside("a person has the conversation; /restart begins anew")
        self._show_turns(turns)

    def _wait(self, span: timedelta) -> None:
        self.ahead += span
        fired = self.play.due(self.now)
        if not fired:
            self._aside("nothing was waiting for that")
        self._show_turns(fired)

    def _message(self, line: str) -> Message:
        self.count += 1
        id = f"talk:{self.count}"
        if not (tapped := self.shown.get(line)):
            return Message(id=id, type="text", text=line, value=line, at=self.now)
        tap = parse_wire_id(tapped.id)
        return Message(id=id, type="button_reply", text=tapped.title, tap=tap, at=self.now)

    def _call(self, said: str) -> None:
        """Lets the call under way end as the person says."""
        if self.play.call is None:
            return self._aside("no call is under way")
        match said.split():
            case ["error", *word]:
                result = CallResult(ok=False, error=word[0] if word else "not_reached")
            case _:
                try:
                    value = msgspec.json.decode(said) if said else None
                except msgspec.DecodeError as mistake:
                    return self._aside(f"that is not JSON: {mistake}")
                result = CallResult(ok=True, value=value, status=_status(self.play.call.request))
        return self._show_turns(self.play.answer(self.now, result))

    def _show_turns(self, turns: list[Turn]) -> None:
        self._show_each(turns)
        while (call := self.play.call) and (result := self.perform(call)):
            self._show_each(self.play.answer(self.now, result))
        if turns and self.play.call:
            self._aside("waiting for the call: say /call and its result, or /call error timeout")

    def _show_each(self, turns: list[Turn]) -> None:
        for turn in turns:
            for effect in turn.effects:
                self._show(effect)
            if self.show_trace:
                self._print_trace(turn)

    def _show(self, effect: Effect) -> None:
        match effect:
            case Send(content=content):
                self._show_content(content)
            case EndSession(status=status, outcome=outcome):
                self._aside(f"{status} ({outcome})" if outcome else status)
            case Handoff():
                self._aside("a person takes over")
            case TakeBack():
                self._aside("the bot has the conversation again")
            case Consent(granted=granted):
                self._aside(f"the contact {'takes' if granted else 'refuses'} our messages")
            case UpdateContact(add_tags=added, remove_tags=removed, fields=fields):
                self._aside(f"contact: {[*added]} {[*removed]} {fields}")
            case Call(request=request):
                self._aside(f"a call goes out: {summary(request)}")
            case Track(event=event, value=value):
                self._aside(f"counted: {event}" + (f" = {value}" if value is not None else ""))
            case Notify(text=text):
                self._aside(f"the team is told: {text}")
            case Alert(kind=kind, detail=detail):
                self._aside(f"alert: {kind} {detail}")

    def _show_content(self, content: Content) -> None:
        mark = "[green]●[/green]"
        for line in lines_of(content):
            self.console.print(f"{mark} {line}")
            mark = " "
        match content:
            case Buttons() | ListMenu() | Template():
                self.shown = {str(n): row for n, row in enumerate(rows_of(content), start=1)}

    def _aside(self, text: str) -> None:
        self.console.print(f"— {escape(text)} —", style="dim")

    def _print_state(self) -> None:
        state = self.play.state
        if state is None:
            return self._aside("no session")
        table = Table(show_header=False, box=None)
        facts = {"status": state.status.value, "node": state.node, **state.variables}
        for name, value in facts.items():
            table.add_row(escape(name), escape(str(value)))
        return self.console.print(table)

    def _print_trace(self, turn: Turn) -> None:
        for note in turn.trace.notes:
            self.console.print(f"  · {escape(note)}", style="dim")
        for visit in turn.trace.visits:
            line = f"  · {visit.node} ({visit.type})" + (f" → {visit.port}" if visit.port else "")
            parts = [str(facts) for facts in visit.facts] + [f"! {w}" for w in visit.warnings]
            parts += [f"{name} = {value!r}" for name, value in visit.set.items()]
            self.console.print(escape("  ".join([line, *parts])), style="dim")


def _status(request: Request) -> int | None:
    """Gives the status of an answer that the person tells: only HTTP has one, a query's rows are counted."""
    match request:
        case Http():
            return 200
    return None
