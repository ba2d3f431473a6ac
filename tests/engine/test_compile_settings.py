"""A flow's own settings are checked like its nodes: texts, the node of the menu, the flows they lead to."""

from typing import Any

import pytest

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.engine.problems import Problem
from recado.engine.resources import Resources
from recado.nodes import NODE_TYPES
from tests.engine.fixing import fix_for

DRAFT, GONE = (f"0198a000-0000-7000-8000-{number:012}" for number in (2, 9))
THERE = Resources(published={DRAFT: False})
QUESTION = {
    "id": "menu",
    "type": "question",
    "data": {"content": "Oi, {{nome}}: o que deseja?", "timeout": 60},
}
END = {"id": "end", "type": "end"}


def document(settings: dict[str, Any], **more: Any) -> FlowDocument:
    nodes = [{"id": "start", "type": "start"}, END, QUESTION]
    edges = [
        {"id": "1", "source": "start", "target": "end"},
        *(
            {"id": port, "source": "menu", "sourceHandle": port, "target": "end"}
            for port in ("next", "invalid", "timeout")
        ),
    ]
    raw = {"nodes": nodes, "edges": edges, "settings": settings, **more}
    return FlowDocument.model_validate(raw)


def problems(settings: dict[str, Any], **more: Any) -> tuple[Problem, ...]:
    return compile(document(settings, **more), NODE_TYPES, THERE).problems


def menu(**to: Any) -> dict[str, Any]:
    return {"commands": {"menu_to": to}}


MISTAKES = [
    ("bad_template", {"on_error": {"text": "Falhou, {{nome"}}, "on_error.text"),
    ("bad_template", {"inactivity": {"text": "{{ | }}"}}, "inactivity.text"),
    ("secret_not_allowed", {"on_error": {"text": "{{secret.CHAVE}}"}}, "on_error.text"),
    ("secret_not_allowed", {"inactivity": {"text": "{{secret.CHAVE}}"}}, "inactivity.text"),
    ("jump_to_missing_node", menu(to_node="mneu"), "commands.menu_to.to_node"),
    ("unknown_flow", menu(to_flow=GONE), "commands.menu_to.to_flow"),
    ("unknown_flow", {"inactivity": {"action": "flow", "flow": GONE}}, "inactivity.flow"),
    ("flow_never_published", menu(to_flow=DRAFT), "commands.menu_to.to_flow"),
    ("flow_never_published", {"inactivity": {"flow": DRAFT}}, "inactivity.flow"),
]


@pytest.mark.parametrize(("code", "settings", "field"), MISTAKES)
def test_a_mistake_in_the_settings_is_found_with_its_place(
    code: str, settings: dict[str, Any], field: str
) -> None:
    [problem] = [each for each in problems(settings) if each.code == code]

    assert (problem.node, problem.field) == (None, f"settings.{field}")
    assert (problem.severity == "warning") == (code == "flow_never_published")
    assert problem.say("pt-BR") != problem.say("en")
    assert fix_for(problem, document(settings)) is None


def test_a_node_that_only_the_menu_leads_to_is_reached_with_the_initial_variables() -> None:
    assert "unreachable" in {each.code for each in problems({})}

    found = problems(menu(to_node="menu"))
    assert [(each.code, each.node) for each in found] == [
        ("no_way_to_a_person", None),
        ("variable_never_set", "menu"),
    ]
    assert "variable_never_set" not in {
        each.code for each in problems(menu(to_node="menu"), variables={"nome": ""})
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"commands": {"menu": [], "menu_to": {"to_node": "menu"}}},
        {"commands": {"menu_to": {"to_node": "menu", "to_flow": DRAFT}}},
    ],
    ids=["no word for it", "a flow comes first"],
)
def test_a_menu_that_never_leads_there_makes_no_entrance(settings: dict[str, Any]) -> None:
    assert "unreachable" in {each.code for each in problems(settings)}


def test_a_node_with_a_mistake_of_its_own_is_there_all_the_same() -> None:
    broken = {"id": "outro", "type": "message", "data": {"content": 5}}
    given = document(menu(to_node="outro")).model_dump(by_alias=True)
    given["nodes"].append(broken)

    found = compile(FlowDocument.model_validate(given), NODE_TYPES).problems

    assert "jump_to_missing_node" not in {each.code for each in found}
