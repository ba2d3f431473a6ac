"""Writes a conversation down as a story: `recado talk --record FILE`, which `recado flow test` plays again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from recado.engine.advance import Turn
from recado.engine.events import Json, Message
from recado.engine.play import Play
from recado.engine.spans import span
from recado.engine.story_steps import ending, pretty, with_outcome

NOTEWORTHY = timedelta(minutes=1)


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
