"""Every node type against what each must have: the table `docs/proof/node-types.md`. RECADO_GOLDEN=1 writes it anew."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from recado.cli.scripts import script_runner
from recado.cli.talk import Talk
from recado.engine.events import World
from recado.engine.play import Play
from recado.nodes import NODE_TYPES
from tests.engine.script import program_of

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
TABLE = DOCS / "proof" / "node-types.md"
FAILING = {"error", "invalid", "timeout", "other", "empty", "else", "closed"}
# Nothing that these do can go wrong once the compiler has passed them.
NEVER_FAILS = {"start", "message", "end", "random", "set_variable", "analytics", "delay"}
HEAD = """# Every node type, and what each must have

Made by `make golden` from the cases in `tests/nodes/cases/`, from playing each type's documented example in the terminal
chat, and from the generated pages; a test holds this file against them.

| type | ports taken | bad configuration refused | failure path | plays in `talk` | page | languages |
|---|---|---|---|---|---|---|
"""


def cases(type: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((HERE / "cases" / f"{type}.json").read_text())
    return found


def ports_taken(type: str) -> str:
    played = [case for case in cases(type) if "steps" in case]
    ports = {
        port.id
        for case in played
        for port in NODE_TYPES[type].model_validate({**case["data"], "type": type}).ports()
    }
    taken = {case["expect"]["port"] for case in played} - {None}
    assert ports <= taken, type
    return f"{len(taken)} of {len(ports)}, {len(played)} cases" if ports else "has none"


def failure_path(type: str) -> str:
    played = [case["expect"] for case in cases(type) if "steps" in case]
    ports = sorted({each["port"] for each in played if each["port"] in FAILING})
    ends = sorted({each["status"] for each in played if each["status"] in ("failed", "handed_off")})
    found = [f"*{port}*" for port in ports] + ends
    assert found or type in NEVER_FAILS, type
    return ", ".join(found) if found else "cannot fail"


def talked(type: str) -> str:
    """Plays the documented example between a start and an end, as an author would to see what it does."""
    kind = NODE_TYPES[type]
    node = {"id": "menu", "type": type, "data": kind.about.example}
    ports = kind.model_validate({**kind.about.example, "type": type}).ports()
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start"}, node]
    edges = [{"id": "e", "source": "start", "target": "menu"}]
    if type == "start":
        nodes, edges = [{**node, "id": "start"}], []
    nodes.append({"id": "fim", "type": "end", "data": {"content": "Fim."}})
    source = nodes[0]["id"] if type == "start" else "menu"
    edges += [
        {"id": port.id, "source": source, "sourceHandle": port.id, "target": "fim"}
        for port in ports
    ]
    if type == "jump":
        nodes[1] = {**node, "id": "salto", "data": {"to_node": "fim"}}
        edges = [{"id": "e", "source": "start", "target": "salto"}]
    screen = io.StringIO()
    play = Play(program_of({"nodes": nodes, "edges": edges}), world=World(contact={"id": "ana"}))
    with script_runner() as perform:
        talk = Talk(play, Console(file=screen, width=200), perform=perform)
        for line in ("oi", "/accept", "1", "/call 1", "/wait 30d", "/release"):
            talk.take(line)
    assert any(visit.type == type for turn in play.turns for visit in turn.trace.visits), type
    assert screen.getvalue().strip(), type
    return f"{len(play.turns)} turns"


def page(type: str) -> str:
    text = (DOCS / "nodes" / f"{type}.md").read_text()
    assert "## Example" in text
    return f"[{type}](../nodes/{type}.md)"


def languages(type: str) -> str:
    about = NODE_TYPES[type].about
    assert set(about.name) == set(about.help) == {"pt-BR", "en"}
    return f"{about.name['pt-BR']} / {about.name['en']}"


def row(type: str) -> str:
    refused = sum(bool(case.get("problems")) for case in cases(type))
    assert refused, type
    cells = [
        f"`{type}`",
        ports_taken(type),
        f"{refused} cases",
        failure_path(type),
        talked(type),
        page(type),
        languages(type),
    ]
    return f"| {' | '.join(cells)} |\n"


@pytest.mark.timeout(120)
def test_the_table_is_filled_and_true() -> None:
    table = HEAD + "".join(row(type) for type in NODE_TYPES)

    if os.environ.get("RECADO_GOLDEN") == "1":
        TABLE.write_text(table, "utf-8")
    assert len(NODE_TYPES) >= 21
    assert TABLE.read_text("utf-8") == table
