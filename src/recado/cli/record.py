"""Writes a conversation down as a story: `recado talk --record FILE`, which `recado flow test` plays again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Literal

import msgspec

from recado.engine.advance import Turn
from recado.engine.effects import Call
from recado.engine.events import CallResult, Json, Message
from recado.engine.play import Play
from recado.engine.requests import Script
from recado.engine.spans import span
from recado.engine.story_outcomes import ending, extend, pretty, with_outcome

NOTEWORTHY = timedelta(minutes=1)
GIVES_BACK = {"continue": "gives back", "restart": "gives back from the start"}


@dataclass
class RecordedPlay(Play):
    """A play that remembers what happened and what the bot said, step by step.

    Its clock moves in whole seconds and only where it matters, so that the story plays exactly as it was recorded.
    """

    steps: list[dict[str, Json]] = field(default_factory=list)
    clock: datetime | None = None
    began: datetime | None = None
    contact: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keeps the contact as it is before the flow changes it."""
        self.contact = self.world.contact

    def hear(
        self, message: Message, at: datetime, *, late: bool = False, more: bool = False
    ) -> list[Turn]:
        """Takes a message of the customer and writes it down."""
        turns = super().hear(message, self._time(at), late=late, more=more)
        self._write({"customer_taps" if message.tap else "customer": message.text}, turns)
        return turns

    def due(self, at: datetime) -> list[Turn]:
        """Lets time go by where it matters, and fires what is due."""
        since = self._time(at)
        wake = self.state.wake_at if self.state else None
        if at - since < NOTEWORTHY and not (wake and wake <= at):
            return []
        gone = timedelta(seconds=ceil((at - since).total_seconds()))
        self.clock = since + gone
        turns = super().due(self.clock)
        self._write({"wait": span(gone)}, turns)
        return turns

    def answer(self, at: datetime, result: CallResult) -> list[Turn]:
        """Lets a call come back: a script's result is part of what led to it, as it runs again with the story."""
        call, turns = self.call, super().answer(self._time(at), result)
        match call:
            case Call(request=Script()):
                extend(self.steps[-1], turns)
            case Call():
                told: dict[str, Json] = msgspec.to_builtins(result)
                self._write({"call": {key: told[key] for key in told if key != "ok"}}, turns)
        return turns

    def settle(self, at: datetime, *, accepted: bool, code: int | None = None) -> list[Turn]:
        """Takes WhatsApp's word on a message."""
        turns = super().settle(self._time(at), accepted=accepted, code=code)
        step: dict[str, Json] = {"whatsapp": "accepts" if accepted else "refuses"}
        self._write(step if code is None else {**step, "code": code}, turns)
        return turns

    def release(
        self, at: datetime, *, to: Literal["continue", "restart", "node"], node: str | None = None
    ) -> list[Turn]:
        """Lets a person give the conversation back."""
        turns = super().release(self._time(at), to=to, node=node)
        self._write({"person": GIVES_BACK.get(to, f"gives back at {node}")}, turns)
        return turns

    def forget(self) -> None:
        """Drops the session."""
        super().forget()
        self.steps.append({"session": "is forgotten", "bot": []})

    def _time(self, at: datetime) -> datetime:
        self.began = self.began or at
        self.clock = self.clock or at
        return self.clock

    def _write(self, step: dict[str, Json], turns: list[Turn]) -> None:
        self.steps.append(with_outcome(step, turns))


def write_story(file: Path, play: RecordedPlay, document: Mapping[str, Json]) -> None:
    """Writes what was played as a story file; its sentence is for the author to write."""
    story: dict[str, Json] = {
        "story": f"A conversation with {document.get('name') or 'a flow'}",
        "contact": play.contact,
        **({"now": play.began.isoformat()} if play.began else {}),
        "steps": play.steps,
        "at_the_end": ending(play, play.clock) if play.clock else {"session": "none"},
        "flows": {"main": [document]},
    }
    file.write_text(pretty(story) + "\n", encoding="utf-8")
