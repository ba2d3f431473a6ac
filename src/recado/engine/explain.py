"""Tells in plain words what a turn did and why: which node, which rule, which values led to each message.

Pure: reads what the journal keeps of a turn and nothing else, so it says the same years later.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from recado.engine.content import words
from recado.engine.effects import Effect, EndSession, Handoff, Send
from recado.engine.events import Event, Json
from recado.engine.expression_mistakes import Failure
from recado.engine.happened import consequence, happened, pick, quoted
from recado.engine.problems import Language
from recado.engine.reasons import CALL_ERRORS, FAILURES, NOTES, WARNINGS
from recado.engine.trace import Trace, VisitTrace
from recado.engine.values import as_text
from recado.engine.wordings import (
    FACTS,
    IMPOSSIBLE,
    KINDS,
    NO_PIX,
    NOT_SENT,
    OPERATORS,
    PORTS,
    REFUSALS,
    RULES,
    SKIPPED,
)

# Facts whose value is a word of ours.
WORDS = {
    "refused": REFUSALS,
    "not_a": KINDS,
    "skipped": SKIPPED,
    "rule": RULES,
    "operator": OPERATORS,
    "not_sent": NOT_SENT,
    "no_pix": NO_PIX,
    "not_called": CALL_ERRORS,
}
# Notes that come with a sentence of the platform's own; so does every failure.
SPEAKING = frozenset(["command_stop", "command_start", "command_human", "command_end", "reminded"])
SHOWN = 60  # characters of a value


class Line(msgspec.Struct, frozen=True):
    """One sentence; `sends` are those of the turn's messages that it accounts for, by their place in it."""

    text: str
    sends: tuple[int, ...] = ()


# What people call a node: its label, by flow version and node id.
Names = Mapping[tuple[str | None, str], str]


def explain(
    event: Event,
    trace: Trace,
    effects: Sequence[Effect],
    *,
    language: Language = "pt-BR",
    names: Names | None = None,
) -> tuple[Line, ...]:
    """Tells a turn: what happened, what the event was taken for, each visit, and what came of it."""
    teller = _Teller(trace, effects, language, names or {})
    return (Line(happened(event, language)), *teller.lines())


