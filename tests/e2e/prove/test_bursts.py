"""Customers who send five messages within a moment get five answers, in order, and never two at once."""

import asyncio
from typing import Any

import pytest
from bench.e2e.graph_sim import Faults
from bench.e2e.load import SAID, WANTED, load
from bench.server import Recado, free_port, recado

from tests.e2e.prove.report import publish
from tests.e2e.prove.scene import short_and_full

SHORT, FULL = 40, 200
SLOW = Faults(latency_ms=50, jitter_ms=20)


@pytest.mark.parametrize("contacts", short_and_full(SHORT, FULL, within=(120, 600)))
def test_bursts_are_answered_exactly(contacts: int) -> None:
    with recado(free_port()) as bot:
        figures = asyncio.run(_burst(bot, contacts))

    publish("bursts", "Bursts of five messages", figures, full=contacts == FULL)
    assert figures["exact"] == contacts, figures["complaints"]
    assert figures["overlapping_sends"] == 0


async def _burst(bot: Recado, contacts: int) -> dict[str, Any]:
    one = load(bot.url, faults=SLOW)
    async with one.meta(bot.graph_port):
        figures = await one.burst(contacts, at_once=contacts, gap_ms=10, said=SAID, wanted=WANTED)
    counts = one.counts()
    return {
        **figures,
        "apart_ms": 10,
        "graph_latency_ms": SLOW.latency_ms,
        "graph_jitter_ms": SLOW.jitter_ms,
        "webhook_answers": counts["webhook_answers"],
        "complaints": counts["complaints"],
    }
