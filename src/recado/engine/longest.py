"""Finds how much the ways through a graph may add up to, up to a limit: each node and each way is looked at once."""

from collections.abc import Mapping, Sequence

from recado.engine.loops import components

Ways = Mapping[str, Sequence[tuple[str, int]]]


def longest(ways: Ways, *, most: int) -> dict[str, int]:
    """Gives the most that some way to each node adds up to, from 0 anywhere; `ways` are (target, what it adds).

    Who can go round a loop that adds anything can go round until the limit is reached, so such a loop is at `most`
    without being walked. The others are the same all the way round, which leaves a graph without loops.
    """
    total = dict.fromkeys(ways, 0)
    # Who leads to others comes first.
    for group in reversed(list(components(_targets(ways)))):
        inside = frozenset(group)
        level = most if _grows(group, inside, ways) else max(total[id] for id in group)
        for id in group:
            total[id] = level
            for target, adds in ways[id]:
                if target not in inside:
                    total[target] = max(total[target], min(level + adds, most))
    return total


def _targets(ways: Ways) -> dict[str, list[str]]:
    return {id: [target for target, _ in out] for id, out in ways.items()}


def _grows(group: Sequence[str], inside: frozenset[str], ways: Ways) -> bool:
    return any(adds > 0 and target in inside for id in group for target, adds in ways[id])
