"""Twenty customers talk at the same time, one conversation after the other, and every one goes as it should."""

import asyncio
from typing import Any

import pytest
from bench.e2e.load import load
from bench.server import Recado, free_port, recado

from tests.e2e.prove.report import publish
from tests.e2e.prove.scene import broken, history, short_and_full

CUSTOMERS = 20
SHORT, FULL = 5.0, 600.0  # seconds


@pytest.mark.parametrize("seconds", short_and_full(SHORT, FULL, within=(120, 1_200)))
def test_twenty_conversations_at_once_go_without_an_error(seconds: float) -> None:
    with recado(free_port()) as bot:
        figures, counts, kept = asyncio.run(_talk(bot, seconds))

    publish("talking", "Twenty conversations at once", figures, full=seconds == FULL)
    assert not broken(counts), counts["complaints"]
    assert set(counts["webhook_answers"]) == {"200"}
    assert counts["replied"] == counts["said"] > CUSTOMERS
    assert kept == {"in": counts["said"], "out": counts["replied"]}


async def _talk(
    bot: Recado, seconds: float
) -> tuple[dict[str, Any], dict[str, Any], dict[str, int]]:
    one = load(bot.url, pids=bot.pids)
    async with one.meta(bot.graph_port):
        figures = await one.closed(CUSTOMERS, warm_up=1, seconds=seconds)
    counts = one.counts()
    told = {"customers": CUSTOMERS, **figures, "errors": sum(broken(counts).values()), **counts}
    return told, counts, await history(bot)
