"""What a turn did and why, in order: stored with the turn, shown in the simulator, replayed and compared."""

import msgspec

from recado.engine.events import Json


class VisitTrace(msgspec.Struct, omit_defaults=True):
    """One node inside a turn. `facts` hold what it compared or judged, `set` the variables it changed.

    `version` is the flow version that the node stands in: a turn may go through several flows.
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
        prefix = "missing:"
        found = (
            warning.removeprefix(prefix) for warning in self.warnings if warning.startswith(prefix)
        )
        return list(dict.fromkeys(found))


class Trace(msgspec.Struct, omit_defaults=True):
    """All visits of a turn, and notes about the event itself (late, old token, ignored)."""

    visits: list[VisitTrace] = []
    notes: list[str] = []
