"""What scripts that mean harm do to the server: its memory and how late its event loop is while bombs go off.

One process with the server's event loop and a pool of two script processes. A ticker asks every five milliseconds to be
woken and notes how late it was. At first nothing happens, then plain scripts run, then one kind of bomb after the other
for some seconds each, more at once than there are processes, then all kinds together.
"""

import asyncio
import gc
import json
import os
import platform
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from recado.calls.script import Scripts

TICK = 0.005
SECONDS = 6.0
AT_ONCE = 4
TIMEOUT = 1.0
OUT = Path(__file__).parent / "out" / "script_bombs.json"
PLAIN = "return itens.map(item => item * 2).reduce((sum, item) => sum + item, 0)"
BOMBS = {
    "loop": "for (;;);",
    "memory": "const all = []; for (;;) all.push({a: [1]})",
    "regex": "return /(a+)+$/.test('a'.repeat(40) + 'b')",
    "recursion": "function f() { return f() + 1 } return f()",
    "string doubling": "let text = 'x'; for (;;) text = [text, text].join('')",
    "arrays": "const all = []; for (;;) all.push(new Array(1000).fill(1))",
    "large result": "return 'x'.repeat(2e7)",
}


@dataclass
class Phase:
    """What was seen while something ran: lateness and scripts' times in milliseconds, memory in MB."""

    late: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    server: float = 0.0
    scripts: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Gives the figures that count."""
        return {
            "late_p50_ms": round(statistics.median(self.late), 2),
            "late_p99_ms": round(percentile(self.late, 99), 2),
            "late_max_ms": round(max(self.late), 2),
            "server_mb": round(self.server, 1),
            "largest_script_process_mb": round(self.scripts, 1),
            "scripts": sum(self.ended.values()),
            "script_p50_ms": round(statistics.median(self.took), 1) if self.took else None,
            "script_p99_ms": round(percentile(self.took, 99), 1) if self.took else None,
            "ended": dict(self.ended),
        }


def percentile(values: list[float], share: int) -> float:
    """Gives the value that so many in a hundred do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def megabytes(pid: int | str) -> float:
    """Reads how much memory a process has; nothing when it is gone."""
    try:
        status = Path("/proc", str(pid), "status").read_text()
    except OSError:
        return 0.0
    lines = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(next(lines, "0")) / 1024


async def tick(phase: Phase, scripts: Scripts) -> None:
    """Notes how late the event loop is, and ten times a second how much memory there is."""
    look = perf_counter()
    while True:
        due = perf_counter() + TICK
        await asyncio.sleep(TICK)
        phase.late.append((perf_counter() - due) * 1_000)
        if perf_counter() > look:
            look = perf_counter() + 0.1
            phase.server = max(phase.server, megabytes("self"))
            phase.scripts = max(phase.scripts, *map(megabytes, scripts.pids()), 0.0)


async def keep_running(phase: Phase, scripts: Scripts, pick: Callable[[], str]) -> None:
    """Runs one script after the other until the phase is over."""
    inputs = {"itens": list(range(100))}
    over = perf_counter() + SECONDS
    while perf_counter() < over:
        began = perf_counter()
        ran = await scripts.run(pick(), inputs, timeout=TIMEOUT)
        phase.took.append((perf_counter() - began) * 1_000)
        phase.ended[ran.error or "value"] += 1


async def measure(scripts: Scripts, codes: list[str]) -> Phase:
    """Runs scripts of some kinds in turns, or nothing, and watches."""
    gc.collect()
    phase, turns = Phase(), _forever(codes)
    ticker = asyncio.create_task(tick(phase, scripts))
    if codes:
        runs = (keep_running(phase, scripts, lambda: next(turns)) for _ in range(AT_ONCE))
        await asyncio.gather(*runs)
    else:
        await asyncio.sleep(SECONDS)
    ticker.cancel()
    return phase


def _forever(codes: list[str]) -> Iterator[str]:
    while True:
        yield from codes


async def main() -> None:
    """Measures, prints a table, and writes the figures as JSON."""
    scripts = Scripts(processes=2)
    await scripts.run(PLAIN, {"itens": [1]}, timeout=TIMEOUT)
    kinds: dict[str, list[str]] = {"nothing": [], "plain scripts": [PLAIN]}
    kinds |= {name: [code] for name, code in BOMBS.items()} | {"all bombs": [*BOMBS.values()]}
    kinds |= {"nothing, after": []}
    print(f"{'':<16}{'late p50':>10}{'p99':>8}{'max':>8}{'server MB':>11}{'script MB':>11}  ended")
    figures = {}
    for name, codes in kinds.items():
        seen = figures[name] = (await measure(scripts, codes)).figures()
        shown = ", ".join(f"{count} {word}" for word, count in seen["ended"].items())
        print(
            f"{name:<16}{seen['late_p50_ms']:>10}{seen['late_p99_ms']:>8}{seen['late_max_ms']:>8}"
            f"{seen['server_mb']:>11}{seen['largest_script_process_mb']:>11}  {shown}"
        )
    await scripts.close()
    OUT.parent.mkdir(exist_ok=True)
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "seconds": SECONDS,
        "at_once": AT_ONCE,
    }
    OUT.write_text(json.dumps({**about, "phases": figures}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("The figures come from /proc, so this runs on Linux.")
    uvloop.run(main())
