"""Loops are found in graph order, without recursion, and only outside what is skipped."""

from recado.engine.loops import loops


def test_a_chain_has_none() -> None:
    assert loops({"a": ["b"], "b": ["c"], "c": []}) == []


def test_a_node_that_leads_to_itself_is_one() -> None:
    assert loops({"a": ["a"]}) == [["a"]]


def test_two_loops_come_in_graph_order() -> None:
    graph = {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["e"], "e": ["d"]}

    assert loops(graph) == [["a", "b"], ["d", "e"]]


def test_a_skipped_node_opens_the_loop() -> None:
    assert loops({"a": ["b"], "b": ["a"]}, skip={"b"}) == []


def test_a_long_chain_does_not_recurse() -> None:
    graph = {str(i): [str(i + 1)] for i in range(20_000)} | {"20000": ["0"]}

    assert len(loops(graph)[0]) == 20_001
