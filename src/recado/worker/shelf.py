"""The programs within a conversation's reach: those it is in, those that called, and every flow a jump can lead to.

A jump finds the version that is published now, a return the version that called. Both are looked up for a whole
batch at once, step by step along the jumps, and never across workspaces.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from recado.engine.compile import Program
from recado.engine.events import World
from recado.engine.library import Library
from recado.engine.settings import flows_named
from recado.store import worlds
from recado.store.pool import Db
from recado.worker.programs import Programs

log = structlog.get_logger(__name__)

MOST_FLOWS = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """What a conversation's turns may begin with: versions it needs for certain, flows that settings lead to."""

    workspace_id: UUID
    versions: frozenset[UUID]
    flows: frozenset[str] = frozenset()


@dataclass(slots=True)
class Shelf:
    """What was found: programs by version id, and which version each flow within reach has.

    `worlds` are those made of this shelf, by number and chatbot (world.py).
    """

    library: Library
    published: dict[str, str] = field(default_factory=dict)
    worlds: dict[tuple[UUID, UUID | None], World] = field(default_factory=dict)


async def shelves(db: Db, programs: Programs, reaches: Iterable[Reach]) -> dict[Reach, Shelf]:
    """Loads everything that these conversations may need."""
    wanted = set(reaches)
    ready = await programs.load(db, {id for reach in wanted for id in reach.versions})
    walks = [_Walk(reach, ready) for reach in wanted]
    versions: dict[tuple[UUID, str], UUID] = {}
    while asked := {pair for walk in walks for pair in walk.asks()}:
        fresh = await _published(db, asked - versions.keys())
        versions |= fresh
        ready |= await programs.load(db, set(fresh.values()) - ready.keys())
        for walk in walks:
            walk.step(versions, ready)
    return {walk.reach: walk.shelf(ready) for walk in walks}


class _Walk:
    """One conversation's way along the jumps, breadth first, so that the nearest flows are those that are kept."""

    def __init__(self, reach: Reach, ready: dict[UUID, Program]) -> None:
        self.reach = reach
        self.published: dict[str, str] = {}
        self._seen: set[str] = set()
        self._next: list[str] = []
        self._meet(reach.flows)
        for id in sorted(reach.versions & ready.keys()):
            self._meet(_leads_to(ready[id]))

    def asks(self) -> set[tuple[UUID, str]]:
        """Gives the flows whose versions are needed for the next step."""
        return {(self.reach.workspace_id, flow) for flow in self._next}

    def step(self, versions: dict[tuple[UUID, str], UUID], ready: dict[UUID, Program]) -> None:
        """Takes the versions of the flows asked for, and goes on to where they lead."""
        asked, self._next = self._next, []
        for flow in asked:
            version = versions.get((self.reach.workspace_id, flow))
            if version in ready:
                self.published[flow] = str(version)
                self._meet(_leads_to(ready[version]))

    def shelf(self, ready: dict[UUID, Program]) -> Shelf:
        """Gives what was met on the way, once it is over."""
        met = {str(id) for id in self.reach.versions} | set(self.published.values())
        programs = {name: program for id, program in ready.items() if (name := str(id)) in met}
        return Shelf(Library(programs), self.published)

    def _meet(self, flows: Set[str]) -> None:
        fresh = sorted(flows - self._seen)
        room = MOST_FLOWS - len(self._seen)
        if len(fresh) > room:
            log.warning("flows_out_of_reach", workspace=str(self.reach.workspace_id), flows=fresh)
        self._seen.update(fresh[:room])
        self._next += fresh[:room]


def _leads_to(program: Program) -> set[str]:
    return set(program.targets) | flows_named(program.settings)


async def _published(db: Db, flows: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    """Finds published versions; a word that is no id names no flow."""
    ids = {(workspace, id): flow for workspace, flow in flows if (id := _flow_id(flow))}
    found = await worlds.published(db, ids) if ids else {}
    return {(pair[0], ids[pair]): version for pair, version in found.items()}


def _flow_id(flow: str) -> UUID | None:
    try:
        return UUID(flow)
    except ValueError:
        return None
