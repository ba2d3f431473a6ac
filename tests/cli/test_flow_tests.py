"""`recado flow test`: stories that pass, stories that don't and say where, and what they never reach."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recado.cli import app

FLOW: dict[str, Any] = {
    "name": "Pedido",
    "nodes": [
        {"id": "start", "type": "start"},
        {
            "id": "ask",
            "type": "question",
            "data": {"content": "Qual o pedido?", "variableName": "pedido", "timeout": 3600},
        },
        {
            "id": "dobro",
            "type": "script",
            "data": {"code": "return Number(pedido) * 2", "inputs": ["pedido"], "save_to": "dobro"},
        },
        {"id": "fim", "type": "end", "data": {"content": "Pedido {{dobro}}."}},
        {"id": "ops", "type": "end", "data": {"content": "Sem resposta."}},
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "ask"},
        {"id": "2", "source": "ask", "target": "dobro"},
        {"id": "3", "source": "dobro", "target": "fim"},
        {"id": "4", "source": "ask", "sourceHandle": "timeout", "target": "ops"},
    ],
}
STEPS = [
    {"customer": "oi", "bot": ["Qual o pedido?"]},
    {
        "customer": "21",
        "bot": ["(a call goes out: script)", "Pedido 42.", "(the session ends: completed)"],
    },
]


def run(folder: Path, *stories: dict[str, Any]) -> tuple[int, str]:
    """Writes a flow and stories about it, and plays them."""
    (folder / "pedido.json").write_text(json.dumps(FLOW))
    for number, story in enumerate(stories):
        (folder / f"{number}.story.json").write_text(json.dumps(story))
    result = CliRunner().invoke(app, ["flow", "test", str(folder)])
    return result.exit_code, result.output


def test_a_story_passes_and_scripts_really_run(tmp_path: Path) -> None:
    code, output = run(
        tmp_path, {"flow": "pedido.json", "steps": STEPS, "at_the_end": {"session": "completed"}}
    )

    assert code == 0, output
    assert "1 of 1 stories passed." in output
    assert "4 of 5 nodes" in output
    assert "not reached: ops" in output
    assert "ask.timeout" in output


def test_what_came_instead_is_shown_beside_what_was_expected(tmp_path: Path) -> None:
    wrong = [STEPS[0], {**STEPS[1], "bot": ["Pedido 21."]}]

    code, output = run(tmp_path, {"flow": "pedido.json", "steps": wrong})

    assert code == 1
    assert "step 2: customer: 21" in output
    assert "- expected  Pedido 21." in output
    assert "+ came      Pedido 42." in output
    assert "0 of 1 stories passed." in output


def test_clocks_jump_and_all_is_reached_by_several_stories(tmp_path: Path) -> None:
    late = [STEPS[0], {"wait": "1 hour", "bot": ["Sem resposta.", "(the session ends: completed)"]}]
    failing = [
        STEPS[0],
        {"customer": "x"},
    ]

    code, output = run(
        tmp_path,
        {"flow": "pedido.json", "steps": STEPS},
        {"flow": "pedido.json", "steps": late},
        {
            "flow": "pedido.json",
            "steps": failing,
            "pinned": {"dobro": {"error": "timeout"}},
            "at_the_end": {"session": "failed"},
        },
    )

    assert code == 0, output
    assert "5 of 5 nodes" in output


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ({"flow": "nada.json", "steps": STEPS}, "nada.json is no flow document"),
        ({"flow": "pedido.json", "steps": []}, "a list of 1 to 300 steps"),
        ({"flow": "pedido.json", "steps": [{"dance": 1}]}, "step 1: no such step: dance"),
        ({"flow": "pedido.json", "steps": [{"customer_taps": "Sim"}]}, "nothing to tap: Sim"),
        ({"flow": "pedido.json", "steps": [{"wait": "long"}]}, "not a span of time: long"),
        ({"flow": "pedido.json", "steps": [{"call": {}}]}, "no call is under way"),
        ({"steps": STEPS}, "must name a flow document"),
        ({"flow": 5, "steps": STEPS}, "flow: is the path of a flow document"),
        ({"flows": [1], "steps": STEPS}, "flows: must be an object"),
        ({"flows": {"main": 5}, "steps": STEPS}, "flows.main: a flow is a list of versions"),
        (
            {"flow": "pedido.json", "flows": {"main": []}, "steps": STEPS},
            "flows.main: is the name of the document that `flow` names",
        ),
        ({"flow": "pedido.json", "setps": STEPS, "steps": STEPS}, "setps: unknown field"),
        (
            {"flow": "pedido.json", "steps": STEPS, "pinned": {"dobor": {"value": 1}}},
            "pinned.dobor: no flow has this node",
        ),
        (
            {"flow": "pedido.json", "steps": [{"customer": "oi", "bots": ["x"]}]},
            "step 1, bots: unknown field",
        ),
    ],
)
def test_a_story_that_cannot_be_told_says_why(
    tmp_path: Path, story: dict[str, Any], said: str
) -> None:
    code, output = run(tmp_path, story)

    assert code == 1
    assert said in output


def test_a_mistake_does_not_hide_what_went_wrong_before_it(tmp_path: Path) -> None:
    steps = [{**STEPS[0], "bot": ["Oi?"]}, {"customer_taps": "Sim"}]

    code, output = run(tmp_path, {"flow": "pedido.json", "steps": steps})

    assert code == 1
    assert "step 2: nothing to tap: Sim" in output
    assert "- expected  Oi?" in output
    assert "2 of 5 nodes" in output


def test_a_folder_without_stories_is_no_success(tmp_path: Path) -> None:
    assert run(tmp_path) == (1, "No story found: a story is a JSON file with `steps`.\n")


def test_two_files_of_one_name_are_two_flows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / name / "pedido.json").write_text(json.dumps(FLOW))
    (tmp_path / "a" / "all.story.json").write_text(
        json.dumps({"flow": "pedido.json", "steps": STEPS})
    )
    for number, steps in enumerate((STEPS[:1], [STEPS[0], {"wait": "2h"}])):
        story = {"flow": "../b/pedido.json", "steps": steps}
        (tmp_path / "a" / f"{number}.story.json").write_text(json.dumps(story))

    result = CliRunner().invoke(app, ["flow", "test", str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert f"{tmp_path}/a/pedido.json: 4 of 5 nodes" in result.output
    assert f"{tmp_path}/b/pedido.json: 3 of 5 nodes" in result.output


def test_a_flow_in_the_story_is_counted_whatever_its_name(tmp_path: Path) -> None:
    late = [STEPS[0], {"wait": "1 hour"}]

    code, output = run(
        tmp_path,
        {"flows": {"principal": [FLOW]}, "steps": STEPS},
        {"flows": {"main": [FLOW]}, "steps": late},
    )

    assert code == 0, output
    assert output.count("Pedido: ") == 1
    assert "Pedido: 5 of 5 nodes" in output


def test_a_story_leads_to_flows_beside_its_own(tmp_path: Path) -> None:
    jump = {"id": "fim", "type": "jump", "data": {"to_flow": "outro"}}
    nodes = [node if node["id"] != "fim" else jump for node in FLOW["nodes"]]
    other = {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "x", "type": "end", "data": {"content": "Aqui: {{dobro}}."}},
        ],
        "edges": [{"id": "1", "source": "start", "target": "x"}],
    }
    lines = ["(a call goes out: script)", "Aqui: 42.", "(the session ends: completed)"]

    code, output = run(
        tmp_path,
        {
            "flows": {"main": [{**FLOW, "nodes": nodes}], "outro": [other]},
            "steps": [STEPS[0], {"customer": "21", "bot": lines}],
        },
    )

    assert code == 0, output
