"""Tells a story: plays its steps with the real engine and says what the bot says after each.

A story (`story.py`) is what people write, read and keep as a test. A step is one of

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

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

import msgspec
from msgspec import structs

from recado.engine.advance import Turn
from recado.engine.effects import Send
from recado.engine.events import CallResult, Message, World
from recado.engine.library import Library
from recado.engine.options import parse_wire_id, rows_of
from recado.engine.play import Play
from recado.engine.story import Story
from recado.engine.story_flows import Flows, with_ids
from recado.engine.story_outcomes import extend, with_outcome
from recado.engine.story_reading import StoryMistake
from recado.engine.story_steps import (
    CallReturns,
    Forgets,
    Kind,
    NumberStops,
    Pastes,
    Person,
    Publishes,
    Sends,
    ServerRestarts,
    Step,
    Taps,
    Thing,
    Waits,
    WhatsApp,
    Writes,
    WritesAtOnce,
    asked,
)
from recado.engine.transcript import shown

Raw = dict[str, Any]
Observer = Callable[[Play], None]
WORLD = World()
KINDS: Mapping[Kind, tuple[str, Raw]] = {
    "photo": ("image", {"mime_type": "image/jpeg"}),
    "voice note": ("audio", {"mime_type": "audio/ogg"}),
    "document": ("document", {"mime_type": "application/pdf"}),
    "sticker": ("sticker", {"mime_type": "image/webp"}),
    "location": ("location", {"latitude": -23.55, "longitude": -46.63}),
    "reaction": ("reaction", {"emoji": "👍"}),
}


class Telling:
    """A story as it is played; `now` is its clock, `steps` what came of the steps so far.

    `world` is what stands around a story where it says nothing, `observe` is shown the play after all that happens.
    """

    def __init__(
        self,
        story: Story,
        flows: Flows,
        *,
        world: World = WORLD,
        observe: Observer | None = None,
    ) -> None:
        if strange := next((node for node in story.pinned if not flows.has_node(node)), None):
            raise StoryMistake(f"pinned.{strange}", "no flow has this node")
        published = flows.published
        self.flows = flows
        self.play = Play(
            flows.programs[flows.begins],
            world=_world(story, flows, world),
            library=Library({version: flows.programs[version] for version in published.values()}),
            flow=flows.ids[flows.main],
            version=flows.begins,
        )
        self.now = story.scene.now.astimezone(UTC)
        self.count = 0
        self.steps: list[Raw] = []
        self._observe = observe
        self._pinned = {node: [*pins] for node, pins in story.pinned.items()}

    def step(self, step: Step) -> Raw:
        """Does a step; gives it with what came of it. Raises `StoryMistake` where it makes no sense by now."""
        try:
            turns = [*self._do(step), *self._pins()]
        except StoryMistake as mistake:
            raise mistake.within(f"steps.{len(self.steps)}") from mistake
        told = with_outcome(asked(step), turns)
        self.steps.append(told)
        return told

    def answer(self, result: CallResult) -> None:
        """The call under way comes back, and what follows belongs to the step that was told last."""
        extend(self.steps[-1], [*self._answer(result), *self._pins()])

    # What happens.

    def _do(self, step: Step) -> list[Turn]:
        match step:
            case Waits():
                return self._wait(step)
            case Person():
                return self._person(step)
            case Publishes():
                return self._publish(step)
            case CallReturns(call=pin):
                if (call := self.play.call) is None:
                    raise StoryMistake("", "no call is under way")
                return self._answer(pin.result(call.request))
            case WhatsApp(whatsapp=word, code=code):
                return self._kept(self.play.settle(self.now, accepted=word == "accepts", code=code))
            case NumberStops():
                return self._kept(self.play.stop("number_inactive", self.now))
            case ServerRestarts():
                return self._kept([])
            case Forgets():
                self.play.forget()
                return []
        return self._customer(step)

    def _customer(self, step: Writes | WritesAtOnce | Pastes | Taps | Sends) -> list[Turn]:
        match step:
            case Writes(customer=text, before_the_question_arrives=late):
                return self._hear(self._text(text), late=late)
            case WritesAtOnce(customer_at_once=items):
                return self._at_once([self._either(item) for item in items])
            case Pastes(customer_pastes=length):
                return self._hear(self._text("x" * length))
            case Taps(customer_taps=title, under=under):
                return self._hear(self._tap(title, under or ""))
            case Sends(customer_sends=sent, caption=caption):
                if isinstance(sent, list):
                    return self._at_once([self._thing(kind, "") for kind in sent])
                return self._hear(self._thing(sent, caption))

    def _kept(self, turns: list[Turn]) -> list[Turn]:
        if self._observe:
            self._observe(self.play)
        return turns

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

    def _wait(self, step: Waits) -> list[Turn]:
        self.now += step.span
        if (words := step.and_at_that_moment) is None:
            return self._kept(self.play.due(self.now))
        return [*self._hear(self._text(words)), *self._kept(self.play.due(self.now))]

    def _person(self, step: Person) -> list[Turn]:
        if step.node is not None and not self.flows.has_node(step.node):
            raise StoryMistake("person", f"no flow has the node {step.node}")
        match step.person:
            case "takes over":
                self.play.take_over()
                return []
            case "closes":
                self.play.close()
                return []
            case "gives back":
                return self._kept(self.play.release(self.now, to="continue"))
            case "gives back from the start":
                return self._kept(self.play.release(self.now, to="restart"))
        return self._kept(self.play.release(self.now, to="node", node=step.node))

    def _publish(self, step: Publishes) -> list[Turn]:
        version, moves = step.publish, step.moves
        flow = self.flows.ids.get(version.rpartition(" ")[0])
        program = self.flows.programs.get(version)
        if flow is None or program is None:
            raise StoryMistake("publish", f"there is no version {version}")
        for node, target in (moves or {}).items():
            if target is not None and target not in program.nodes:
                raise StoryMistake(f"moves.{node}", f"{version} has no node {target}")
        self.play.publish(flow, version, program)
        if moves is None:
            return []
        return self._kept(self.play.migrate(self.now, flow=flow, version=version, moves=moves))

    # Calls.

    def _answer(self, result: CallResult) -> list[Turn]:
        return self._kept(self.play.answer(self.now, result))

    def _pins(self) -> list[Turn]:
        """Lets calls end as they are pinned: a node's results one after the other, the last one for ever."""
        turns: list[Turn] = []
        while (call := self.play.call) and (pins := self._pinned.get(call.node or "")):
            pin = pins.pop(0) if len(pins) > 1 else pins[0]
            turns += self._answer(pin.result(call.request))
        return turns

    # The customer's messages.

    def _token(self) -> str | None:
        state = self.play.state
        return state.wait.token if state and state.wait else None

    def _text(self, text: str) -> Message:
        return Message(id=self._id(), type="text", text=text, value=text, at=self.now)

    def _either(self, item: str | Thing) -> Message:
        return self._text(item) if isinstance(item, str) else self._thing(item.sends, "")

    def _thing(self, kind: Kind, caption: str) -> Message:
        type, value = KINDS[kind]
        if "mime_type" in value:
            value = {"type": type, "media_id": f"{kind} {self.count + 1}", **value}
        return Message(id=self._id(), type=type, text=caption, value=value, at=self.now)

    def _tap(self, title: str, under: str) -> Message:
        sends = (e for turn in reversed(self.play.turns) for e in reversed(turn.effects))
        for effect in sends:
            match effect:
                case Send(content=menu) if under in shown(menu):
                    row = next((row for row in rows_of(menu) if row.title == title), None)
                    if row:
                        tap, id = parse_wire_id(row.id), self._id()
                        return Message(id=id, type="button_reply", text=title, tap=tap, at=self.now)
        raise StoryMistake("", f"nothing to tap: {title}")

    def _id(self) -> str:
        self.count += 1
        return f"m{self.count}"


def _world(story: Story, flows: Flows, around: World) -> World:
    """Puts together what flows can read: what the story says, and around it what it says nothing about."""
    scene = story.scene
    number: Raw = msgspec.to_builtins(scene.number)
    if "phone" in number:
        number["phone_number"] = number["phone"]
    return structs.replace(
        around,
        contact=msgspec.to_builtins(scene.contact),
        number={**around.number, **number},
        chatbot={**around.chatbot, **scene.chatbot},
        settings=with_ids(scene.settings, flows.ids).over(around.settings),
        published=flows.published,
        calendars={**around.calendars, **story.calendars},
        timezone=scene.timezone or around.timezone,
        locale=scene.locale or around.locale,
    )
