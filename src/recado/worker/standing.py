"""What stands in a workspace for longer than a turn, kept in memory: its numbers, chatbots, and flows within reach.

Every conversation that is read brings its workspace's epoch, a number that grows in the transaction of any change of
these (migration 0007). What was read under another epoch is forgotten. What is read a moment after the epoch may
be newer than it, never older: then the next turn sees the new epoch and reads once more.
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from recado.store import worlds
from recado.store.pool import Db
from recado.store.worlds import Chatbot, Line
from recado.worker.programs import Programs
from recado.worker.shelf import Reach, Shelf, shelves

WORKSPACES_KEPT = 256
SHELVES_KEPT = 1_000  # of all workspaces


@dataclass(slots=True)
class Standing:
    """What is known of a workspace in one epoch; a chatbot that is gone is None."""

    epoch: int
    lines: dict[UUID, Line] = field(default_factory=dict)
    chatbots: dict[UUID, Chatbot | None] = field(default_factory=dict)
    shelves: dict[Hashable, Shelf] = field(default_factory=dict)


class Standings:
    """What is known of the workspaces whose turns came last."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._known: OrderedDict[UUID, Standing] = OrderedDict()

    def of(self, workspace_id: UUID, epoch: int) -> Standing:
        """Gives what is known of a workspace in this epoch, to add to."""
        standing = self._known.get(workspace_id)
        if standing is None or standing.epoch != epoch:
            standing = self._known[workspace_id] = Standing(epoch)
            if len(self._known) > WORKSPACES_KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(workspace_id)
        return standing

    async def read_lines(self, db: Db, numbers: Iterable[tuple[Standing, UUID]]) -> None:
        """Reads the numbers that are not known yet."""
        missing = {id: standing for standing, id in numbers if id not in standing.lines}
        if missing:
            for id, line in (await worlds.lines(db, list(missing))).items():
                missing[id].lines[id] = line

    async def read_chatbots(self, db: Db, chatbots: Iterable[tuple[Standing, UUID]]) -> None:
        """Reads the chatbots that are not known yet."""
        missing = {id: standing for standing, id in chatbots if id not in standing.chatbots}
        if missing:
            found = await worlds.chatbots(db, list(missing))
            for id, standing in missing.items():
                standing.chatbots[id] = found.get(id)

    async def read_shelves(
        self, db: Db, wanted: Iterable[tuple[Standing, Hashable, Reach]]
    ) -> None:
        """Loads the programs within reach that are not known yet."""
        missing = [each for each in wanted if each[1] not in each[0].shelves]
        if missing:
            found = await shelves(db, self._programs, {reach for _, _, reach in missing})
            for standing, key, reach in missing:
                standing.shelves[key] = found[reach]

    def trim(self) -> None:
        """Forgets the shelves of the workspaces whose turns are longest ago, until few enough are left."""
        spare = sum(len(each.shelves) for each in self._known.values()) - SHELVES_KEPT
        for standing in self._known.values():
            if spare <= 0:
                return
            spare -= len(standing.shelves)
            standing.shelves.clear()

    def forget(self) -> None:
        """Forgets everything: after a failure nobody knows what of it is true."""
        self._known.clear()
