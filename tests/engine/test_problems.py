"""A broken flow for every problem there is: each is found exactly once, and in sound flows none of them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from recado.engine.compile import compile
from recado.engine.flow import MAX_VARIABLES_BYTES, FlowDocument
from recado.engine.problems import SENTENCES, Problem
from recado.engine.resources import Resources
from recado.engine.template_checks import KnownButton, KnownTemplate
from recado.nodes import NODE_TYPES

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.json"))
SOUND = sorted((HERE / "sound").glob("*.json"))
PUBLISHED, DRAFT = (f"0198a000-0000-7000-8000-{number:012}" for number in (3, 2))
THERE = Resources(
    secrets=frozenset({"CHAVE"}),
    connections=frozenset({"estoque"}),
    accounts=frozenset({"assistente"}),
    calendars=frozenset({"Matriz"}),
    templates=(
        KnownTemplate("lembrete", "pt_BR", body_values=("1",)),
        KnownTemplate("nomes", "pt_BR", parameter_format="NAMED", body_values=("nome",)),
        KnownTemplate("recusado", "pt_BR", status="REJECTED"),
        KnownTemplate(
            "botoes",
            "pt_BR",
            buttons=(
                KnownButton("quick_reply", "Sim"),
                KnownButton("url", "Ver"),
                KnownButton("url", "Abrir", needs_value=True),
            ),
        ),
        KnownTemplate(
            "respostas",
            "pt_BR",
            buttons=(KnownButton("quick_reply", "Sim"), KnownButton("quick_reply", "Não")),
        ),
    ),
    published={PUBLISHED: True, DRAFT: False},
)
# A quarter of a megabyte is not kept in a file.
LARGE = {"flow_too_large": {"x": "a" * (MAX_VARIABLES_BYTES + 1)}}


def read(file: Path) -> FlowDocument:
    raw: dict[str, Any] = json.loads(file.read_text("utf-8"))
    if file.stem in LARGE:
        raw["variables"] = LARGE[file.stem]
    return FlowDocument.model_validate(raw)


def problems(document: FlowDocument) -> tuple[Problem, ...]:
    return compile(document, NODE_TYPES, THERE).problems


def test_every_problem_has_its_broken_flow() -> None:
    assert {file.stem for file in BROKEN} == set(SENTENCES)


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_each_is_found_exactly_once_and_said_in_both_languages(file: Path) -> None:
    found = problems(read(file))

    assert Counter(problem.code for problem in found)[file.stem] == 1
    errors = {problem.code for problem in found if problem.severity == "error"}
    assert errors <= {file.stem}
    for problem in found:
        assert "{" not in problem.say("pt-BR").replace("{{", "")
        assert problem.say("pt-BR") != problem.say("en")


@pytest.mark.parametrize("file", SOUND, ids=lambda file: file.stem)
def test_in_sound_flows_there_is_none(file: Path) -> None:
    assert [problem.say("en") for problem in problems(read(file))] == []


def test_sound_flows_use_every_node_type() -> None:
    used = {node.type for file in SOUND for node in read(file).nodes}

    assert used == set(NODE_TYPES)
