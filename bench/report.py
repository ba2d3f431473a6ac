"""Writes what a run found: JSON, a page of tables, plots, and how it compares with the committed baseline."""

import json
import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.svg import plot
from bench.targets import Target, targets

Json = dict[str, Any]
HERE = Path(__file__).parent
OUT = HERE / "out"
BASELINE = HERE / "baseline.json"
WORSE = 0.2  # a share; less is noise on a machine with other work


def machine() -> dict[str, str]:
    """Says what the figures were measured on, without naming it."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines(Path("/proc/cpuinfo"))
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(os.cpu_count()),
        "processor": model,
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def save(name: str, found: object) -> None:
    """Writes one part's figures."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def publish(found: Json, size: str) -> list[Target]:
    """Writes the report and the plots; gives the table."""
    table = targets(found)
    for name, drawn in _plots(found).items():
        (OUT / f"{name}.svg").write_text(drawn, "utf-8")
    text = "\n".join(_page(found, table, size))
    (OUT / "report.md").write_text(text, "utf-8")
    return table


def keep_as_baseline(table: Sequence[Target]) -> None:
    """Makes this run's ratios what later runs are compared with."""
    kept = {each.name: each.measured for each in table if each.portable}
    BASELINE.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


def worse(table: Sequence[Target]) -> list[str]:
    """Says which ratios have become worse than the baseline's, and by how much."""
    if not BASELINE.exists():
        return []
    before: dict[str, float] = json.loads(BASELINE.read_text("utf-8"))
    return [
        f"{each.what}: {each.measured:g}, was {before[each.name]:g}"
        for each in table
        if each.name in before and each.worse_than(before[each.name], WORSE)
    ]


def rows(table: Sequence[Target]) -> Iterator[str]:
    """Gives the targets table, line by line."""
    yield "| what | must | goal | measured | reached |"
    yield "| --- | --- | --- | --- | --- |"
    for each in table:
        must = "-" if math.isinf(each.must) else f"{each.sense} {each.must:g}"
        goal = "-" if each.goal is None else f"{each.goal:g}"
        measured = f"{each.measured:g} {each.unit}".rstrip()
        verdict = "-" if math.isinf(each.must) else each.verdict
        yield f"| {each.what} | {must} | {goal} | {measured} | {verdict} |"


def _page(found: Json, table: Sequence[Target], size: str) -> Iterator[str]:
    yield f"# Benchmark, {size} run\n"
    yield "Measured on " + ", ".join(f"{name}: {value}" for name, value in machine().items()) + "."
    yield "The harness, the servers and PostgreSQL share its cores; x null is within the same round.\n"
    yield from rows(table)
    yield "\n## Loads\n"
    yield from _loads(found)
    if changed := worse(table):
        yield "\n## Worse than the baseline\n"
        yield from (f"- {line}" for line in changed)
    if "growth" in found:
        yield "\n## Growth\n"
        yield from (f"![{name}]({name}.svg)" for name in _plots(found))
    yield ""


def _loads(found: Json) -> Iterator[str]:
    yield "| load | bot | msg/s | CPU us a message | p50 / p99 ms | ack p50 / p99 ms | lost | doubled |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, bots in found.get("rounds", {}).get("loads", {}).items():
        for bot, taken in bots.items():
            for figures in taken:
                yield _load(name, bot, figures)
    for name, taken in found.get("statuses", {}).items():
        for figures in taken:
            yield _load(f"50 at once, statuses: {name}", "recado", figures)
    for count, figures in found.get("processes", {}).items():
        yield _load(f"200 at once, {count} processes", "recado", figures)


def _load(name: str, bot: str, figures: Json) -> str:
    latency, ack = figures["latency_ms"], figures["ack_ms"]
    cost = " + ".join(f"{value} {part}" for part, value in figures["cpu_us"].items())
    return (
        f"| {name} | {bot} | {figures['msg_per_s']:.0f} | {cost} | "
        f"{latency['p50']} / {latency['p99']} | {ack['p50']} / {ack['p99']} | "
        f"{figures['lost']} | {figures['duplicate']} |"
    )


def _plots(found: Json) -> dict[str, str]:
    return {
        f"growth_{name}": plot(f"CPU a message (us) by {name}", name, {"app + PostgreSQL": line})
        for name, sizes in found.get("growth", {}).items()
        if (line := _line(sizes))
    }


def _line(sizes: Mapping[str, Json]) -> dict[float, float]:
    return {float(size): each["cpu_us"] for size, each in sizes.items()}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
