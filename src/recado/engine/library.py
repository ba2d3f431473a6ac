"""The programs that a turn may need besides the one it is in: those that jumps lead to and calls come back to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from recado.engine.compile import Program


@dataclass(frozen=True, slots=True)
class Library:
    """Compiled programs by version id; which version a flow has is in the event's `world.published`."""

    programs: Mapping[str, Program] = field(default_factory=dict)

    @property
    def reads_calendars(self) -> bool:
        """Says whether any of the programs asks a calendar."""
        return any(program.reads_calendars for program in self.programs.values())

    def version(self, id: str | None) -> Program | None:
        """Gives a version's program, if it is here."""
        return self.programs.get(id) if id else None


EMPTY = Library()
