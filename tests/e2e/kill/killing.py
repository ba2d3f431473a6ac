"""When the server is killed, and how: planned from a seed, triggered by progress, never by a clock."""

import random
from dataclasses import dataclass, field

from recado.whatsapp.fake import FakeMeta
from tests.e2e.kill.crowd import PATIENCE, Crowd
from tests.e2e.kill.process import Database, Recado, gone


@dataclass(frozen=True, slots=True)
class Kill:
    """One death of the server.

    `at`: the progress that it waits for. `mid_send`: then it waits for the next message that Meta takes, and falls
    before Meta's answer is written. `database`: whether PostgreSQL dies with it, first or last.
    """

    at: int
    mid_send: bool
    database: bool
    database_first: bool


def plan(count: int, total: int, luck: random.Random) -> list[Kill]:
    """Spreads kills over nine tenths of the progress; every other one takes the database along."""
    points = sorted(luck.sample(range(1, total * 9 // 10), count))
    with_database = [index % 2 == 0 for index in range(count)]
    luck.shuffle(with_database)
    return [
        Kill(at, mid_send=luck.random() < 0.5, database=both, database_first=luck.random() < 0.5)
        for at, both in zip(points, with_database, strict=True)
    ]


@dataclass
class Killer:
    """Carries a plan out."""

    meta: FakeMeta
    crowd: Crowd
    recado: Recado
    database: Database
    done: list[Kill] = field(default_factory=list)
    _victims: list[int] = field(default_factory=list)

    async def carry_out(self, kills: list[Kill]) -> None:
        """Kills and restarts, one after the other."""
        for kill in kills:
            await self.crowd.reach(kill.at)
            if kill.mid_send:
                await self._in_the_middle_of_a_send(kill)
            else:
                self._strike(kill)
            await self.recado.bury()
            await gone(self._victims)
            self.done.append(kill)
            await self.recado.start()

    async def _in_the_middle_of_a_send(self, kill: Kill) -> None:
        """Strikes while Meta takes a message in: its predicate is asked before the answer is written."""
        before = len(self.meta.world.sent)

        def taken() -> bool:
            if len(self.meta.world.sent) == before:
                return False
            self._strike(kill)
            return True

        await self.crowd.patiently(self.meta.wait_for(taken, within=PATIENCE * 2))

    def _strike(self, kill: Kill) -> None:
        self._victims = []
        if kill.database and kill.database_first:
            self._victims = self.database.strike()
        self.recado.strike()
        if kill.database and not kill.database_first:
            self._victims = self.database.strike()
