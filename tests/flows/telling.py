"""Tells a story: plays its steps with the real engine and writes down what the bot says after each.

A story file holds `story` (what it shows, in a sentence), `flows` (by name: the versions of a flow document, the first
name is the chatbot's; a flow without versions was never published), `settings` (the chatbot's), `contact`, `steps`
and where it stands `at_the_end`. A step is one of

    {"customer": "oi"}                       the customer writes; `before_the_question_arrives`: did not see it yet
    {"customer_at_once": ["oi", {"sends": "sticker"}]}  several messages, faster than the bot
    {"customer_pastes": 60000}               a text of that many characters
    {"customer_taps": "Sim", "under": "Tudo certo?"}    the newest option of that title, or the one under a message
    {"customer_sends": "photo", "caption": "..."}       or voice note, sticker, location, reaction, document
    {"wait": "3 days"}                       time passes; `and_at_that_moment`: the customer writes right then
    {"person": "takes over"}                 or gives back, gives back from the start, gives back at NODE, closes
    {"publish": "main 2", "moves": {...}}    a new version; with `moves` the running session goes over to it
    {"whatsapp": "refuses", "code": 131047}  the message the session depends on; or accepts
    {"number": "is switched off"}, {"server": "restarts"}, {"session": "is forgotten"}

Each gets `bot` (what the bot says, other happenings in round brackets) and `because` (the engine's notes).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from recado.cli.record import ending, with_outcome
from recado.engine.advance import Turn
from recado.engine.compile import Program, compile
from recado.engine.content import Buttons, ListMenu
from recado.engine.effects import Send
from recado.engine.events import Message, Tap, World
from recado.engine.flow import FlowDocument
from recado.engine.library import Library
from recado.engine.options import parse_wire_id, rows_of
from recado.engine.play import Play
from recado.engine.settings import Settings
from recado.engine.transcript import shown
from recado.nodes import NODE_TYPES
from tests.engine.invariants import check_state, stored

Raw = dict[str, Any]
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
KINDS: dict[str, tuple[str, Raw]] = {
    "photo": ("image", {"mime_type": "image/jpeg"}),
    "voice note": ("audio", {"mime_type": "audio/ogg"}),
    "document": ("document", {"mime_type": "application/pdf"}),
    "sticker": ("sticker", {"mime_type": "image/webp"}),
    "location": ("location", {"latitude": -23.55, "longitude": -46.63}),
    "reaction": ("reaction", {"emoji": "👍"}),
}


def tell(story: Raw) -> Raw:
    """Plays a story; gives it with what the bot really said."""
    telling = Telling(story)
    steps = [telling.step(step) for step in story["steps"]]
    return {**story, "steps": steps, "at_the_end": ending(telling.play, telling.now)}


class Telling:
    """A story as it is played; `now` is its clock."""

    def __init__(self, story: Raw) -> None:
        self.ids = {name: str(uuid5(NAMESPACE_URL, name)) for name in story["flows"]}
        self.programs = {
            f"{name} {number}": program(self._with_ids(document))
            for name, versions in story["flows"].items()
            for number, document in enumerate(versions, start=1)
        }
        main = next(iter(story["flows"]))
        first = {id: f"{name} 1" for name, id in self.ids.items() if f"{name} 1" in self.programs}
        settings = msgspec.convert(self._with_ids(story.get("settings", {})), Settings)
        contact = {"id": "ana", "name": "Ana", **story.get("contact", {})}
        self.play = Play(
            self.programs[f"{main} 1"],
            world=World(contact=contact, settings=settings, published=first),
            library=Library({version: self.programs[version] for version in first.values()}),
            flow=self.ids[main],
            version=f"{main} 1",
        )
        self.now = MONDAY
        self.count = 0

    def step(self, step: Raw) -> Raw:
        """Does a step; gives it with what came of it."""
        asked = {key: value for key, value in step.items() if key not in ("bot", "because")}
        return with_outcome(asked, self._do(step))

    def _do(self, step: Raw) -> list[Turn]:
        match step:
            case {"wait": str(span)}:
                return self._wait(span, step.get("and_at_that_moment"))
            case {"person": str(does)}:
                return self._person(does)
            case {"publish": str(version)}:
                return self._publish(version, step.get("moves"))
            case {"whatsapp": "accepts" | "refuses" as word}:
                code, accepted = step.get("code"), word == "accepts"
                return self._kept(self.play.settle(self.now, accepted=accepted, code=code))
            case {"number": "is switched off"}:
                return self._kept(self.play.stop("number_inactive", self.now))
            case {"server": "restarts"}:
                return self._kept([])
            case {"session": "is forgotten"}:
                self.play.forget()
                return []
        return self._customer(step)

    def _customer(self, step: Raw) -> list[Turn]:
        match step:
            case {"customer": str(text)}:
                return self._hear(self._text(text), late="before_the_question_arrives" in step)
            case {"customer_at_once": [*texts]}:
                return self._at_once([self._either(item) for item in texts])
            case {"customer_pastes": int(length)}:
                return self._hear(self._text("x" * length))
            case {"customer_taps": str(title)}:
                return self._hear(self._tap(title, step.get("under")))
            case {"customer_sends": [*kinds]}:
                return self._at_once([self._thing(kind, "") for kind in kinds])
            case {"customer_sends": str(kind)}:
                return self._hear(self._thing(kind, step.get("caption", "")))
        raise AssertionError(f"no such step: {step}")

    def _hear(self, message: Message, *, late: bool = False, more: bool = False) -> list[Turn]:
        return self._kept(self.play.hear(message, self.now, late=late, more=more))

    def _at_once(self, messages: list[Message]) -> list[Turn]:
        """Messages that are taken up together: a question that is asked meanwhile was not seen by any of them."""
        seen = self._token()
        turns: list[Turn] = []
        for number, message in enumerate(messages, start=1):
            late, more = self._token() != seen, number < len(messages)
            turns += self._hear(message, late=late, more=more)
        return [*turns, *self._kept(self.play.due(self.now))]

    def _wait(self, span: str, words: str | None) -> list[Turn]:
        self.now += seconds(span)
        if words is None:
            return self._kept(self.play.due(self.now))
        return [*self._hear(self._text(words)), *self._kept(self.play.due(self.now))]

    def _person(self, does: str) -> list[Turn]:
        match does.split(" at "):
            case ["takes over"]:
                self.play.take_over()
            case ["closes"]:
                self.play.close()
            case ["gives back"]:
                return self._kept(self.play.release(self.now, to="continue"))
            case ["gives back from the start"]:
                return self._kept(self.play.release(self.now, to="restart"))
            case ["gives back", node]:
                return self._kept(self.play.release(self.now, to="node", node=node))
            case _:
                raise AssertionError(f"people do not do that: {does}")
        return []

    def _publish(self, version: str, moves: dict[str, str | None] | None) -> list[Turn]:
        flow = self.ids[version.rpartition(" ")[0]]
        self.play.publish(flow, version, self.programs[version])
        if moves is None:
            return []
        return self._kept(self.play.migrate(self.now, flow=flow, version=version, moves=moves))

    def _kept(self, turns: list[Turn]) -> list[Turn]:
        """Checks the session, and puts it through the database's hands, as every turn of the worker does."""
        if state := self.play.state:
            check_state(self.play.library.programs[state.version or ""], state)
            self.play.state = stored(state)
            assert self.play.state == state
        return turns

    def _token(self) -> str | None:
        state = self.play.state
        return state.wait.token if state and state.wait else None

    def _text(self, text: str) -> Message:
        return Message(id=self._id(), type="text", text=text, value=text, at=self.now)

    def _either(self, item: str | Raw) -> Message:
        return self._text(item) if isinstance(item, str) else self._thing(item["sends"], "")

    def _thing(self, kind: str, caption: str) -> Message:
        type, value = KINDS[kind]
        if "mime_type" in value:
            value = {"type": type, "media_id": f"{kind} {self.count + 1}", **value}
        return Message(id=self._id(), type=type, text=caption, value=value, at=self.now)

    def _tap(self, title: str, under: str | None) -> Message:
        for turn in reversed(self.play.turns):
            for effect in reversed(turn.effects):
                match effect:
                    case Send(content=Buttons() | ListMenu() as menu) if (under or "") in shown(
                        menu
                    ):
                        tap = _row(menu, title)
                        if tap:
                            return Message(
                                id=self._id(), type="button_reply", text=title, tap=tap, at=self.now
                            )
        raise AssertionError(f"nothing to tap: {title}")

    def _id(self) -> str:
        self.count += 1
        return f"m{self.count}"

    def _with_ids(self, value: Any) -> Any:
        """Puts ids in place of the names of flows."""
        match value:
            case dict():
                return {
                    key: self.ids.get(item, item)
                    if key in ("to_flow", "flow") and isinstance(item, str)
                    else self._with_ids(item)
                    for key, item in value.items()
                }
            case list():
                return [self._with_ids(item) for item in value]
        return value


def _row(menu: Buttons | ListMenu, title: str) -> Tap | None:
    return next((parse_wire_id(row.id) for row in rows_of(menu) if row.title == title), None)


def program(document: Raw) -> Program:
    """Compiles a document that must be sound."""
    compiled = compile(FlowDocument.model_validate(document), NODE_TYPES)
    assert compiled.program is not None, [problem.say("en") for problem in compiled.problems]
    return compiled.program


def seconds(span: str) -> timedelta:
    """Reads `90 seconds`, `3 days`."""
    found = re.fullmatch(r"(\d+) (second|minute|hour|day)s?", span)
    assert found, f"not a span of time: {span}"
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])
