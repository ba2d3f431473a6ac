"""Finds what is certain at each node, whatever the way there: a set of bits that ways set and unset.

Loops come one after the other. What a loop only unsets is missing everywhere in it, which one look tells; what it sets as
well is gone over, forth and back, until nothing changes: a bit that is lost does not come back, so there is an end, and
two or three rounds are the rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from recado.engine.loops import components

# What would be certain if there were no way to a node.
ALL = -1


@dataclass(frozen=True, slots=True)
class Change:
    """A way to a node, and the bits that going it sets and unsets; what it sets is set in any case."""

    target: str
    sets: int
    unsets: int


Changes = Mapping[str, Sequence[Change]]


def certain_at(entries: Iterable[str], given: int, changes: Changes) -> dict[str, int]:
    """Gives the bits that are set at each node on every way from an entry, where those in `given` are set."""
    certain = dict.fromkeys(changes, ALL)
    certain |= dict.fromkeys(entries, given)
    targets = {id: [change.target for change in out] for id, out in changes.items()}
    # Who leads to others comes first.
    for group in reversed(list(components(targets))):
        _even_out(group, changes, certain)
        _settle(group[::-1], changes, certain)
    return certain


def _even_out(group: Sequence[str], changes: Changes, certain: dict[str, int]) -> None:
    """Takes from all nodes of a loop what is lost anywhere in it and never set in it: who goes round comes by there."""
    inside = frozenset(group)
    within = [change for id in group for change in changes[id] if change.target in inside]
    if not within:
        return
    sets = reduce(or_, (change.sets for change in within))
    unsets = reduce(or_, (change.unsets for change in within))
    given = reduce(and_, (certain[id] for id in group))
    for id in group:
        certain[id] &= given & ~unsets | sets


def _settle(order: list[str], changes: Changes, certain: dict[str, int]) -> None:
    """Carries what is certain along the ways out of nodes that lead to each other, until none of them changes."""
    inside, waiting = frozenset(order), set(order)
    while waiting:
        for id in order:
            if id in waiting:
                waiting.discard(id)
                waiting.update(_carry(certain, id, changes[id]) & inside)
        order.reverse()


def _carry(certain: dict[str, int], id: str, changes: Sequence[Change]) -> set[str]:
    """Takes from the targets what is not certain on the way there; gives those that lost something."""
    poorer: set[str] = set()
    for change in changes:
        known = certain[change.target]
        left = known & (certain[id] & ~change.unsets | change.sets)
        if left != known:
            certain[change.target] = left
            poorer.add(change.target)
    return poorer
