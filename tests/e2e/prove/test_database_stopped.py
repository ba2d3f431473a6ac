"""The database freezes, then goes away, under load: Meta hears 503 meanwhile, and after her redelivery nothing is missing."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bench.e2e.load import load
from bench.e2e.webhooks import Retrying
from bench.server import Recado, Setup, free_port, recado

from recado.store import embedded
from tests.e2e.kill.process import gone
from tests.e2e.prove.report import publish
from tests.e2e.prove.scene import broken, history, run_dry, short_and_full

SETUP = Setup(settings=(("RECADO_UNKNOWN_WAIT", "5"),))
APART = 2.0  # seconds of peace before, between and after the outages


@dataclass(frozen=True, slots=True)
class Outages:
    """For how many seconds the database freezes, and is away; under so many messages a second."""

    frozen: float
    away: float
    rate: float


# The freeze must outlast the five seconds that a post waits for its commit.
SHORT = Outages(frozen=6, away=2, rate=20)
FULL = Outages(frozen=60, away=60, rate=50)


@pytest.mark.parametrize("outages", short_and_full(SHORT, FULL, within=(180, 900)))
def test_a_stopped_database_loses_nothing(outages: Outages) -> None:
    with recado(free_port(), SETUP) as bot:
        counts, kept = asyncio.run(_suffer(bot, outages))

    figures = {
        "frozen_seconds": outages.frozen,
        "away_seconds": outages.away,
        "messages_a_second": outages.rate,
        "missing": counts["said"] - counts["replied"],
        "history": kept,
        **counts,
    }
    publish("database-stopped", "The database stops under load", figures, full=outages is FULL)
    assert set(counts["webhook_answers"]) == {"200", "503"}
    assert not broken(counts), counts["complaints"]
    assert counts["replied"] == counts["said"]
    assert kept == {"in": counts["said"], "out": counts["said"]}


async def _suffer(bot: Recado, outages: Outages) -> tuple[dict[str, Any], dict[str, int]]:
    seconds = outages.frozen + outages.away + 4 * APART
    one = load(bot.url, retrying=Retrying(1.0), statuses=3, timeout=seconds + 120)
    async with one.meta(bot.graph_port):
        talking = asyncio.create_task(one.open(outages.rate, warm_up=0, seconds=seconds))
        await asyncio.sleep(APART)
        await _freeze(bot, outages.frozen)
        await asyncio.sleep(APART)
        await _take_away(bot, outages.away)
        await talking
        await run_dry(bot)
    return one.counts(), await history(bot)


async def _freeze(bot: Recado, seconds: float) -> None:
    """Stops PostgreSQL's processes as a machine without breath does; those who come meanwhile hang at the door."""
    pids = _postgres(bot)
    _signal(pids, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        _signal(pids, signal.SIGCONT)


async def _take_away(bot: Recado, seconds: float) -> None:
    """Shuts PostgreSQL down and starts it again."""
    postmaster = bot.pids["pg"]
    os.kill(postmaster, signal.SIGINT)
    await gone([postmaster])
    await asyncio.sleep(seconds)
    await (await embedded.start(bot.data)).stop()


def _postgres(bot: Recado) -> list[int]:
    """Lists the postmaster and its children."""
    postmaster = bot.pids["pg"]
    path = Path(f"/proc/{postmaster}/task/{postmaster}/children")
    return [postmaster, *map(int, path.read_text().split())]


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