class _Teller:
    """One turn being told; each message is accounted for once, in the order of sending."""

    def __init__(
        self, trace: Trace, effects: Sequence[Effect], language: Language, names: Names
    ) -> None:
        self._trace = trace
        self._effects = effects
        self._language: Language = language
        self._names = names
        self._sends = [effect for effect in effects if isinstance(effect, Send)]
        self._untold: dict[str | None, deque[int]] = defaultdict(deque)
        for index, send in enumerate(self._sends):
            self._untold[send.visit].append(index)

    def lines(self) -> Iterator[Line]:
        """Tells the event's notes, the visits, the failure if there was one, and the consequences."""
        failures = [note for note in self._trace.notes if note in FAILURES]
        yield from (self._note(note) for note in self._trace.notes if note not in FAILURES)
        for index, visit in enumerate(self._trace.visits):
            yield self._visit(visit, last=index == len(self._trace.visits) - 1)
        yield from (self._failure(reason) for reason in failures)
        yield from self._left_over()
        for effect in self._effects:
            if told := consequence(effect, self._language, told=failures):
                yield Line(told)

    def _say(self, table: Mapping[str, tuple[str, str]], key: str, **values: str) -> str:
        """Says a key's words; one that a newer version wrote is shown as it is."""
        return pick(table[key], self._language).format_map(values) if key in table else key

    def _note(self, note: str) -> Line:
        text = self._say(NOTES, note)
        return self._speaking(text) if note in SPEAKING else Line(text)

    def _failure(self, reason: str) -> Line:
        return self._speaking(self._say(FAILURES, reason))

    def _speaking(self, text: str) -> Line:
        """Adds the platform's own sentence that went out with a note."""
        own = self._untold[None]
        if not own:
            return Line(text)
        index = own.popleft()
        said = pick(("O bot disse", "The bot said"), self._language)
        return Line(f"{text} {said} {self._words(index)}.", (index,))

    def _left_over(self) -> Iterator[Line]:
        for index in sorted(index for left in self._untold.values() for index in left):
            said = pick(("O bot disse", "The bot said"), self._language)
            yield Line(f"{said} {self._words(index)}.", (index,))

    def _words(self, index: int) -> str:
        return quoted(words(self._sends[index].content))

    def _warning(self, warning: str) -> str:
        kind, _, name = warning.partition(":")
        return self._say(WARNINGS, kind, name=name)

    def _visit(self, visit: VisitTrace, *, last: bool) -> Line:
        untold = self._untold[visit.visit]
        sends = tuple(untold.popleft() for _ in range(min(visit.sends, len(untold))))
        clauses = [self._fact(fact) for fact in _true(visit.facts)]
        clauses += [self._kept(name, value) for name, value in visit.set.items()]
        if sends:
            verb = pick(("enviou", "sent"), self._language)
            joint = pick((" e ", " and "), self._language)
            clauses.append(f"{verb} {joint.join(self._words(index) for index in sends)}")
        clauses.append(self._way(visit, last=last))
        told = "; ".join(filter(None, clauses)) or pick(
            ("foi visitado", "was visited"), self._language
        )
        node = quoted(self._names.get((self._trace.version_of(visit), visit.node)) or visit.node)
        subject = pick(("O nó", "The node"), self._language)
        warnings = [self._warning(each) for each in dict.fromkeys(visit.warnings)]
        return Line(" ".join([f"{subject} {node} {told}.", *warnings]), sends)

    def _kept(self, name: str, value: Json) -> str:
        if value is None:
            return pick(("apagou {name}", "cleared {name}"), self._language).format(name=name)
        kept = pick(("guardou {name} = {value}", "kept {name} = {value}"), self._language)
        return kept.format(name=name, value=self._shown(value))

    def _way(self, visit: VisitTrace, *, last: bool) -> str:
        """Says by which port the visit was left, or what it did instead."""
        match visit.port:
            case None if visit.type == "end":
                return pick(("terminou", "ended"), self._language)
            case None if visit.type == "jump" and not last:
                return pick(("saltou", "jumped"), self._language)
            case None if last and not self._over():
                return pick(("ficou esperando", "waits"), self._language)
            case None:
                return ""
            case "next":
                return pick(("seguiu adiante", "went on"), self._language)
        by = pick(("seguiu por", "went on by"), self._language)
        return f"{by} {quoted(self._say(PORTS, visit.port))}"

    def _over(self) -> bool:
        return any(isinstance(effect, EndSession | Handoff) for effect in self._effects)

    def _fact(self, fact: Mapping[str, Json]) -> str:
        """Says what a node compared or judged."""
        words = FACTS.get(frozenset(fact))
        if words is None:
            return ", ".join(f"{name}: {self._shown(value)}" for name, value in fact.items())
        shown = {name: self._value(name, value) for name, value in fact.items()}
        if "operator" in fact and str(fact["operator"]).startswith("is_"):
            shown["right"] = ""
        return pick(words, self._language).format_map(shown)

    def _value(self, name: str, value: Json) -> str:
        """Writes a fact's value as its sentence needs it."""
        match name, value:
            case _, str() if name in WORDS:
                return self._say(WORDS[name], value)
            case "field", _:
                return f" ({value})" if value else ""
            case "impossible", str():
                kind, _, what = value.partition(": ")
                return f"{self._say(IMPOSSIBLE, kind)} ({_short(what)})"
            case "failed", str():
                kind, _, what = value.partition(": ")
                return Failure(kind, what).say(self._language)
            case "read", dict():
                known = (f"{path} = {self._shown(there)}" for path, there in value.items())
                return f" ({', '.join(known)})" if value else ""
            case "holds" | "agreed", _:
                return pick(("sim", "yes") if value else ("não", "no"), self._language)
            case "open", _:
                return pick(PORTS["open"] if value else PORTS["closed"], self._language)
            case "sticky", _:
                always = (
                    ", sempre o mesmo para este contato",
                    ", always the same for this contact",
                )
                return pick(always, self._language) if value else ""
            case "notified", _:
                return f" {quoted(value)}" if isinstance(value, str) else ""
            case "name", _:
                return f" ({_short(value)})" if isinstance(value, str) else ""
            case "left" | "right", _:
                return f" {self._shown(value)}" if name == "right" else self._shown(value)
        return _short(as_text(value))

    def _shown(self, value: Json) -> str:
        match value:
            case None | "":
                return pick(("vazio", "empty"), self._language)
            case str():
                return quoted(_short(value))
        return _short(as_text(value))


def _true(facts: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """Leaves out that a call was made where it was stopped on its way out."""
    stopped = any("not_called" in fact for fact in facts)
    return [fact for fact in facts if not (stopped and "host" in fact)]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
