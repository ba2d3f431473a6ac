"""Finds the loops of a graph (Tarjan's strongly connected components, without recursion)."""

from collections.abc import Iterator, Mapping, Sequence, Set


def loops(after: Mapping[str, Sequence[str]], *, skip: Set[str] = frozenset()) -> list[list[str]]:
    """Gives each set of nodes that can go round for ever without touching a node in `skip`, in graph order."""
    graph = {
        id: [next for next in targets if next not in skip]
        for id, targets in after.items()
        if id not in skip
    }
    order = {id: index for index, id in enumerate(graph)}
    found = [
        sorted(group, key=order.__getitem__)
        for group in components(graph)
        if len(group) > 1 or group[0] in graph[group[0]]
    ]
    return sorted(found, key=lambda group: order[group[0]])


def components(graph: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Gives the sets of nodes that lead to each other, each set before those that lead to it."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        _open(root, index, low, stack, on_stack)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    _open(target, index, low, stack, on_stack)
                    work.append((target, iter(graph[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    yield _close(node, stack, on_stack)


def _open(
    node: str, index: dict[str, int], low: dict[str, int], stack: list[str], on_stack: set[str]
) -> None:
    index[node] = low[node] = len(index)
    stack.append(node)
    on_stack.add(node)


def _close(node: str, stack: list[str], on_stack: set[str]) -> list[str]:
    group: list[str] = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        group.append(member)
        if member == node:
            return group
