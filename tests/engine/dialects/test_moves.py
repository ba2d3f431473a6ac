"""jump, delay, set_variable and datetime in the spellings of every dialect."""

from typing import Any

import pytest

from recado.engine.dialects import read
from tests.engine.dialects.one import one

Json = dict[str, Any]
FLOW = "7b1f0f6e-4a0e-4c5d-9a54-0d6f6a1f2c10"

JUMPS: list[tuple[Json, Json]] = [
    ({"jumpType": "node", "targetNode": "a", "targetFlow": "", "preserveContext": True}, {"to_node": "a"}),
    ({"targetNodeId": "a"}, {"to_node": "a"}),
    ({"jumpType": "flow", "targetFlowId": FLOW}, {"to_flow": FLOW}),
    ({"target_flow_id": FLOW, "pass_variables": ["nome"], "return_to_parent": True},
     {"to_flow": FLOW, "mode": "call", "pass": ["nome"]}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), JUMPS)
def test_a_jump(data: Json, wanted: Json) -> None:
    found = one("jump", data, edges=[])

    assert (found.data, found.lost) == (wanted, [])


def test_a_flow_of_elsewhere_stays_by_name_for_the_author_to_pick() -> None:
    found = one("jump", {"jumpType": "flow", "targetFlow": "support", "targetNode": ""}, edges=[])

    assert found.data == {"to_flow": "support"}
    assert found.told("flow_by_name") == {"name": "support"}


def test_variables_passed_under_another_name_are_set_first() -> None:
    mapping = {"cliente": "{{nome}}"}

    found = one("jump_to_flow", {"target_flow_id": FLOW, "variable_mapping": mapping}, edges=[])

    assignments = [{"variable": "cliente", "value": "{{nome}}"}]
    assert found.others() == {"x-set_variable": {"assignments": assignments}}
    assert found.data == {"to_flow": FLOW, "pass": ["cliente"]}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"jumpType": "flow", "targetFlow": ""}, "flow_not_said"),
        ({"targetNode": "a", "preserveContext": False}, "context_kept"),
        ({"targetNode": "a", "clearContext": True}, "context_kept"),
    ],
)
def test_what_a_jump_loses_is_said(data: Json, code: str) -> None:
    assert code in one("jump", data, edges=[]).lost


def test_a_jump_to_a_node_that_got_one_before_it_leads_there() -> None:
    nodes = [
        {"id": "s", "type": "start"},
        {"id": "m", "type": "message", "data": {"messageText": "Oi", "delay": 2}},
        {"id": "j", "type": "jump", "data": {"targetNode": "m"}},
    ]

    document, _ = read({"nodes": nodes})

    assert document.nodes[-1].data == {"to_node": "m-delay"}


DELAYS: list[tuple[Json, Json]] = [
    ({"duration": 2, "unit": "minutes"}, {"amount": 2, "unit": "minutes"}),
    ({"delaySeconds": 3}, {"amount": 3, "unit": "seconds"}),
    ({"delayAmount": "5", "delayUnit": "hour"}, {"amount": 5, "unit": "hours"}),
    ({"duration": 1500, "unit": "ms"}, {"amount": 1.5, "unit": "seconds"}),
]


@pytest.mark.parametrize(("data", "wanted"), DELAYS)
def test_a_delay(data: Json, wanted: Json) -> None:
    found = one("delay", data)

    assert (found.data, found.lost) == (wanted, [])


def test_a_delay_says_its_words_before() -> None:
    found = one("delay", {"delaySeconds": 3, "delayMessage": "Um momento"})

    assert found.others() == {"x-message": {"content": "Um momento"}}
    assert found.ways("x-message") == {None: "x"}


def test_typing_is_kept_and_cancelling_is_said_to_be_lost() -> None:
    found = one("logic_wait", {"duration": 2, "unit": "seconds", "showTyping": True, "cancelable": True})  # fmt: skip

    assert found.data == {"amount": 2, "unit": "seconds", "typing": True}
    assert found.lost == ["not_cancelable"]


ASSIGNMENTS: list[tuple[Json, list[Json]]] = [
    ({"variableName": "x", "variableValue": "1", "valueType": "number", "operation": "increment"},
     [{"variable": "x", "value": "1", "operation": "increment", "as": "number"}]),
    ({"variables": [{"name": "a", "valueType": "static", "value": 1},
                    {"name": "b", "valueType": "variable", "variableSource": "a"},
                    {"name": "c", "valueType": "expression", "expression": "{{a}} + 1"}]},
     [{"variable": "a", "value": 1}, {"variable": "b", "value": "{{a}}"},
      {"variable": "c", "value": "a + 1", "as": "expression"}]),
    ({"variables": {"a": 1, "b": "{{a}}"}}, [{"variable": "a", "value": 1}, {"variable": "b", "value": "{{a}}"}]),
    ({"variable": "x", "value": ""}, [{"variable": "x", "value": ""}]),
    ({"variable": "x", "value": False}, [{"variable": "x", "value": False}]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), ASSIGNMENTS)
def test_assignments(data: Json, wanted: list[Json]) -> None:
    found = one("set_variable", data)

    assert (found.data, found.lost) == ({"assignments": wanted}, [])


def test_an_expression_that_ours_cannot_read_stays_a_text() -> None:
    variables = [{"name": "c", "valueType": "expression", "expression": "Math.pow({{a}}, 2)"}]

    found = one("set_variable", {"variables": variables})

    assert found.data["assignments"] == [{"variable": "c", "value": "Math.pow({{a}}, 2)"}]
    assert found.told("expression_as_text") == {"variable": "c"}


DATES: list[tuple[Json, Json]] = [
    ({"operation": "get_current", "outputFormat": "%d/%m/%Y", "outputVariable": "h", "addAmount": 1, "addUnit": "days",
      "compareOperator": "gt", "sourceVariable": "", "compareVariable": ""},
     {"operation": "now", "format": "%d/%m/%Y", "save_to": "h"}),
    ({"operation": "add", "sourceVariable": "d", "addAmount": 3, "addUnit": "days", "outputVariable": "e",
      "timezone": "America/Sao_Paulo"},
     {"operation": "add", "variable": "d", "amount": 3, "unit": "days", "save_to": "e", "timezone": "America/Sao_Paulo"}),
    ({"operation": "compare", "sourceVariable": "d", "compareWith": "e", "compareOperator": "lte", "outputVariable": "f"},
     {"operation": "compare", "variable": "d", "other": "{{e}}", "order": "<=", "save_to": "f"}),
    ({"operation": "parse", "inputVariable": "t", "inputFormat": "%d/%m/%Y", "outputVariable": "d"},
     {"operation": "parse", "variable": "t", "format": "%d/%m/%Y", "save_to": "d"}),
    ({"operation": "add", "inputVariable": "t", "add_days": 2, "outputVariable": "d"},
     {"operation": "add", "variable": "t", "amount": 2, "save_to": "d"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), DATES)
def test_dates(data: Json, wanted: Json) -> None:
    found = one("datetime", data)

    assert (found.data, found.lost) == (wanted, [])
    assert found.ways() == {None: "end", "error": "end"}
