"""Writes a conversation down as a story: `recado talk --record FILE`, the form of the tests in `tests/flows/`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from recado.engine.advance import Turn
from recado.engine.events import Json, Message
from recado.engine.play import Play
from recado.engine.transcript import noted, told

WIDTH = 110
NOTEWORTHY = timedelta(minutes=1)
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass
class RecordedPlay(Play):
    """A play that remembers what the customer did and what the bot said, step by step.

    Its clock moves in whole seconds and only where it matters, so that the story plays exactly as it was recorded.
    """

    steps: list[dict[str, Json]] = field(default_factory=list)
    clock: datetime | None = None

    def hear(
        self, message: Message, at: datetime, *, late: bool = False, more: bool = False
    ) -> list[Turn]:
        """Takes a message of the customer and writes it down."""
        self.clock = self.clock or at
        turns = super().hear(message, self.clock, late=late, more=more)
        self._write({"customer_taps" if message.tap else "customer": message.text}, turns)
        return turns

    def due(self, at: datetime) -> list[Turn]:
        """Lets time go by where it matters, and fires what is due."""
        since = self.clock or at
        wake = self.state.wake_at if self.state else None
        if at - since < NOTEWORTHY and not (wake and wake <= at):
            return []
        gone = timedelta(seconds=ceil((at - since).total_seconds()))
        self.clock = since + gone
        turns = super().due(self.clock)
        self._write({"wait": span(gone)}, turns)
        return turns

    def forget(self) -> None:
        """Drops the session."""
        super().forget()
        self.steps.append({"session": "is forgotten", "bot": []})

    def _write(self, step: dict[str, Json], turns: list[Turn]) -> None:
        self.steps.append(with_outcome(step, turns))


def with_outcome(step: Mapping[str, Json], turns: list[Turn]) -> dict[str, Json]:
    """Gives a step with what came of it: what the bot says, and why, where the engine noted something."""
    done = {**step, "bot": told(turns)}
    if notes := noted(turns):
        done["because"] = ", ".join(notes)
    elif not turns and any(key.startswith("customer") for key in step):
        done["because"] = "history only"
    return done


def ending(play: Play, now: datetime) -> dict[str, Json]:
    """Says where a story leaves the conversation."""
    state = play.state
    if state is None:
        return {"session": "none"}
    ends: dict[str, Json] = {"session": state.status.value, "variables": state.variables}
    if play.sessions > 1:
        ends["sessions"] = play.sessions
    if play.mode != "bot":
        ends["with"] = play.mode
    if state.wake_at:
        ends["wakes_after"] = str(state.wake_at - now)
    return ends


def write_story(file: Path, play: RecordedPlay, document: Mapping[str, Json]) -> None:
    """Writes what was played as a story file; its sentence is for the author to write."""
    story: dict[str, Json] = {
        "story": f"A conversation with {document.get('name') or 'a flow'}",
        "contact": play.world.contact,
        "steps": play.steps,
        "at_the_end": ending(play, play.clock) if play.clock else {"session": "none"},
        "flows": {"main": [document]},
    }
    file.write_text(pretty(story) + "\n", encoding="utf-8")


def span(time: timedelta) -> str:
    """Says a span of time in the largest unit that fits it: `3 days`, `90 seconds`."""
    seconds = round(time.total_seconds())
    for name, size in UNITS:
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "0 seconds"


def pretty(value: Any, indent: int = 0) -> str:
    """Writes JSON for people: whatever fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, list):
        parts = [pretty(item, indent + 1) for item in value]
    else:
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, indent + 1)}"
            for key, item in value.items()
        ]
    left, right = "[]" if isinstance(value, list) else "{}"
    return f"{left}\n{pad}" + f",\n{pad}".join(parts) + f"\n{' ' * indent}{right}"
