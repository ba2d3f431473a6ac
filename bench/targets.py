"""The targets, and where the figures of a run stand to them: all are ratios within one run, or this machine's own limits."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, median
from typing import Any, Literal

from bench.measure import cpu

Json = dict[str, Any]
Sense = Literal["at most", "at least"]
# Peers that keep nothing, measured once on two cores: CPU a message as a multiple of the null bot's in the same run.
PEERS: dict[str, tuple[float, float, float]] = {
    "Node-RED": (35, 4, 7),
    "BuilderBot": (46, 5, 9),
    "pywa": (69, 8, 14),
    "n8n": (760, 90, 150),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table. `portable` figures may be compared between machines."""

    name: str
    what: str
    measured: float
    sense: Sense
    must: float
    goal: float | None = None
    unit: str = ""
    portable: bool = True

    @property
    def verdict(self) -> str:
        """Says how far it got: goal, must or missed."""
        if self.goal is not None and self._reaches(self.goal):
            return "goal"
        return "must" if self._reaches(self.must) else "missed"

    def worse_than(self, before: float, share: float) -> bool:
        """Says whether a figure has become worse by more than a share of what it was."""
        if self.sense == "at most":
            return self.measured > before * (1 + share)
        return self.measured < before * (1 - share)

    def _reaches(self, limit: float) -> bool:
        return self.measured <= limit if self.sense == "at most" else self.measured >= limit


def targets(found: Json) -> list[Target]:
    """Puts the table together from whatever was measured."""
    parts = {
        "rounds": _rounds,
        "statuses": _statuses,
        "growth": _growth,
        "processes": _processes,
        "crashes": _crashes,
        "bursts": _bursts,
    }
    return [target for name, part in parts.items() if name in found for target in part(found[name])]


def ratio(pairs: Iterable[tuple[float, float]]) -> float:
    """Gives the median of the ratios of pairs."""
    return round(median(ours / theirs for ours, theirs in pairs), 3)


def slope(points: Mapping[str, float]) -> float:
    """Gives how much a cost grows with every tenfold, as a share of the mean cost, by least squares."""
    decades = [math.log10(float(size)) for size in points]
    costs = list(points.values())
    at, cost = mean(decades), mean(costs)
    spread = sum((each - at) ** 2 for each in decades)
    moves = sum((x - at) * (y - cost) for x, y in zip(decades, costs, strict=True))
    return round(moves / spread / cost, 3) if spread else 0.0


def cpu_ratio(loads: Json, name: str) -> float:
    """Gives the cost of a message as a multiple of the null bot's."""
    pairs = zip(loads[name]["recado"], loads[name]["null"], strict=True)
    return ratio((cpu(ours), cpu(null)) for ours, null in pairs)


def _rounds(found: Json) -> list[Target]:
    loads = found["loads"]
    crowd, fifty = cpu_ratio(loads, "closed_200"), cpu_ratio(loads, "closed_50")
    speed = ratio(
        (ours["msg_per_s"], null["msg_per_s"])
        for ours, null in zip(
            loads["closed_200"]["recado"], loads["closed_200"]["null"], strict=True
        )
    )
    lost = sum(figures["lost"] for each in loads.values() for figures in each["recado"])
    return [
        Target("cpu_200", "CPU a message, 200 customers at once, x null", crowd, "at most", 8, 5),
        Target("cpu_50", "CPU a message, 50 customers at once, x null", fifty, "at most", 12, 8),
        Target("speed_200", "throughput, 200 at once, x null", speed, "at least", 0.25, 0.4),
        *(
            Target(
                peer, f"less CPU than {peer}, times", round(cost / fifty, 2), "at least", must, goal
            )
            for peer, (cost, must, goal) in PEERS.items()
        ),
        *_latencies(loads["open_300"]["recado"]),
        Target("lost", "turns lost in all loads", lost, "at most", 0, portable=False),
        Target(
            "memory", "memory at rest", found["memory_mb"]["at_rest"], "at most", 150, unit="MB"
        ),
    ]


def _latencies(taken: list[Json]) -> list[Target]:
    return [
        Target(
            f"open_{kind}_{share}",
            f"300 messages a second, {what} {share}",
            median(each[kind][share] for each in taken),
            "at most",
            most,
            unit="ms",
            portable=False,
        )
        for kind, share, most, what in (
            ("latency_ms", "p50", 3, "reply"),
            ("latency_ms", "p99", 10, "reply"),
            ("ack_ms", "p99", 5, "acknowledgement"),
        )
    ]


def _statuses(found: Json) -> list[Target]:
    plain, told, receipts = (
        [cpu(figures) for figures in found[name]] for name in ("without", "with", "receipts")
    )
    return [
        Target(
            "statuses",
            "CPU with 3 statuses a reply, x without",
            ratio(zip(told, plain, strict=True)),
            "at most",
            2,
        ),
        Target(
            "receipts",
            "CPU with read receipts, x without (no target)",
            ratio(zip(receipts, plain, strict=True)),
            "at most",
            math.inf,
        ),
    ]


def _growth(found: Json) -> list[Target]:
    return [
        Target(
            f"growth_{name}",
            f"cost a message, growth per tenfold of {name}",
            slope({size: each["cpu_us"] for size, each in found[name].items()}),
            "at most",
            0.1,
            portable=False,  # about nothing: a share of it says nothing
        )
        for name in ("conversations", "nodes")
        if len(found[name]) > 1
    ]


def _processes(found: Json) -> list[Target]:
    one = found["1"]["msg_per_s"]
    more = [
        Target(
            f"processes_{count}",
            f"throughput of {count} processes, x one",
            round(each["msg_per_s"] / one, 3),
            "at least",
            0.9,
        )
        for count, each in found.items()
        if count != "1"
    ]
    lost = sum(each["lost"] + each["wrong_text"] for each in found.values())
    more.append(Target("processes_lost", "lost or wrong with many", lost, "at most", 0))
    if "2" in found:
        least = found["2"]["turn_shares"][-1]
        more.append(Target("turn_share", "least share of the turns at two", least, "at least", 0.3))
    return more


def _crashes(found: Json) -> list[Target]:
    lost = found["recado"]["lost"] + found["recado"]["wrong_text"]
    again = found["recado"]["duplicate"]
    return [
        Target("crash_lost", "lost by a kill -9", lost, "at most", 0),
        Target("crash_doubled", "replies doubled by it", again, "at most", 50, 0),
    ]


def _bursts(found: Json) -> list[Target]:
    exact = round(found["exact"] / found["bursts"], 3)
    overlapping = found["overlapping_sends"]
    return [
        Target("bursts_exact", "bursts of five answered exactly, share", exact, "at least", 1),
        Target("bursts_overlap", "sends to one customer that overlap", overlapping, "at most", 0),
    ]
