"""Runs `recado` and notes again and again where it is, by its CPU's clock: `python -m bench.sampled OUT.txt serve`.

The main thread is where the event loop is, so its stack is what is sampled. A sample counts for the function it is in
(self), and once for each of ours and the libraries' functions above it (total).
"""

import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from recado.cli import main

EVERY = 0.001  # seconds of CPU; most kernels tick at 4 ms
LINES = 60

Place = tuple[str, str]


class Samples:
    """What was seen so far."""

    def __init__(self) -> None:
        self.count = 0
        self.own: Counter[Place] = Counter()
        self.total: Counter[Place] = Counter()

    def take(self, _: int, frame: FrameType | None) -> None:
        """Takes one sample."""
        self.count += 1
        seen: set[Place] = set()
        here = frame
        while here is not None:
            seen.add(_place(here))
            here = here.f_back
        if frame is not None:
            self.own[_place(frame)] += 1
        self.total.update(seen)

    def table(self, title: str, counted: Counter[Place]) -> str:
        """Lists the most frequent places with their shares."""
        lines = [f"{title}, of {self.count} samples"]
        for (file, name), count in counted.most_common(LINES):
            lines.append(f"{100 * count / max(self.count, 1):6.1f} %  {name:40} {file}")
        return "\n".join(lines)


def _place(frame: FrameType) -> Place:
    path = Path(frame.f_code.co_filename)
    return "/".join(path.parts[-3:]), frame.f_code.co_qualname


def run() -> None:
    """Runs the command, and writes the tables when it ends."""
    out, samples = Path(sys.argv[1]), Samples()
    sys.argv[1:2] = []
    signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        main()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        tables = (samples.table("self", samples.own), samples.table("total", samples.total))
        out.write_text("\n\n".join(tables) + "\n", "utf-8")


if __name__ == "__main__":
    run()
