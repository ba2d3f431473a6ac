"""The ten imported flows, talked with: every path that needs no real service, the calls pinned.

The stories are in `played/`, in the form of `engine/story.py`, without their flow: that is what the importer makes of
the file of the same name. `RECADO_GOLDEN=1` writes down what the bot says; read the difference before committing it.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from recado.engine.dialects import read
from recado.engine.stories import Telling
from recado.engine.story import parse_story
from recado.engine.story_flows import Flows, compile_flows
from recado.engine.story_outcomes import ending, pretty
from recado.engine.story_tests import coverage, judge
from recado.nodes import NODE_TYPES

Json = dict[str, Any]
HERE = Path(__file__).parent
NAMES = [path.stem for path in sorted((HERE / "flows").glob("*.json"))]
GOLDEN = os.environ.get("RECADO_GOLDEN") == "1"
# The flow that the author of 05 picks for the name “support”.
SUPPORT: Json = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "end", "type": "end", "data": {"content": "Suporte: já falamos."}},
    ],
    "edges": [{"id": "e", "source": "start", "target": "end"}],
}
# Ways out that nobody can bring about: a menu without an edge for other words asks again, a handoff without one for
# its time ends the session, these dates are always dates, and what is not equal is unequal.
UNREACHABLE = {
    "01_padaria_botoes_handoff": {("node-3", "other"), ("node-8", "timeout")},
    "05_lojas_banco_salto_midia": {("node-9", "timeout")},
    "06_fallback_janela_inatividade": {("node-4", "timeout")},
    "08_dialeto_c_modelo_pronto": {("node_6", "else"), ("node_7", "timeout")},
    "02_clinica_lista_data_template": {("node-2", "other"), ("node-3", "error"), ("node-4", "error")},
    "09_exportacao_format_version_1_0": {("node-4", "error")},
}  # fmt: skip


def stories(name: str) -> list[Json]:
    """Gives the stories of an imported flow."""
    told: list[Json] = json.loads((HERE / "played" / f"{name}.json").read_text("utf-8"))
    return told


def flows_of(name: str) -> Flows:
    """Imports a flow and compiles it."""
    raw = json.loads((HERE / "flows" / f"{name}.json").read_text("utf-8"))
    document, _ = read(raw)
    return compile_flows({"main": [document.dump()], "support": [SUPPORT]}, NODE_TYPES)


def tell_anew(name: str) -> None:
    """Writes down what the bot says now."""
    told: list[Json] = []
    for story in stories(name):
        telling = Telling(parse_story(story), flows_of(name))
        steps = [telling.step(step) for step in parse_story(story).steps]
        kept: Json = {key: story[key] for key in ("story", "pinned") if key in story}
        told.append({**kept, "steps": steps, "at_the_end": ending(telling.play, telling.now)})
    (HERE / "played" / f"{name}.json").write_text(pretty(told) + "\n", "utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_flow_says_what_it_said(name: str) -> None:
    if GOLDEN:
        tell_anew(name)

    flows = flows_of(name)
    for story in stories(name):
        verdict = asyncio.run(judge(parse_story(story), flows))

        assert verdict.mistake is None
        assert verdict.differences == [], story["story"]


@pytest.mark.parametrize("name", NAMES)
def test_every_node_and_every_way_out_is_taken(name: str) -> None:
    flows = flows_of(name)
    verdicts = [asyncio.run(judge(parse_story(story), flows)) for story in stories(name)]

    reached = coverage(flows.programs["main 1"], verdicts)

    assert reached.nodes_missed == ()
    assert {*reached.ports_missed} == UNREACHABLE.get(name, set())
