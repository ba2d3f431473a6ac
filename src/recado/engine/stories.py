"""Tells a story: plays its steps with the real engine and says what the bot says after each.

A story is what people write, read and keep as a test. It holds `story` (what it shows, in a sentence), `flows` (by name:
the versions of a flow document, the first name is the chatbot's; a flow without versions was never published),
`settings` (the chatbot's), `contact`, `pinned` (by node: how its calls end), `steps`, and where it stands
`at_the_end`. A step is one of

    {"customer": "oi"}                       the customer writes; `before_the_question_arrives`: did not see it yet
    {"customer_at_once": ["oi", {"sends": "sticker"}]}  several messages, faster than the bot
    {"customer_pastes": 60000}               a text of that many characters
    {"customer_taps": "Sim", "under": "Tudo certo?"}    the newest option of that title, or the one under a message
    {"customer_sends": "photo", "caption": "..."}       or voice note, sticker, location, reaction, document
    {"wait": "3 days"}                       time passes; `and_at_that_moment`: the customer writes right then
    {"person": "takes over"}                 or gives back, gives back from the start, gives back at NODE, closes
    {"publish": "main 2", "moves": {...}}    a new version; with `moves` the running session goes over to it
    {"call": {"value": {...}}}               the call under way comes back; {"error": "timeout"}: it did not work
    {"whatsapp": "refuses", "code": 131047}  the message the session depends on; or accepts
    {"number": "is switched off"}, {"server": "restarts"}, {"session": "is forgotten"}

Each gets `bot` (what the bot says, other happenings in round brackets) and `because` (the engine's notes).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from pydantic import ValidationError

from recado.engine.advance import Turn
from recado.engine.compile import Program, compile
from recado.engine.effects import Send
from recado.engine.events import CallResult, Json, Message, World
from recado.engine.flow import FlowDocument
from recado.engine.library import Library
from recado.engine.node import NodeTypes
from recado.engine.options import parse_wire_id, rows_of
from recado.engine.play import Play
from recado.engine.settings import Settings
from recado.engine.spans import parse_span
from recado.engine.story_steps import StoryMistake, result_of, thing, with_outcome
from recado.engine.transcript import shown

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
Raw = dict[str, Any]


class Telling:
    """A story as it is played; `now` is its clock, `steps` what came of the steps so far."""

    def __init__(self, story: Mapping[str, Json], node_types: NodeTypes) -> None:
        flows: dict[str, list[Raw]] = story.get("flows") or {}
        if not isinstance(flows, dict) or not flows:
            raise StoryMistake("flows", "a story needs at least one flow")
        self.ids = {name: str(uuid5(NAMESPACE_URL, name)) for name in flows}
        self.programs = {
            f"{name} {number}": program(self._with_ids(document), node_types)
            for name, versions in flows.items()
            for number, document in enumerate(versions, start=1)
        }
        main = next(iter(flows))
        if f"{main} 1" not in self.programs:
            raise StoryMistake("flows", "the first flow has no version")
        first = {id: f"{name} 1" for name, id in self.ids.items() if f"{name} 1" in self.programs}
        self.play = Play(
            self.programs[f"{main} 1"],
            world=_world(story, first, self._with_ids(story.get("settings") or {})),
            library=Library({version: self.programs[version] for version in first.values()}),
            flow=self.ids[main],
            version=f"{main} 1",
        )
        self.pinned = _pinned(story)
        self.now = MONDAY
        self.count = 0
        self.steps: list[Raw] = []

    def step(self, step: Raw) -> Raw:
        """Does a step; gives it with what came of it. Raises `StoryMistake` where it cannot be understood."""
        if not isinstance(step, dict):
            raise StoryMistake(f"steps.{len(self.steps)}", "a step is an object")
        asked = {key: value for key, value in step.items() if key not in ("bot", "because")}
        try:
            turns = [*self._do(step), *self._pins()]
        except StoryMistake as mistake:
            raise StoryMistake(f"steps.{len(self.steps)}", mistake.reason) from mistake
        told = with_outcome(asked, turns)
        self.steps.append(told)
        return told

    def answer(self, result: CallResult) -> None:
        """The call under way comes back, and what follows belongs to the step that was told last."""
        turns = [*self.kept(self.play.answer(self.now, result)), *self._pins()]
        more = with_outcome({}, turns)
        last = self.steps[-1]
        last["bot"] = [*last["bot"], *more["bot"]]
        if because := ", ".join(filter(None, [last.get("because"), more.get("because")])):
            last["because"] = because

    def kept(self, turns: list[Turn]) -> list[Turn]:
        """Is shown every turn; tests hold the session against what must always be true."""
        return turns

    # What happens.

    def _do(self, step: Raw) -> list[Turn]:
        match step:
            case {"wait": str(span)}:
                return self._wait(span, step.get("and_at_that_moment"))
            case {"person": str(does)}:
                return self._person(does)
            case {"publish": str(version)}:
                return self._publish(version, step.get("moves"))
            case {"call": dict(result)}:
                return self._call(result)
            case {"whatsapp": "accepts" | "refuses" as word}:
                code, accepted = step.get("code"), word == "accepts"
                return self.kept(self.play.settle(self.now, accepted=accepted, code=code))
            case {"number": "is switched off"}:
                return self.kept(self.play.stop("number_inactive", self.now))
            case {"server": "restarts"}:
                return self.kept([])
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
                return self._hear(self._text("x" * min(length, 100_000)))
            case {"customer_taps": str(title)}:
                return self._hear(self._tap(title, step.get("under")))
            case {"customer_sends": [*kinds]}:
                return self._at_once([self._thing(kind, "") for kind in kinds])
            case {"customer_sends": str(kind)}:
                return self._hear(self._thing(kind, step.get("caption", "")))
        raise StoryMistake("", f"no such step: {', '.join(map(str, step)) or 'empty'}")

    def _hear(self, message: Message, *, late: bool = False, more: bool = False) -> list[Turn]:
        return self.kept(self.play.hear(message, self.now, late=late, more=more))

    def _at_once(self, messages: list[Message]) -> list[Turn]:
        """Messages that are taken up together: a question that is asked meanwhile was not seen by any of them."""
        seen = self._token()
        turns: list[Turn] = []
        for number, message in enumerate(messages, start=1):
            late, more = self._token() != seen, number < len(messages)
            turns += self._hear(message, late=late, more=more)
        return [*turns, *self.kept(self.play.due(self.now))]

    def _wait(self, span: str, words: str | None) -> list[Turn]:
        gone = parse_span(span)
        if gone is None:
            raise StoryMistake("", f"not a span of time: {span}")
        self.now += gone
        if words is None:
            return self.kept(self.play.due(self.now))
        return [*self._hear(self._text(words)), *self.kept(self.play.due(self.now))]

    def _person(self, does: str) -> list[Turn]:
        match does.split(" at "):
            case ["takes over"]:
                self.play.take_over()
            case ["closes"]:
                self.play.close()
            case ["gives back"]:
                return self.kept(self.play.release(self.now, to="continue"))
            case ["gives back from the start"]:
                return self.kept(self.play.release(self.now, to="restart"))
            case ["gives back", node]:
                return self.kept(self.play.release(self.now, to="node", node=node))
            case _:
                raise StoryMistake("", f"people do not do that: {does}")
        return []

    def _publish(self, version: str, moves: dict[str, str | None] | None) -> list[Turn]:
        flow = self.ids.get(version.rpartition(" ")[0])
        if flow is None or version not in self.programs:
            raise StoryMistake("", f"there is no version {version}")
        self.play.publish(flow, version, self.programs[version])
        if moves is None:
            return []
        return self.kept(self.play.migrate(self.now, flow=flow, version=version, moves=moves))

    # Calls.

    def _call(self, raw: Raw) -> list[Turn]:
        if self.play.call is None:
            raise StoryMistake("", "no call is under way")
        return self.kept(self.play.answer(self.now, result_of(raw)))

    def _pins(self) -> list[Turn]:
        """Lets calls end as they are pinned: a node's results one after the other, the last one for ever."""
        turns: list[Turn] = []
        while (call := self.play.call) and (results := self.pinned.get(call.node or "")):
            result = results.pop(0) if len(results) > 1 else results[0]
            turns += self.kept(self.play.answer(self.now, result))
        return turns

    # The customer's messages.

    def _token(self) -> str | None:
        state = self.play.state
        return state.wait.token if state and state.wait else None

    def _text(self, text: str) -> Message:
        return Message(id=self._id(), type="text", text=text, value=text, at=self.now)

    def _either(self, item: str | Raw) -> Message:
        return self._text(item) if isinstance(item, str) else self._thing(item["sends"], "")

    def _thing(self, kind: str, caption: str) -> Message:
        type, value = thing(kind, self.count + 1)
        return Message(id=self._id(), type=type, text=caption, value=value, at=self.now)

    def _tap(self, title: str, under: str | None) -> Message:
        sends = (e for turn in reversed(self.play.turns) for e in reversed(turn.effects))
        for effect in sends:
            match effect:
                case Send(content=menu) if (under or "") in shown(menu):
                    row = next((row for row in rows_of(menu) if row.title == title), None)
                    if row:
                        tap = parse_wire_id(row.id)
                        return Message(
                            id=self._id(), type="button_reply", text=title, tap=tap, at=self.now
                        )
        raise StoryMistake("", f"nothing to tap: {title}")

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


def program(document: Raw, node_types: NodeTypes) -> Program:
    """Compiles a document that must be sound."""
    try:
        compiled = compile(FlowDocument.model_validate(document), node_types)
    except ValidationError as error:
        raise StoryMistake("flows", error.errors()[0]["msg"]) from error
    if compiled.program is None:
        errors = [each for each in compiled.problems if each.severity == "error"]
        raise StoryMistake("flows", "; ".join(each.say("en") for each in errors))
    return compiled.program


def _world(story: Mapping[str, Json], published: dict[str, str], settings: Json) -> World:
    contact = {"id": "ana", "name": "Ana", **(story.get("contact") or {})}
    try:
        read = msgspec.convert(settings, Settings)
    except msgspec.ValidationError as error:
        raise StoryMistake("settings", str(error)) from error
    return World(contact=contact, settings=read, published=published)


def _pinned(story: Mapping[str, Json]) -> dict[str, list[CallResult]]:
    pinned = story.get("pinned") or {}
    if not isinstance(pinned, dict):
        raise StoryMistake("pinned", "must be an object: a result by node id")
    return {
        node: [result_of(each) for each in (raw if isinstance(raw, list) else [raw])]
        for node, raw in pinned.items()
    }
