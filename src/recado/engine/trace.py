"""What a turn did and why, in order: stored with the turn, shown in the simulator, replayed and compared."""

import msgspec

from recado.engine.events import Json


class VisitTrace(msgspec.Struct, omit_defaults=True):
    """One node inside a turn. `facts` hold what it compared or judged, `set` the variables it changed.

    `version` is the flow version that the node stands in, where that is not the trace's own.
    """

    node: str
    type: str
    visit: str
    version: str | None = None
    port: str | None = None
    facts: list[dict[str, Json]] = []
    set: dict[str, Json] = {}
    sends: int = 0
    warnings: list[str] = []

    def missing(self) -> list[str]:
        """Names the variables that a text read and found unset, each once."""
        if not self.warnings:
            return []
        prefix = "missing:"
        found = (
            warning.removeprefix(prefix) for warning in self.warnings if warning.startswith(prefix)
        )
        return list(dict.fromkeys(found))


class Trace(msgspec.Struct, omit_defaults=True):
    """All visits of a turn, and notes about the event itself (late, old token, ignored).

    `version` is the flow version of the first visit, and of all others that name none: a turn may go through several
    flows, but few do.
    """

    visits: list[VisitTrace] = []
    notes: list[str] = []
    version: str | None = None

    def __post_init__(self) -> None:
        """Reads a trace of the time when every visit named its version as it would be written now."""
        if self.visits and self.version is None:
            self.version = self.visits[0].version
            for visit in self.visits:
                if visit.version == self.version:
                    visit.version = None

    def add(self, visit: VisitTrace, version: str | None) -> None:
        """Adds a visit to a node of this flow version."""
        if not self.visits:
            self.version = version
        elif version != self.version:
            visit.version = version
        self.visits.append(visit)

    def version_of(self, visit: VisitTrace) -> str | None:
        """Gives the flow version that a visit's node stands in."""
        return visit.version or self.version
