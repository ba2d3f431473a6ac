"""What only the ways through a flow show: variables that some way leaves unset, WhatsApp's 24 hours, messages in a row.

Three facts are carried along every way until none changes any more: which variables are set for certain, how many
seconds may have gone by since the customer was heard, and how many messages went out since. Each can only grow worse, and
each is bounded, so the work is linear in the edges times a small number.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from recado.engine.node import Node
from recado.engine.problems import Problem
from recado.engine.spelling import nearest
from recado.engine.variable_reads import Read, reads

DAY = 86_400
# More than that is billed at once, message by message (Meta, from 2026-10-01 on).
MOST_IN_A_ROW = 3

Routes = Mapping[tuple[str, str], str]


@dataclass(slots=True)
class _Names:
    """Gives each variable a bit, so that a set of them is one number."""

    bits: dict[str, int] = field(default_factory=dict)

    def mask(self, names: Iterable[str]) -> int:
        """Makes the number of a set of variables."""
        total = 0
        for name in names:
            total |= self.bits.setdefault(name, 1 << len(self.bits))
        return total


@dataclass(slots=True)
class _Fact:
    """What is known at the entrance of a node, over all ways that lead there."""

    certain: int  # variables that are set whatever the way, as a mask; -1: all
    silent: int  # seconds since the customer was heard, at most
    said: int  # messages since then, at most

    def join(self, other: "_Fact") -> bool:
        """Takes another way in; says whether that changes anything."""
        before = (self.certain, self.silent, self.said)
        self.certain &= other.certain
        self.silent = max(self.silent, other.silent)
        self.said = max(self.said, other.said)
        return before != (self.certain, self.silent, self.said)


def path_problems(
    start: str, nodes: Mapping[str, Node], routes: Routes, variables: Iterable[str]
) -> Iterator[Problem]:
    """Finds what goes wrong on some way through the flow; `variables` are set from the start."""
    names = _Names()
    given = names.mask(variables)
    facts = _carry(start, nodes, routes, names, given)
    settable = set(variables) | _settable(nodes)
    for id, fact in facts.items():
        node = nodes[id]
        yield from _unset(id, node, fact, names, settable)
        if node.speaks_freely and fact.silent >= DAY:
            yield _warning("outside_window", id, hours=fact.silent // 3_600)
        if fact.said <= MOST_IN_A_ROW < fact.said + node.messages:
            yield _warning("many_in_a_row", id, most=MOST_IN_A_ROW)


def _carry(
    start: str, nodes: Mapping[str, Node], routes: Routes, names: _Names, given: int
) -> dict[str, _Fact]:
    facts = {start: _Fact(given, 0, 0)}
    ways = _ways(nodes, routes, names)
    todo = deque([start])
    waiting = {start}
    while todo:
        id = todo.popleft()
        waiting.discard(id)
        for target, fact in _onward(nodes[id], facts[id], ways.get(id, ())):
            known = facts.get(target)
            if known is None:
                facts[target] = fact
            elif not known.join(fact):
                continue
            if target not in waiting:
                waiting.add(target)
                todo.append(target)
    return facts


@dataclass(frozen=True, slots=True)
class _Way:
    """A way out of a node: where it leads, what it sets (-1: who knows), how long it takes (None: a reply)."""

    target: str
    sets: int
    takes: int | None


def _ways(nodes: Mapping[str, Node], routes: Routes, names: _Names) -> dict[str, list[_Way]]:
    found: dict[str, list[_Way]] = {}
    for (id, port), target in routes.items():
        node = nodes[id]
        # What a called flow brings back nobody here knows.
        sets = -1 if node.jumps()[1] is not None else names.mask(node.sets(port))
        found.setdefault(id, []).append(_Way(target, sets, node.takes(port)))
    for id, node in nodes.items():
        jump, _ = node.jumps()
        if jump is not None and jump in nodes:
            found.setdefault(id, []).append(_Way(jump, 0, 0))
    return found


def _onward(node: Node, fact: _Fact, ways: Iterable[_Way]) -> Iterator[tuple[str, _Fact]]:
    said = min(fact.said + node.messages, MOST_IN_A_ROW + 1)
    for way in ways:
        if way.takes is None:
            yield way.target, _Fact(fact.certain | way.sets, 0, 0)
            continue
        # A template may go out at any time, and what follows it is the author's business.
        silent = 0 if node.opens_window else min(fact.silent + way.takes, 2 * DAY)
        yield way.target, _Fact(fact.certain | way.sets, silent, said)


def _settable(nodes: Mapping[str, Node]) -> set[str]:
    return {name for node in nodes.values() for port in node.ports() for name in node.sets(port.id)}


def _unset(
    id: str, node: Node, fact: _Fact, names: _Names, settable: set[str]
) -> Iterator[Problem]:
    told: set[str] = set()
    for read in reads(node):
        if read.name in told or fact.certain == -1 or fact.certain & names.mask([read.name]):
            continue
        told.add(read.name)
        yield _unset_problem(id, read, settable)


def _unset_problem(id: str, read: Read, settable: set[str]) -> Problem:
    if read.name in settable:
        return _warning("variable_unset_on_some_way", id, field=read.field, name=read.name)
    meant = nearest(read.name, settable)
    if meant:
        return _warning("variable_misspelt", id, field=read.field, name=read.name, meant=meant)
    return _warning("variable_never_set", id, field=read.field, name=read.name)


def _warning(code: str, node: str, *, field: str | None = None, **params: object) -> Problem:
    return Problem(code=code, severity="warning", node=node, field=field, params=dict(params))
