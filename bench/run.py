"""The benchmark: measures Recado against the bot that keeps nothing, in the same run, and writes a report.

python -m bench.run                 everything, about half an hour
python -m bench.run --quick         about three minutes
python -m bench.run rounds growth   only these parts
python -m bench.run --most 1000000  growth up to so many conversations
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import measure
from bench.measure import Size
from bench.report import OUT, keep_as_baseline, machine, publish, rows, save, worse

PARTS: dict[str, Callable[[Size, Callable[[str], None]], Any]] = {
    "rounds": measure.rounds,
    "statuses": measure.statuses,
    "bursts": measure.bursts,
    "crashes": measure.crashes,
    "processes": measure.processes,
    "growth": measure.growth,
}
DECADES = (1_000, 10_000, 100_000, 1_000_000)
FULL_MOST, QUICK_MOST = 100_000, 10_000


def main() -> int:
    """Measures what was asked for; gives 1 when a ratio became worse than the baseline's."""
    options = _options()
    most = options.most or (QUICK_MOST if options.quick else FULL_MOST)
    size = _size(options.quick, tuple(each for each in DECADES if each <= most))
    found: dict[str, Any] = {"machine": machine()}
    began = time.monotonic()
    for name in options.parts or PARTS:
        found[name] = PARTS[name](size, lambda line: print(line, flush=True))
        save(name, found[name])
    table = publish(found, "quick" if options.quick else "full")
    save("targets", {each.name: each.measured for each in table})
    print("\n".join(["", *rows(table)]))
    print(f"\n{time.monotonic() - began:.0f} s; the report is {OUT / 'report.md'}")
    if options.keep:
        keep_as_baseline(table)
    changed = worse(table)
    for line in changed:
        print(f"worse than the baseline: {line}")
    return 1 if changed else 0


def _size(quick: bool, conversations: tuple[int, ...]) -> Size:
    if quick:
        return Size(
            rounds=1, seconds=3, warm_up=1.5, conversations=conversations, nodes=(10, 2_000)
        )
    return Size(
        rounds=3,
        seconds=10,
        warm_up=3,
        conversations=conversations,
        nodes=(10, 100, 500, 2_000),
        bursts=200,
        crash_messages=6_000,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help="all")
    parser.add_argument("--quick", action="store_true", help="short windows, one round")
    parser.add_argument("--most", type=int, default=None, help="conversations of the growth curve")
    parser.add_argument("--keep", action="store_true", help="makes the ratios the new baseline")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
