"""A tenant's bulk, however much, does not keep another tenant's customers waiting."""

import asyncio
from typing import Any

import pytest
from bench.e2e.load import load
from bench.server import Recado, free_port, recado

from tests.e2e.prove.bulk import bulk_left, queue_bulk
from tests.e2e.prove.report import publish
from tests.e2e.prove.scene import short_and_full

SHORT, FULL = (
    (5_000, 4.0),
    (100_000, 60.0),
)  # messages of bulk; seconds in which the other tenant talks
CUSTOMERS = 10
AT_MOST_MS = 1_000.0


@pytest.mark.parametrize(("bulk", "seconds"), short_and_full(SHORT, FULL, within=(180, 900)))
def test_replies_do_not_wait_for_another_tenants_bulk(bulk: int, seconds: float) -> None:
    full = bulk == FULL[0]
    with recado(free_port()) as bot:
        figures, counts = asyncio.run(_talk(bot, bulk, seconds))

    publish("bulk", "Another tenant's bulk", figures, full=full)
    assert counts["replied"] == counts["said"] > CUSTOMERS
    assert not counts["lost"] + counts["duplicate"], counts["complaints"]
    assert counts["stranger"] > 0  # the bulk moved too
    if full:  # a machine that does much else at the same time proves nothing about time
        assert figures["bulk_left_at_the_end"] > 0
        assert figures["latency_ms"]["p99"] < AT_MOST_MS


async def _talk(bot: Recado, bulk: int, seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
    one = load(bot.url, pids=bot.pids, timeout=60)
    async with one.meta(bot.graph_port):
        alone = await one.closed(CUSTOMERS, warm_up=1, seconds=min(seconds, 10))
        await queue_bulk(bot, bulk)
        beside = await one.closed(CUSTOMERS, warm_up=1, seconds=seconds)
        left = await bulk_left(bot)
    counts = one.counts()
    told = {
        "bulk_messages": bulk,
        "bulk_left_at_the_end": left,
        "customers": CUSTOMERS,
        "latency_ms_without_bulk": alone["latency_ms"],
        **beside,
        **counts,
    }
    return told, counts
