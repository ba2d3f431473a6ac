"""What a node sees of the running turn: the implementation of `node.Visit`."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from recado.engine import template
from recado.engine.content import Content
from recado.engine.effects import Effect, Send
from recado.engine.events import Json
from recado.engine.flow import MAX_VALUE_BYTES, MAX_VARIABLES_BYTES
from recado.engine.node import Occasion, Visit
from recado.engine.trace import VisitTrace

if TYPE_CHECKING:
    from recado.engine.run import Run


class RunningVisit(Visit):
    """A visit backed by the turn's working copy."""

    def __init__(
        self, run: "Run", id: str, occasion: Occasion, record: VisitTrace, *, first: bool
    ) -> None:
        self.id = id
        self.now = run.now
        self.occasion = occasion
        self.world = run.event.world
        self.memory = run.memory
        self._run = run
        self._record = record
        self._first = first
        self._scope: dict[str, Json] | None = None

    def text(self, source: str) -> str:
        """Fills a template text; what is missing becomes empty and is traced."""
        if "{{" not in source:
            return source
        rendered = template.render(source, self.scope(), locale=self.world.locale)
        self._record.warnings += [f"missing:{name}" for name in rendered.missing]
        if rendered.truncated:
            self._record.warnings.append("text_truncated")
        return rendered.text

    def value(self, path: str) -> Json:
        """Looks up a path in the scope."""
        return template.lookup(path, self.scope())

    def set(self, name: str, value: Json) -> None:
        """Sets or unsets a session variable and writes the change into the trace."""
        if value is not None and not self._fits(name, value):
            self._record.warnings.append(f"value_too_large:{name}")
            return
        if value is None:
            self._run.variables.pop(name, None)
        else:
            self._run.variables[name] = value
        self._record.set[name] = value
        self._scope = None

    def send(self, content: Content, *, asks: bool = False, quote_trigger: bool = False) -> None:
        """Queues a message; the first one of an asking starts the clock of lateness."""
        quoted = self._run.before.trigger.message_id if quote_trigger else None
        asks = asks and self._first
        self._first = self._first and not asks
        node = self._record.node
        self._run.effects.append(
            Send(content, node=node, visit=self.id, asks=asks, reply_to=quoted)
        )
        self._run.messages_since_inbound += 1
        self._record.sends += 1

    def effect(self, effect: Effect) -> None:
        """Asks for any other effect."""
        self._run.effects.append(effect)

    def note(self, **facts: Json) -> None:
        """Adds facts to the trace."""
        self._record.facts.append(facts)

    def scope(self) -> dict[str, Json]:
        """Gives everything a text can read: the session's variables by bare name, and our own names."""
        if self._scope is None:
            self._scope = {**self._run.variables, **self._own_names()}
        return self._scope

    def _own_names(self) -> dict[str, Json]:
        run, world = self._run, self.world
        local = run.now.astimezone(ZoneInfo(world.timezone))
        message = run.message
        late = [kept.text for kept in run.late]
        return {
            "contact": world.contact,
            "conversation": world.conversation,
            "number": world.number,
            "chatbot": world.chatbot,
            "trigger": msgspec.to_builtins(run.before.trigger),
            "message": {
                "text": message.text if message else "",
                "type": message.type if message else "",
                "id": message.id if message else "",
                "media": message.value if message and isinstance(message.value, dict) else None,
            },
            "late": {"text": "\n".join(late), "items": late},
            "now": local.isoformat(timespec="seconds"),
            "today": local.date().isoformat(),
        }

    def _fits(self, name: str, value: Json) -> bool:
        if len(msgspec.json.encode(value)) > MAX_VALUE_BYTES:
            return False
        return len(msgspec.json.encode({**self._run.variables, name: value})) <= MAX_VARIABLES_BYTES
