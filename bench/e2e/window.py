"""What is measured of a stretch of time: how much was replied, how fast, and what it cost."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.e2e.customers import Customers
from bench.e2e.processes import cpu_seconds
from bench.e2e.webhooks import Webhooks

Json = dict[str, Any]
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def quantiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """Gives p50, p95, p99 and the largest, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return dict.fromkeys(QUANTILES)
    last = len(ordered) - 1
    return {
        name: round(ordered[min(last, int(len(ordered) * share))] * 1000, 2)
        for name, share in QUANTILES.items()
    }


@dataclass
class Window:
    """A stretch of time that is measured: what was replied in it, and what it cost."""

    customers: Customers
    webhooks: Webhooks
    pids: Mapping[str, int]
    _began: float = 0.0
    _replied: int = 0
    _cpu: dict[str, float] = field(default_factory=dict)
    _own: float = 0.0

    def open(self) -> None:
        """Begins to measure."""
        self.webhooks.acks.clear()
        self.customers.latencies.clear()
        self._replied, self._began = self.customers.counts["replied"], time.perf_counter()
        self._cpu, self._own = self._spent(), time.process_time()

    def close(self) -> Json:
        """Ends measuring and gives the figures."""
        seconds = time.perf_counter() - self._began
        messages = self.customers.counts["replied"] - self._replied
        each = 1e6 / max(messages, 1)
        spent = self._spent()
        return {
            "seconds": round(seconds, 2),
            "messages": messages,
            "msg_per_s": round(messages / seconds, 1),
            "cpu_us": {name: round((spent[name] - self._cpu[name]) * each) for name in spent},
            "harness_cpu_us": round((time.process_time() - self._own) * each),
            "latency_ms": quantiles(self.customers.latencies),
            "ack_ms": quantiles(self.webhooks.acks),
        }

    def _spent(self) -> dict[str, float]:
        roots = set(self.pids.values())
        return {name: cpu_seconds(pid, without=roots) for name, pid in self.pids.items()}
