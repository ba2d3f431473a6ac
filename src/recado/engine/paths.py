"""What only the ways through a flow show: variables that some way leaves unset, WhatsApp's 24 hours, messages in a row.

Seconds and messages since the customer was heard add up along the ways (`longest.py`), and what is certain to be set
comes together where ways meet (`certain.py`). Neither walks round a loop for as long as a customer could.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from recado.engine.certain import ALL, Change, certain_at
from recado.engine.longest import longest
from recado.engine.node import Node
from recado.engine.problems import Problem, warning
from recado.engine.spelling import Spelling
from recado.engine.unset_variables import Judge, Names

DAY = 86_400
# More than that is billed at once, message by message (Meta, from 2026-10-01 on).
MOST_IN_A_ROW = 3

Routes = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class _Way:
    """A way out of a node: what it does to variables, and how many seconds it takes (None: until a reply)."""

    change: Change
    takes: int | None


Ways = Mapping[str, Sequence[_Way]]


def path_problems(
    entries: Sequence[str],
    nodes: Mapping[str, Node],
    routes: Routes,
    variables: Iterable[str],
    spelling: Spelling,
) -> Iterator[Problem]:
    """Finds what goes wrong on some way through the flow. Who comes in by an entry was heard just now, and has `variables`."""
    names = Names()
    ways = _reached(entries, _ways(nodes, routes, names))
    silent = longest({id: _silence(nodes[id], ways[id]) for id in ways}, most=2 * DAY)
    said = longest({id: _words(nodes[id], ways[id]) for id in ways}, most=MOST_IN_A_ROW + 1)
    changes = {id: [way.change for way in out] for id, out in ways.items()}
    certain = certain_at(entries, names.mask(variables), changes)
    judge = Judge(names, frozenset(variables) | _settable(nodes), spelling)
    for id in ways:
        node = nodes[id]
        yield from judge.problems(id, node, certain[id])
        if node.speaks_freely and silent[id] >= DAY:
            yield warning("outside_window", node=id, hours=silent[id] // 3_600)
        if said[id] <= MOST_IN_A_ROW < said[id] + node.messages:
            yield warning("many_in_a_row", node=id, most=MOST_IN_A_ROW)


def _ways(nodes: Mapping[str, Node], routes: Routes, names: Names) -> dict[str, list[_Way]]:
    found: dict[str, list[_Way]] = {id: [] for id in nodes}
    for (id, port), target in routes.items():
        node = nodes[id]
        if not node.can_take(port):
            continue
        # What a called flow brings back nobody here knows.
        sets = ALL if node.jumps()[1] is not None else names.mask(node.sets(port))
        change = Change(target, sets, names.mask(node.unsets(port)))
        found[id].append(_Way(change, node.takes(port)))
    for id, node in nodes.items():
        jump, _ = node.jumps()
        if jump is not None and jump in nodes:
            found[id].append(_Way(Change(jump, 0, 0), 0))
    return found


def _reached(entries: Sequence[str], ways: Ways) -> dict[str, Sequence[_Way]]:
    """Gives the ways out of what can be reached, the nearest first."""
    found = {id: ways[id] for id in entries}
    order = list(found)
    for id in order:
        for way in ways[id]:
            target = way.change.target
            if target not in found:
                found[target] = ways[target]
                order.append(target)
    return found


def _silence(node: Node, ways: Iterable[_Way]) -> list[tuple[str, int]]:
    """Gives how long the customer is silent on the ways that do not begin anew."""
    # A template may go out at any time, and what follows it is the author's business.
    if node.opens_window:
        return []
    return [(way.change.target, way.takes) for way in ways if way.takes is not None]


def _words(node: Node, ways: Iterable[_Way]) -> list[tuple[str, int]]:
    """Gives how many messages go out on the ways without a reply."""
    return [(way.change.target, node.messages) for way in ways if way.takes is not None]


def _settable(nodes: Mapping[str, Node]) -> frozenset[str]:
    return frozenset(
        name for node in nodes.values() for port in node.ports() for name in node.sets(port.id)
    )
