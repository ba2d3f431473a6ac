"""Who is killed when, and how: planned from a seed, triggered by progress, never by a clock."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from recado.store import embedded
from recado.whatsapp.fake import FakeMeta
from tests.e2e.kill.crowd import PATIENCE, Crowd
from tests.e2e.kill.process import Database, Recado, gone

Victim = Literal["server", "worker", "database"]
# Who dies together, in which order. The server's next start brings the database back that died with it.
WAYS: tuple[tuple[Victim, ...], ...] = (
    ("server",),
    ("server", "database"),
    ("database", "server"),
    ("worker",),
    ("database",),
)


@dataclass(frozen=True, slots=True)
class Kill:
    """One strike.

    `at`: the progress that it waits for. `mid_send`: then it waits for the next message that Meta takes, and falls
    before Meta's answer is written. `victims` die one after the other, at once.
    """

    at: int
    mid_send: bool
    victims: tuple[Victim, ...]


def plan(count: int, total: int, luck: random.Random) -> list[Kill]:
    """Spreads kills over nine tenths of the progress; every way has its share of them."""
    points = sorted(luck.sample(range(1, total * 9 // 10), count))
    ways = [WAYS[index % len(WAYS)] for index in range(count)]
    luck.shuffle(ways)
    return [
        Kill(at, mid_send=luck.random() < 0.5, victims=victims)
        for at, victims in zip(points, ways, strict=True)
    ]


@dataclass
class Killer:
    """Carries a plan out."""

    meta: FakeMeta
    crowd: Crowd
    server: Recado
    worker: Recado
    data_dir: Path
    done: list[Kill] = field(default_factory=list)
    _pids: list[int] = field(default_factory=list)

    async def carry_out(self, kills: list[Kill]) -> None:
        """Kills and restarts, one after the other."""
        for kill in kills:
            await self.crowd.reach(kill.at)
            if kill.mid_send:
                await self._in_the_middle_of_a_send(kill)
            else:
                self._strike(kill)
            await self._revive(kill)
            self.done.append(kill)

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
        self._pids = []
        for victim in kill.victims:
            match victim:
                case "server":
                    self.server.strike()
                case "worker":
                    self.worker.strike()
                case "database":
                    self._pids = Database(self.data_dir).strike()

    async def _revive(self, kill: Kill) -> None:
        await gone(self._pids)
        for victim, process in (("server", self.server), ("worker", self.worker)):
            if victim in kill.victims:
                await process.bury()
                await process.start()
        if kill.victims == ("database",):  # as an operator would
            await (await embedded.start(self.data_dir)).stop()
