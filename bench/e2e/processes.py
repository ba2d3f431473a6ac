"""What processes have cost so far, read from /proc: CPU of trees, and memory."""

import os
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int, *, without: Collection[int] = ()) -> float:
    """Gives user + system seconds of a process and all below it, ended children included; `without` cuts trees off."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    spent: dict[int, float] = {}
    for pid in _pids():
        if stat := _stat(pid):
            children[int(stat[1])].append(pid)
            spent[pid] = sum(map(int, stat[11:15])) / _TICK
    total, left = 0.0, [root]
    while left:
        pid = left.pop()
        total += spent.get(pid, 0.0)
        left += [child for child in children[pid] if child not in without]
    return total


def resident_mb(pid: int) -> float:
    """Gives the memory of one process that is in RAM, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """Reads a process's figures from its state on; the program's name before them may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
