"""A play that writes its turns as the journal keeps them: JSON out, JSON in."""

from dataclasses import dataclass, field

import msgspec

from recado.engine.advance import Turn
from recado.engine.effects import Effect
from recado.engine.events import Event
from recado.engine.play import Play
from recado.engine.replay import Recorded
from recado.engine.trace import Trace


@dataclass
class JournalPlay(Play):
    """One conversation and its journal."""

    rows: list[Recorded] = field(default_factory=list)

    def happen(self, event: Event) -> Turn:
        """Takes up an event and writes the turn."""
        turn = super().happen(event)
        encode = msgspec.json.encode
        self.rows.append(
            Recorded(
                id=f"{self.name}:{len(self.rows)}",
                session=turn.state.session,
                version=self.version,
                event=msgspec.json.decode(encode(event), type=Event),
                trace=msgspec.json.decode(encode(turn.trace), type=Trace),
                effects=msgspec.json.decode(encode(turn.effects), type=tuple[Effect, ...]),
            )
        )
        return turn
