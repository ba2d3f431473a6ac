"""The whole trial: a crowd talks to a bot that is killed again and again, while much of what it sends goes wrong."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from recado.store.pool import UNAVAILABLE
from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_faults import Fault
from tests.e2e.kill.archive import bundled, dry, given_up
from tests.e2e.kill.beside import beside
from tests.e2e.kill.crowd import Crowd
from tests.e2e.kill.killing import Kill, Killer, plan
from tests.e2e.kill.office import ADMIN, Office, shop_number
from tests.e2e.kill.process import Database, Recado
from tests.e2e.kill.script import flow, scripts
from tests.e2e.kill.verdict import Verdict, judge

GAPS = (0.0, *[0.25] * 2_000)  # Meta tries again soon, so that the test need not wait
WORKER = "turn,send,settle"
UPGRADED = 1_000  # a number's messages a second; every 429 halves what it sends for a minute
BREAKER = {"graph_unreachable"}  # resets and 500s in a row open it
# Requests take a while, so that there are some under way at each death.
SLOW = (
    Fault(kind="delay", ms=30, probability=0.3),
    Fault(kind="delay_answer", ms=30, probability=0.3),
)


def going_wrong(share: float, slow_downs: int | None) -> tuple[Fault, ...]:
    """Gives everything that goes wrong with sends, each for such a share of them; the 429 so often at most."""
    return (
        Fault(kind="reset_before", probability=share),
        Fault(kind="http_500", probability=share),
        Fault(kind="error", code=130429, http=429, probability=share, count=slow_downs),
        Fault(kind="error", code=131056, probability=share),
        Fault(kind="reset_after", probability=share),
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """How large it is; `faults` is the share of each fault. After each of the `slow_downs` the number waits a while."""

    conversations: int
    kills: int
    faults: float
    unknown_wait: int  # seconds; statuses that a dead server could not take come after its start
    slow_downs: int | None = None
    at_once: int = 60


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    verdict: Verdict
    done: list[Kill]
    events: Counter[str]
    faults: dict[str, int]
    codes: tuple[int, int]
    seed: int

    @property
    def figures(self) -> dict[str, Any]:
        """Gives the figures of the report."""
        by_way = Counter(" + ".join(kill.victims) for kill in self.done)
        return {
            "seed": self.seed,
            "kills": len(self.done),
            "kills_by_victim": dict(by_way),
            "kills_in_the_middle_of_a_send": sum(kill.mid_send for kill in self.done),
            "faults": self.faults,
            **self.verdict.counts,
            "adopted_by_a_status": self.events["send_adopted"],
            "sent_again_after_a_doubt": self.events["send_again_after_doubt"],
            "complaints": self.verdict.complaints[:20],
        }


async def run(trial: Trial, data_dir: Path, seed: int) -> Outcome:
    """Runs it from beginning to end; the same seed gives the same scripts, moments and victims."""
    async with (
        _meta(seed, trial) as meta,
        _installation(data_dir, meta, trial.unknown_wait) as (server, worker),
    ):
        luck = random.Random(seed)
        done, faults, verdict = await _talk(trial, meta, data_dir, (server, worker), luck)
        codes = (await worker.stop(), await server.stop())
    return Outcome(
        verdict, done, faults=faults, codes=codes, seed=seed, events=server.events + worker.events
    )


async def _talk(
    trial: Trial,
    meta: FakeMeta,
    data_dir: Path,
    processes: tuple[Recado, Recado],
    luck: random.Random,
) -> tuple[list[Kill], dict[str, int], Verdict]:
    """Lets the crowd talk while the killer works; judges when everything has come to rest."""
    server, worker = processes
    crowd = Crowd(meta, scripts(trial.conversations, luck))
    killer = Killer(meta, crowd, server, worker, data_dir)
    kills = plan(trial.kills, crowd.total, luck)
    async with aiohttp.ClientSession() as http:
        office = await Office.sign_in(http, server.url)
        await office.open_shop(flow(), shop_number(server.url), messages_per_second=UPGRADED)

    async with (
        beside(crowd.count()),
        beside(_excuse(crowd, data_dir)),
        asyncio.TaskGroup() as group,
    ):
        talking = group.create_task(crowd.talk(at_once=trial.at_once))
        await killer.carry_out(kills)
        faults = _hits(meta)
        meta.faults.clear()  # what comes now must come to rest
        await crowd.patiently(talking)
    await meta.idle()
    async with bundled(data_dir) as db:
        await dry(db)
        crowd.hear_the_rest()
        return killer.done, faults, await judge(db, crowd, explained=BREAKER)


def _hits(meta: FakeMeta) -> dict[str, int]:
    """Counts what went wrong on purpose."""
    return {
        f"{fault.kind} {fault.code}" if fault.kind == "error" else fault.kind: hits
        for fault, _, hits in meta.faults.listed()
    }


@asynccontextmanager
async def _meta(seed: int, trial: Trial) -> AsyncIterator[FakeMeta]:
    meta = FakeMeta(gaps=GAPS, seed=seed)
    meta.fail(*SLOW, *going_wrong(trial.faults, trial.slow_downs))
    await meta.start()
    try:
        yield meta
    finally:
        await meta.stop()


@asynccontextmanager
async def _installation(
    data_dir: Path, meta: FakeMeta, unknown_wait: int
) -> AsyncIterator[tuple[Recado, Recado]]:
    """Starts a server and a worker on the bundled database, which lives as long as the block at most."""
    settings = {
        "RECADO_DATA_DIR": str(data_dir),
        "RECADO_GRAPH_URL": meta.url,
        "RECADO_UNKNOWN_WAIT": str(unknown_wait),
        **ADMIN,
    }
    server, worker = Recado(settings), Recado(settings, roles=WORKER)
    meta.add_number(shop_number(server.url))
    async with AsyncExitStack() as stack:
        stack.callback(Database(data_dir).strike)
        for process in (server, worker):
            stack.push_async_callback(process.end)
        try:
            await server.start()
            await worker.start()
            yield server, worker
        except BaseException:
            print(server.tail(), worker.tail(), sep="\n\n")
            raise


async def _excuse(crowd: Crowd, data_dir: Path) -> None:
    """Tells customers about answers that nobody may send again, which they would wait for in vain."""
    customers = {customer.script.phone: customer for customer in crowd.customers}
    while True:
        await asyncio.sleep(0.5)
        with suppress(asyncpg.PostgresError, *UNAVAILABLE):
            async with bundled(data_dir) as db:
                for phone, message in await given_up(db):
                    customers[phone].excuse(message)
