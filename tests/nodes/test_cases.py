"""Runs `tests/nodes/cases/<type>.json`: a node on its own, each port leading to a box of that name.

A case has `data` (the node's configuration) and either `problems` (codes the compiler must find) or `steps` with what
must come of them: `port`, `says`, `variables`, `waits`. RECADO_GOLDEN=1 fills in what is expected; read the diff.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.nodes import NODE_TYPES
from tests.engine.script import Script, program_of

CASES = Path(__file__).parent / "cases"
GOLDEN = os.environ.get("RECADO_GOLDEN") == "1"


def _document(type: str, case: dict[str, Any]) -> dict[str, Any]:
    start: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    node = {"id": "node", "type": type, "data": case["data"]}
    ports = _ports(type, case["data"]) if case.get("edges", True) else []
    ends = [{"id": f"port:{port}", "type": "end", "data": {}} for port in ports]
    edges = [{"id": "e", "source": "start", "target": "node"}]
    edges += [
        {"id": f"e:{port}", "source": "node", "sourceHandle": port, "target": f"port:{port}"}
        for port in ports
    ]
    if type == "start":
        start, edges = [], edges[1:]
    document = {"nodes": [*start, node, *ends], "edges": edges}
    return {
        **document,
        "variables": case.get("variables", {}),
        "settings": case.get("settings", {}),
    }


def _ports(type: str, data: dict[str, Any]) -> list[str]:
    return [port.id for port in NODE_TYPES[type].model_validate({**data, "type": type}).ports()]


def _play(type: str, case: dict[str, Any]) -> dict[str, Any]:
    script = Script(program_of(_document(type, case)))
    says = script.says(*case["steps"])
    state = script.play.state
    assert state is not None
    left = [
        v.port
        for turn in script.play.turns
        for v in turn.trace.visits
        if v.node == "node" and v.port
    ]
    given = case.get("variables", {})
    changed = {k: v for k, v in state.variables.items() if k not in given or given[k] != v}
    changed |= {k: None for k in given if k not in state.variables}
    result: dict[str, Any] = {
        "port": left[-1] if left else None,
        "says": says,
        "variables": changed,
    }
    return {**result, "status": state.status.value, "waits": state.wait is not None}


def _find(type: str, case: dict[str, Any]) -> list[str]:
    document = {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "node", "type": type, "data": case["data"]},
        ],
        "edges": [{"id": "e", "source": "start", "target": "node"}],
    }
    compiled = compile(FlowDocument.model_validate(document), NODE_TYPES)
    return sorted({p.code for p in compiled.problems if p.severity == "error"})


def _all() -> list[tuple[str, int, str]]:
    return [
        (path.stem, index, case["name"])
        for path in sorted(CASES.glob("*.json"))
        for index, case in enumerate(json.loads(path.read_text()))
    ]


@pytest.mark.parametrize(("type", "index", "name"), _all(), ids=str)
def test_case(type: str, index: int, name: str) -> None:
    path = CASES / f"{type}.json"
    cases = json.loads(path.read_text())
    case = cases[index]

    kind = "expect" if "steps" in case else "problems"
    found = _play(type, case) if "steps" in case else _find(type, case)

    if GOLDEN and case.get(kind) != found:
        case[kind] = found
        path.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n")
    assert case[kind] == found


@pytest.mark.parametrize("type", sorted(NODE_TYPES))
def test_every_port_is_taken_by_some_case(type: str) -> None:
    cases = [c for c in json.loads((CASES / f"{type}.json").read_text()) if "steps" in c]
    data = [port for c in cases for port in _ports(type, c["data"])]

    taken = {c["expect"]["port"] for c in cases} - {None}

    assert set(data) == taken


@pytest.mark.parametrize("type", sorted(NODE_TYPES))
def test_every_type_refuses_a_wrong_configuration(type: str) -> None:
    cases = json.loads((CASES / f"{type}.json").read_text())

    assert any(case.get("problems") for case in cases)


@pytest.mark.parametrize("type", sorted(NODE_TYPES))
def test_the_documented_example_compiles(type: str) -> None:
    kind = NODE_TYPES[type]

    node = kind.model_validate({**kind.about.example, "type": type})

    assert not list(node.problems())
    assert set(kind.about.name) == set(kind.about.help) == {"pt-BR", "en"}
