"""What a node sees of the running turn: the implementation of `node.Visit`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from recado.engine.contacts import contact_after
from recado.engine.content import Content
from recado.engine.effects import Effect, Send
from recado.engine.events import Json
from recado.engine.expressions import Result, evaluate
from recado.engine.limits import may_send
from recado.engine.node import Visit
from recado.engine.requests import Sealed
from recado.engine.scope import Scope
from recado.engine.sealing import Style
from recado.engine.steps import Occasion
from recado.engine.template import lookup, render, render_sealed
from recado.engine.trace import VisitTrace

if TYPE_CHECKING:
    from recado.engine.run import Run


class RunningVisit(Visit):
    """A visit backed by the turn's working copy."""

    __slots__ = (
        *("id", "node", "now", "occasion", "world", "seed", "memory"),
        *("_run", "_record", "_clock_starts", "_scope"),
    )

    def __init__(
        self, run: "Run", id: str, occasion: Occasion, record: VisitTrace, *, first: bool
    ) -> None:
        self.id = id
        self.node = record.node
        self.now = run.now
        self.occasion = occasion
        self.world = run.event.world
        self.seed = run.event.seed
        self.memory = run.memory
        self._run = run
        self._record = record
        self._clock_starts = first
        self._scope: Mapping[str, Json] | None = None

    def text(self, template: str, *, limit: int | None = None) -> str:
        """Fills a template text; what is missing becomes empty, what is too long is cut, and both are traced."""
        text = self._fill(template) if "{{" in template else template
        if limit is not None and len(text) > limit:
            self._record.warnings.append("text_truncated")
            return text[:limit]
        return text

    def _fill(self, source: str) -> str:
        rendered = render(source, self.scope(), locale=self.world.locale)
        if rendered.missing:
            self._record.warnings += [f"missing:{name}" for name in rendered.missing]
        if rendered.truncated:
            self._record.warnings.append("text_truncated")
        return rendered.text

    def sealed(self, template: str, *, style: Style = "plain") -> Sealed:
        """Fills a text that may name secrets, which stay references."""
        sealed = render_sealed(template, self.scope(), style=style, locale=self.world.locale)
        self._record.warnings += [f"missing:{name}" for name in sealed.missing]
        # What may not go out holds back the call that it was filled for (`stepping.py`).
        self._run.refused = self._run.refused or sealed.refused
        return sealed.pieces

    def variables(self) -> Mapping[str, Json]:
        """Gives all session variables."""
        return self._run.variables.values

    def value(self, path: str) -> Json:
        """Looks up a path in the scope."""
        return lookup(path, self.scope())

    def evaluate(self, expression: str) -> Result:
        """Evaluates an expression with the scope, in the workspace's time zone and language."""
        world = self.world
        return evaluate(expression, self.scope(), timezone=world.timezone, locale=world.locale)

    def has_edge(self, port: str) -> bool:
        """Says whether a port leads anywhere."""
        return (self._record.node, port) in self._run.program.routes

    def set(self, name: str, value: Json) -> bool:
        """Sets or unsets a session variable and writes the change into the trace."""
        fits = value is None or self._run.variables.put(name, value)
        if not fits:
            self._record.warnings.append(f"value_too_large:{name}")
        if not fits or value is None:
            # What stood there before would pass for what did not fit.
            self._run.variables.drop(name)
            value = None
        self._record.set[name] = value
        return fits

    def send(self, content: Content, *, asks: bool = False, quote_trigger: bool = False) -> None:
        """Queues a message; the first one of a question's first asking starts the clock of lateness."""
        if not may_send(self._run):
            return
        quoted = self._run.before.trigger.message_id if quote_trigger else None
        starts, node = asks and self._clock_starts, self._record.node
        self._clock_starts = self._clock_starts and not asks
        self._run.effects.append(
            Send(content, node=node, visit=self.id, asks=starts, reply_to=quoted)
        )
        self._record.sends += 1

    def effect(self, effect: Effect) -> None:
        """Asks for any other effect; what it changes of the contact is read at once."""
        self._run.effects.append(effect)
        contact = contact_after(self.world.contact, effect)
        if contact != self.world.contact:
            self.world = msgspec.structs.replace(self.world, contact=contact)
            self._run.event = msgspec.structs.replace(self._run.event, world=self.world)
            self._scope = None

    def times_here(self) -> int:
        """Counts the turn's visits to this node, this one included."""
        here = (self._record.version, self._record.node)
        return sum((each.version, each.node) == here for each in self._run.trace.visits)

    def note(self, **facts: Json) -> None:
        """Adds facts to the trace."""
        self._record.facts.append(facts)

    def scope(self) -> Mapping[str, Json]:
        """Gives everything a text can read: our own names, and the session's variables by bare name."""
        if self._scope is None:
            self._scope = Scope(self._run, self.world)
        return self._scope
