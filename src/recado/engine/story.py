"""A story as it is read: what people write, keep and share as a test of a flow.

It holds `story` (what it shows, in a sentence), `steps` (see `story_steps.py`), where it stands `at_the_end`, and what
it happens among: `contact`, `number`, `chatbot` (its global variables), `settings` (the chatbot's), `calendars`,
`timezone`, `locale`, `now` (when it begins) and `pinned` (how calls end, by node). The flows come beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from recado.engine.calendar import Calendar
from recado.engine.dates import known_zone
from recado.engine.events import Json
from recado.engine.settings import Settings
from recado.engine.story_pins import Pin, read_pins
from recado.engine.story_reading import StoryMistake, read
from recado.engine.story_steps import Step, read_step

MOST_STEPS = 300
MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
Word = str | UnsetType


class Contact(Struct, frozen=True, forbid_unknown_fields=True):
    """The person who writes; what is not said is as it is with Ana."""

    id: Word = "ana"
    name: str | UnsetType | None = "Ana"
    phone: str | UnsetType | None = UNSET
    user_id: str | UnsetType | None = UNSET
    username: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    fields: dict[str, Json] | UnsetType = UNSET
    opted_out: bool | UnsetType = UNSET


class Number(Struct, frozen=True, forbid_unknown_fields=True):
    """The number of ours that the customer writes to."""

    id: Word = UNSET
    phone: Word = UNSET
    name: str | UnsetType | None = UNSET


class End(Struct, frozen=True, forbid_unknown_fields=True, rename={"mode": "with"}):
    """Where the story leaves the conversation; only what is said counts."""

    session: (
        Literal["none", "active", "handed_off", "completed", "expired", "failed", "stopped"]
        | UnsetType
    ) = UNSET
    variables: dict[str, Json] | UnsetType = UNSET
    sessions: int | UnsetType = UNSET
    mode: Literal["bot", "waiting", "human", "closed"] | UnsetType = UNSET
    wakes_after: str | UnsetType | None = UNSET


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of a story but its steps and the parts that are read one by one."""

    story: str = ""
    contact: Contact = Contact()
    number: Number = Number()
    chatbot: dict[str, Json] = {}
    settings: Settings = Settings()
    timezone: str | None = None
    locale: Literal["pt-BR", "en"] | None = None
    now: Annotated[datetime, Meta(tz=True)] = MONDAY
    at_the_end: End = End()


@dataclass(frozen=True, slots=True)
class Story:
    """A story that can be told."""

    scene: Scene
    steps: tuple[Step, ...]
    pinned: Mapping[str, tuple[Pin, ...]]
    calendars: Mapping[str, Json]

    @property
    def expected_end(self) -> dict[str, Json]:
        """Gives what the story says about its end, by the names it has there."""
        end: dict[str, Json] = msgspec.to_builtins(self.scene.at_the_end)
        return end


APART = ("steps", "pinned", "calendars")


def parse_story(raw: Json) -> Story:
    """Reads a story; raises `StoryMistake` that names the place."""
    if not isinstance(raw, dict):
        raise StoryMistake("", "a story is an object")
    scene = read({key: value for key, value in raw.items() if key not in APART}, Scene)
    _check_time(scene)
    pinned = _by_name(raw, "pinned")
    calendars = _by_name(raw, "calendars")
    for name, calendar in calendars.items():
        read(calendar, Calendar, f"calendars.{name}")
    return Story(
        scene,
        _steps(raw.get("steps")),
        {node: read_pins(pin, f"pinned.{node}") for node, pin in pinned.items()},
        calendars,
    )


def _check_time(scene: Scene) -> None:
    if scene.timezone is not None and not known_zone(scene.timezone):
        raise StoryMistake("timezone", f"there is no time zone {scene.timezone}")
    if not 2000 <= scene.now.year < 2100:
        raise StoryMistake("now", "a story begins between 2000 and 2099")


def _by_name(raw: Mapping[str, Json], field: str) -> dict[str, Json]:
    return read(raw.get(field, {}), dict[str, Json], field)


def _steps(raw: Json) -> tuple[Step, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_STEPS:
        raise StoryMistake("steps", f"must be a list of 1 to {MOST_STEPS} steps")
    steps: list[Step] = []
    for index, each in enumerate(raw):
        try:
            steps.append(read_step(each))
        except StoryMistake as mistake:
            raise mistake.within(f"steps.{index}") from mistake
    return tuple(steps)
