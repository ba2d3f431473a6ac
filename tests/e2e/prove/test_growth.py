"""A message costs the same among a million conversations that sleep as among a thousand."""

import asyncio
from typing import Any

import pytest
from bench.e2e.load import load
from bench.e2e.processes import resident_mb
from bench.growth import grow
from bench.server import Recado, free_port, recado
from bench.svg import plot

from tests.e2e.prove.report import PROOFS, publish
from tests.e2e.prove.scene import broken, short_and_full, table_sizes

# Conversations, each with a sleeping session (more than the talk itself leaves); seconds of talk at each size.
SHORT = ((20_000, 40_000), 2.0)
FULL = ((1_000, 10_000, 100_000, 1_000_000), 20.0)
CUSTOMERS = 20
FLAT = 1.25  # the largest's cost and memory to those of the smallest


@pytest.mark.parametrize(("sizes", "seconds"), short_and_full(SHORT, FULL, within=(180, 3_600)))
def test_a_message_costs_the_same_however_many_conversations_sleep(
    sizes: tuple[int, ...], seconds: float
) -> None:
    full = sizes == FULL[0]
    points = {}
    with recado(free_port()) as bot:
        asyncio.run(_talk(bot, seconds))  # warms up
        for size in sizes:
            grow(bot, size)
            points[size] = asyncio.run(_talk(bot, seconds))
            print(f"\n{size} conversations: {points[size]}")

    publish("growth", "Conversations and sleeping sessions pile up", _told(points), full=full)
    assert not any(point["broken"] for point in points.values())
    if full:
        _draw(points)
        first, last = points[sizes[0]], points[sizes[-1]]
        assert last["cpu_us"] <= FLAT * first["cpu_us"]
        assert last["rss_mb"] <= FLAT * first["rss_mb"]


async def _talk(bot: Recado, seconds: float) -> dict[str, Any]:
    one = load(bot.url, pids=bot.pids, timeout=60)
    async with one.meta(bot.graph_port):
        figures = await one.closed(CUSTOMERS, warm_up=1, seconds=seconds)
    sizes = await table_sizes(bot)
    return {
        "cpu_us": sum(figures["cpu_us"].values()),
        "p50_ms": figures["latency_ms"]["p50"],
        "p99_ms": figures["latency_ms"]["p99"],
        "rss_mb": round(resident_mb(bot.pids["app"]), 1),
        "tables_mb": round(sum(sizes.values()), 1),
        "largest_tables_mb": sizes,
        "broken": broken(one.counts()),
    }


def _told(points: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {f"{size:,} conversations": point for size, point in points.items()}


def _draw(points: dict[int, dict[str, Any]]) -> None:
    """Draws what must be flat, and what grows."""
    plots = {
        "cost": ("CPU of a message, app and PostgreSQL", "us", ("cpu_us",)),
        "latency": ("Latency", "ms", ("p50_ms", "p99_ms")),
        "memory": ("Resident memory of the server", "MB", ("rss_mb",)),
        "tables": ("Tables with their indexes", "MB", ("tables_mb",)),
    }
    for name, (title, unit, lines) in plots.items():
        drawn = plot(
            f"{title}, by conversations with a sleeping session",
            unit,
            {line: {float(size): point[line] for size, point in points.items()} for line in lines},
        )
        (PROOFS / f"growth-{name}.svg").write_text(drawn)
