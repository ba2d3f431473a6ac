"""The steps of a story: each does one thing, and may say what must come of it (`bot`, `because`).

The field that a class begins with is the step's verb; `stories.py` does what it says.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from recado.engine.events import Json
from recado.engine.spans import LONGEST, parse_span
from recado.engine.story_pins import Pin
from recado.engine.story_reading import StoryMistake, read

# More than the engine keeps pending, so that a story can show that.
MOST_AT_ONCE = 100
MOST_CHARACTERS = 100_000
OUTCOME = ("bot", "because")
DOES = re.compile(r"takes over|closes|gives back( from the start| at (?P<node>.+))?")

Text = Annotated[str, Meta(max_length=MOST_CHARACTERS)]
Kind = Literal["photo", "voice note", "document", "sticker", "location", "reaction"]


class Told(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What every step may say: what the bot answers, and why. Unset, it is not held against anything."""

    bot: list[str] | UnsetType = UNSET
    because: str | UnsetType = UNSET


class Writes(Told, frozen=True):
    """The customer writes; perhaps before the question that is being asked can be seen."""

    customer: Text
    before_the_question_arrives: bool = False


class Thing(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is sent among texts."""

    sends: Kind


class WritesAtOnce(Told, frozen=True):
    """Several messages, faster than the bot."""

    customer_at_once: Annotated[list[Text | Thing], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class Pastes(Told, frozen=True):
    """A text of so many characters."""

    customer_pastes: Annotated[int, Meta(ge=1, le=MOST_CHARACTERS)]


class Taps(Told, frozen=True):
    """The newest option of a title, or the one under a message that holds some words."""

    customer_taps: str
    under: str | None = None


class Sends(Told, frozen=True):
    """Something that is no text; several of them come as an album does."""

    customer_sends: Kind | Annotated[list[Kind], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    caption: Text = ""

    def __post_init__(self) -> None:
        """Refuses a caption that would belong to none of several."""
        if self.caption and not isinstance(self.customer_sends, str):
            raise ValueError("only one thing has a caption")


class Waits(Told, frozen=True):
    """Time passes; the customer may write at the very moment it is over."""

    wait: str
    and_at_that_moment: Text | None = None

    def __post_init__(self) -> None:
        """Refuses what is no span of time."""
        if parse_span(self.wait) is None:
            most = f"at most {LONGEST.days} days, such as 3 days or 2h"
            raise ValueError(f"not a span of time: {self.wait} ({most})")

    @property
    def span(self) -> timedelta:
        """Gives how long."""
        return parse_span(self.wait) or timedelta()


class Person(Told, frozen=True):
    """Somebody of the team takes the conversation, closes it or gives it back."""

    person: str

    def __post_init__(self) -> None:
        """Refuses what people do not do."""
        if not DOES.fullmatch(self.person):
            raise ValueError(f"people do not do that: {self.person}")

    @property
    def node(self) -> str | None:
        """Gives the node that the conversation is given back at, if it says one."""
        found = DOES.fullmatch(self.person)
        return found["node"] if found else None


class Publishes(Told, frozen=True):
    """A version becomes the one that new sessions run; with `moves` the running one goes over to it."""

    publish: str
    moves: dict[str, str | None] | None = None


class CallReturns(Told, frozen=True):
    """The call under way comes back."""

    call: Pin


class WhatsApp(Told, frozen=True):
    """Meta's word on the message that the session depends on."""

    whatsapp: Literal["accepts", "refuses"]
    code: int | None = None

    def __post_init__(self) -> None:
        """Refuses a code without a refusal."""
        if self.whatsapp == "accepts" and self.code is not None:
            raise ValueError("only a refusal has a code")


class NumberStops(Told, frozen=True):
    """The number is deactivated."""

    number: Literal["is switched off"]


class ServerRestarts(Told, frozen=True):
    """Everything that is not stored is gone."""

    server: Literal["restarts"]


class Forgets(Told, frozen=True):
    """The session is dropped; the next message starts anew."""

    session: Literal["is forgotten"]


Step = (
    Writes | WritesAtOnce | Pastes | Taps | Sends | Waits | Person | Publishes | CallReturns
    | WhatsApp | NumberStops | ServerRestarts | Forgets
)  # fmt: skip
STEPS: Mapping[str, type[Step]] = {
    next(name for name in kind.__struct_fields__ if name not in OUTCOME): kind
    for kind in get_args(Step)
}


def read_step(raw: Json) -> Step:
    """Reads a step, which has exactly one verb; raises `StoryMistake`."""
    if not isinstance(raw, dict):
        raise StoryMistake("", "a step is an object")
    match [key for key in raw if key in STEPS]:
        case [verb]:
            return read(raw, STEPS[verb])
        case []:
            words = ", ".join(key for key in raw if key not in OUTCOME)
            raise StoryMistake("", f"no such step: {words or 'empty'}")
        case verbs:
            raise StoryMistake("", f"a step does one thing, not {' and '.join(verbs)}")


def asked(step: Step) -> dict[str, Json]:
    """Gives a step as JSON, without what must come of it."""
    written = msgspec.to_builtins(step)
    return {key: value for key, value in written.items() if key not in OUTCOME}
