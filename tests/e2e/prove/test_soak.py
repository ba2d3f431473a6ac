"""A long steady load with three statuses a reply: nothing lost, queues empty in the end, memory flat."""

import asyncio
import os
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import pytest
from bench.e2e.load import Load, load
from bench.e2e.processes import resident_mb
from bench.e2e.window import quantiles
from bench.server import Recado, free_port, recado

from tests.e2e.kill.beside import beside
from tests.e2e.prove.report import publish
from tests.e2e.prove.scene import broken, history, run_dry, short_and_full, table_sizes

STATUSES = 3
WARM_UP = 2.0
FLAT = 1.15  # the last third's memory to that of the second


@dataclass(frozen=True, slots=True)
class Soak:
    """So many messages a second for so many seconds, looked at every `slice` seconds."""

    rate: float
    seconds: float
    slice: float


SHORT = Soak(rate=60, seconds=8, slice=2)
# `make prove PROOF=soak RATE=300 MINUTES=5` for a machine that is slower, or a person that is in haste.
FULL = Soak(
    rate=float(os.environ.get("RATE") or 500),
    seconds=60 * float(os.environ.get("MINUTES") or 30),
    slice=15,
)


@dataclass
class Watch:
    """What was seen, slice by slice."""

    rss_mb: list[float] = field(default_factory=list)
    p50_ms: list[float | None] = field(default_factory=list)
    p99_ms: list[float | None] = field(default_factory=list)
    tables_mb: list[dict[str, float]] = field(default_factory=list)

    async def look(self, bot: Recado, one: Load, every: float) -> None:
        """Looks again and again."""
        seen = 0
        while True:
            await asyncio.sleep(every)
            latencies = one.customers.latencies
            shares = quantiles(latencies[min(seen, len(latencies)) :])
            seen = len(latencies)
            self.p50_ms.append(shares["p50"])
            self.p99_ms.append(shares["p99"])
            self.rss_mb.append(round(resident_mb(bot.pids["app"]), 1))
            self.tables_mb.append(await table_sizes(bot))


@pytest.mark.parametrize("soak", short_and_full(SHORT, FULL, within=(180, 3_600)))
def test_a_steady_load_loses_nothing_and_leaves_nothing(soak: Soak) -> None:
    with recado(free_port()) as bot:
        watch, figures, counts, kept = asyncio.run(_soak(bot, soak))

    third = max(len(watch.rss_mb) // 3, 1)
    told = {
        "messages_a_second": soak.rate,
        "statuses_a_reply": STATUSES,
        **figures,
        **counts,
        "rss_mb": watch.rss_mb,
        "p50_ms": watch.p50_ms,
        "p99_ms": watch.p99_ms,
        "tables_mb_first": watch.tables_mb[0],
        "tables_mb_last": watch.tables_mb[-1],
    }
    title = f"{soak.seconds / 60:g} minutes at {soak.rate:g} messages a second"
    publish("soak", title, told, full=soak is FULL)
    assert not broken(counts), counts["complaints"]
    assert set(counts["webhook_answers"]) == {"200"}
    assert kept == {"in": counts["said"], "out": counts["replied"]}
    if soak is FULL:
        settled = median(watch.rss_mb[third : 2 * third])
        assert median(watch.rss_mb[2 * third :]) <= settled * FLAT


async def _soak(
    bot: Recado, soak: Soak
) -> tuple[Watch, dict[str, Any], dict[str, Any], dict[str, int]]:
    one, watch = load(bot.url, pids=bot.pids, statuses=STATUSES, timeout=60.0), Watch()
    async with one.meta(bot.graph_port):
        async with beside(watch.look(bot, one, soak.slice)):
            figures = await one.open(soak.rate, warm_up=WARM_UP, seconds=soak.seconds)
        await run_dry(bot)
    return watch, figures, one.counts(), await history(bot)
