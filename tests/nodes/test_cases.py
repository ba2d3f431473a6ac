"""Runs `tests/nodes/cases/<type>.json`: a node on its own, each port leading to a box of that name.

A case has `data` (the node's configuration) and either `problems` (codes the compiler must find) or `steps` with what
must come of them: `port`, `says`, `variables`, `status`, `waits`. It may have `world` (what the flow can read), `seed`,
`variables`, `settings`, `flows` (other flows by id, published) and `edges`: false to draw none, or the ports that get
one. `look` names more to be held against: `contents` (whole messages), `facts` (the trace), `box` (the one that was reached), `outcome`, `tags`,
`calls` (what was asked of the outside), `effects` (everything but messages and calls), `replies` (which message each one quotes), `fields` (where the problems are). RECADO_GOLDEN=1 fills in what is expected; read the diff.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from recado.engine.compile import compile
from recado.engine.effects import Call, Send
from recado.engine.events import World
from recado.engine.flow import FlowDocument
from recado.engine.library import Library
from recado.engine.node import Port
from recado.nodes import NODE_TYPES
from tests.engine.script import Script, program_of
from tests.nodes.drawn import ports_by

CASES = Path(__file__).parent / "cases"
GOLDEN = os.environ.get("RECADO_GOLDEN") == "1"


def _document(type: str, case: dict[str, Any]) -> dict[str, Any]:
    start: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    node = {"id": "node", "type": type, "data": case["data"]}
    ports = _ports(type, case["data"])
    drawn = case.get("edges", ports) or []
    ends = [{"id": f"port:{port}", "type": "end", "data": {}} for port in ports]
    edges = [{"id": "e", "source": "start", "target": "node"}]
    edges += [
        {"id": f"e:{port}", "source": "node", "sourceHandle": port, "target": f"port:{port}"}
        for port in drawn
    ]
    if type == "start":
        start, edges = [], edges[1:]
    document = {"nodes": [*start, node, *ends, *case.get("nodes", [])], "edges": edges}
    return {
        **document,
        "variables": case.get("variables", {}),
        "settings": case.get("settings", {}),
    }


def _ports(type: str, data: dict[str, Any]) -> list[str]:
    return [port.id for port in NODE_TYPES[type].model_validate({**data, "type": type}).ports()]


def _script(type: str, case: dict[str, Any]) -> Script:
    flows = {id: program_of(document) for id, document in case.get("flows", {}).items()}
    raw = {**case.get("world", {}), "published": {id: f"{id}:1" for id in flows}}
    script = Script(program_of(_document(type, case)), world=msgspec.convert(raw, World))
    script.play.seed = case.get("seed", 0)
    script.play.flow, script.play.version = "main", "main:1"
    programs = {f"{id}:1": program for id, program in flows.items()}
    script.play.library = Library({**programs, "main:1": script.play.program})
    return script


def _play(type: str, case: dict[str, Any]) -> dict[str, Any]:
    script = _script(type, case)
    says = script.says(*case["steps"])
    state = script.play.state
    assert state is not None
    walked = [visit for turn in script.play.turns for visit in turn.trace.visits]
    visits = [visit for visit in walked if visit.node == "node"]
    # A call comes back by *next* long after its visit: then the box behind the port tells.
    arrived = [v.node.removeprefix("port:") for v in walked if v.node.startswith("port:")]
    ports = [visit.port for visit in visits if visit.port] or arrived
    given = case.get("variables", {})
    changed = {k: v for k, v in state.variables.items() if k not in given or given[k] != v}
    changed |= {k: None for k in given if k not in state.variables}
    result: dict[str, Any] = {
        "port": ports[-1] if ports else None,
        "says": says,
        "variables": changed,
        "status": state.status.value,
        "waits": state.wait is not None,
    }
    effects = [effect for turn in script.play.turns for effect in turn.effects]
    sends = [effect for effect in effects if isinstance(effect, Send)]
    looks: dict[str, Any] = {
        "contents": [_without_visit(msgspec.to_builtins(send.content)) for send in sends],
        "calls": [
            {"timeout": call.timeout, "repeatable": call.repeatable}
            | msgspec.json.decode(msgspec.json.encode(call.request))
            for call in effects
            if isinstance(call, Call)
        ],
        "effects": [
            json.loads(msgspec.json.encode(effect))
            for effect in effects
            if not isinstance(effect, Send | Call)
        ],
        "replies": [send.reply_to for send in sends],
        "facts": [fact for visit in visits for fact in [*visit.facts, *visit.warnings]],
        "box": arrived[-1] if arrived else None,
        "outcome": state.outcome,
        "tags": script.play.world.contact.get("tags", []),
    }
    return {**result, **{name: looks[name] for name in case.get("look", [])}}


def _without_visit(content: Any) -> Any:
    return json.loads(re.sub(r'"id": "[^":]{12}:', '"id": "visit:', json.dumps(content)))


def _find(type: str, case: dict[str, Any]) -> list[str]:
    document = {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "node", "type": type, "data": case["data"]},
        ],
        "edges": [{"id": "e", "source": "start", "target": "node"}],
    }
    compiled = compile(FlowDocument.model_validate(document), NODE_TYPES)
    errors = [problem for problem in compiled.problems if problem.severity == "error"]
    assert all(problem.say("pt-BR") and problem.say("en") for problem in errors)
    if "fields" in case.get("look", []):
        return sorted({f"{problem.code} at {problem.field}" for problem in errors})
    return sorted({problem.code for problem in errors})


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


@pytest.mark.parametrize(("type", "index", "name"), _all(), ids=str)
def test_the_ways_out_as_data_are_the_ways_out(type: str, index: int, name: str) -> None:
    case = json.loads((CASES / f"{type}.json").read_text())[index]
    if "steps" not in case:
        return
    node = NODE_TYPES[type].model_validate({**case["data"], "type": type})
    data = node.model_dump(mode="json", by_alias=True)

    drawn = [Port(id, rule.side, rule.ends) for id, rule in ports_by(node.port_rules, data)]

    assert drawn == list(node.ports())


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
