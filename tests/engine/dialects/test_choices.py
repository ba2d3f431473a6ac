"""condition, random, buttons and lists in the spellings of every dialect, and where their exits lead."""

from typing import Any

import pytest

from tests.engine.dialects.one import one

Json = dict[str, Any]


def rule(variable: str, operator: str, value: Any) -> Json:
    return {"variable": variable, "operator": operator, "value": value}


def leaving(*ways: tuple[str | None, str], by: str = "sourceHandle") -> list[Json]:
    """Draws edges from `x`, each with a handle (or label) and a target."""
    return [
        {"id": f"way{place}", "source": "x", "target": target, **({by: name} if name else {})}
        for place, (name, target) in enumerate(ways)
    ]


ADULT = {"variable": "idade", "operator": ">=", "value": "18", "label": "Adulto"}
TEEN = {"variable": "idade", "operator": ">=", "value": "12", "label": "Jovem"}


def test_conditions_with_exits_of_their_own_are_cases_and_the_first_wins() -> None:
    data = {"conditions": [ADULT, TEEN], "logicOperator": "AND", "hasDefaultRoute": True}
    drawn = leaving(("condition-0", "a"), ("condition-1", "b"), ("condition-default", "end"))

    found = one("condition", data, edges=drawn)

    assert found.data["cases"] == [
        {"id": "condition-0", "label": "Adulto", "rules": [rule("idade", ">=", "18")]},
        {"id": "condition-1", "label": "Jovem", "rules": [rule("idade", ">=", "12")]},
    ]
    assert found.ways() == {"condition-0": "a", "condition-1": "b", "else": "end"}
    assert found.told("first_match_wins") == {"count": 2, "operator": "AND"}


@pytest.mark.parametrize(("operator", "match"), [("AND", "all"), ("OR", "any")])
@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("Sim", "NÃO"), ("yes", "no")])
@pytest.mark.parametrize("by", ["sourceHandle", "label"])
def test_conditions_whose_edges_say_yes_and_no_are_one_case(
    operator: str, match: str, yes: str, no: str, by: str
) -> None:
    data = {"conditions": [ADULT, TEEN], "logicOperator": operator}

    found = one("condition", data, edges=leaving((yes, "a"), (no, "b"), by=by))

    (case,) = found.data["cases"]
    assert (case["id"], case["match"], len(case["rules"])) == ("true", match, 2)
    assert found.ways() == {"true": "a", "else": "b"}
    assert found.told("conditions_joined") == {"count": 2, "operator": operator}


def test_the_branches_of_a_template_name_the_cases() -> None:
    data = {"conditions": [{**rule("v", "==", "Moto"), "branch": "moto"}, {**rule("v", "!=", "Moto"), "branch": "outro"}]}  # fmt: skip

    found = one("condition", data, edges=leaving(("moto", "a"), ("outro", "b")))

    assert [case["id"] for case in found.data["cases"]] == ["moto", "outro"]
    assert found.ways() == {"moto": "a", "outro": "b"}
    assert found.report.dialects == ("C",)


def test_conditions_that_share_a_branch_get_an_edge_each() -> None:
    shared = [{**rule("v", "==", word), "branch": branch} for word, branch in [("A", "x"), ("B", "y"), ("C", "x")]]  # fmt: skip

    found = one("condition", {"conditions": shared}, edges=leaving(("x", "a"), ("y", "b")))

    assert [case["id"] for case in found.data["cases"]] == ["x", "y", "x-2"]
    assert found.ways() == {"x": "a", "x-2": "a", "y": "b"}


SINGLE: list[Json] = [
    {"variable": "idade", "operator": ">=", "value": 18, "true_next_node_id": "a", "false_next_node_id": "b"},
    {"variableName": "idade", "operator": "gte", "value": 18, "branches": {"true": "a", "false": "b"}},
    {"condition": {"variableName": "idade", "operator": ">=", "value": 18}, "trueNodeId": "a", "falseNodeId": "b"},
    {"conditions": [{"variableName": "idade", "operator": "greater_than_or_equal", "value": 18, "targetNodeId": "a"}],
     "defaultTargetNodeId": "b"},
]  # fmt: skip


@pytest.mark.parametrize("data", SINGLE)
def test_targets_in_the_fields_become_edges(data: Json) -> None:
    found = one("condition", data, edges=[])

    assert found.data == {"cases": [{"id": "true", "rules": [rule("idade", ">=", 18)]}]}
    assert found.ways() == {"true": "a", "else": "b"}
    assert found.changed.count("edge_drawn") == 2
    assert found.lost == []


def test_a_switch_has_a_case_for_each_value() -> None:
    cases = [{"value": "sim", "next": "a"}, {"value": "não", "next": "b"}]

    found = one("logic_switch", {"variable": "v", "cases": cases}, edges=[])

    assert [case["rules"] for case in found.data["cases"]] == [
        [rule("v", "==", "sim")],
        [rule("v", "==", "não")],
    ]
    assert set(found.ways().values()) == {"a", "b"}


@pytest.mark.parametrize(
    ("said", "ours"),
    [("equals", "=="), ("!==", "!="), ("greater_than", ">"), ("lte", "<="), ("startsWith", "starts_with"),
     ("endsWith", "ends_with"), ("isEmpty", "is_empty"), ("isNotEmpty", "is_not_empty"), ("notIn", "not_in"),
     ("not_contains", "not_contains"), ("regex", "matches")],
)  # fmt: skip
def test_operators_are_read_in_every_spelling(said: str, ours: str) -> None:
    found = one("condition", {"conditions": [{"variable": "v", "operator": said, "value": ""}]})

    assert found.data["cases"][0]["rules"][0]["operator"] == ours


def test_an_operator_that_nobody_knows_is_said() -> None:
    found = one("condition", {"conditions": [rule("v", "resembles", "x")]})

    assert found.told("unknown_word") == {"field": "operator", "value": "resembles"}


def test_random_paths_lead_where_their_fields_say_and_the_drawn_edges_repeat_it() -> None:
    paths = [{"id": "path_a", "name": "A", "weight": 70, "targetNodeId": "a"}, {"id": "path_b", "name": "B", "weight": 30, "targetNodeId": "b"}]  # fmt: skip
    data = {"paths": paths, "saveToVariable": "ab", "outputVariable": "random_variant", "useSeeded": False, "seed": ""}  # fmt: skip

    found = one("random", data, edges=leaving((None, "a"), (None, "b")))

    assert found.data == {
        "paths": [
            {"id": "path_a", "label": "A", "weight": 70},
            {"id": "path_b", "label": "B", "weight": 30},
        ],
        "save_to": "ab",
    }
    assert found.ways() == {"path_a": "a", "path_b": "b"}
    assert found.told("variable_not_kept") == {"variable": "random_variant", "kept": "ab"}


def test_random_paths_without_a_target_take_the_drawn_edges_in_order() -> None:
    found = one("random", {"paths": [{"name": "A"}, {"name": "B"}]}, edges=leaving((None, "a"), (None, "b")))  # fmt: skip

    assert found.ways() == {"path_1": "a", "path_2": "b"}


def test_a_distribution_is_paths_and_a_seed_is_for_the_contact() -> None:
    data = {"distribution": {"A": 1, "B": 3, "C": 0}, "branches": {"A": "a", "B": "b"}, "useSeeded": True, "seed": "{{contact.id}}"}  # fmt: skip

    found = one("random", data, edges=[])

    assert found.data == {"paths": [{"id": "A", "weight": 1}, {"id": "B", "weight": 3}], "sticky": True}  # fmt: skip
    assert found.ways() == {"A": "a", "B": "b"}
    assert found.told("path_never_taken") == {"id": "C"}


BUTTONS: list[tuple[str, Json]] = [
    ("interactive_buttons", {"bodyText": "Vai?", "footerText": "Rodapé", "headerText": "Topo",
                             "buttons": [{"id": "s", "title": "Sim"}], "outputVariable": "v"}),
    ("interactive_buttons", {"message": "Vai?", "footer": "Rodapé", "header": {"text": "Topo"}, "variable": "v",
                             "buttons": [{"id": "s", "title": "Sim"}]}),
    ("msg_buttons", {"message": "Vai?", "footerText": "Rodapé", "headerText": "Topo", "variable": "v",
                     "buttons": [{"id": "s", "text": "Sim"}]}),
]  # fmt: skip


@pytest.mark.parametrize(("type", "data"), BUTTONS)
def test_buttons(type: str, data: Json) -> None:
    found = one(type, data)

    assert (found.type, found.lost) == ("interactive_buttons", [])
    assert found.data == {
        "header": {"text": "Topo"},
        "content": "Vai?",
        "footer": "Rodapé",
        "buttons": [{"id": "s", "title": "Sim"}],
        "variableName": "v",
    }
    assert found.ways() == {None: "end"}


@pytest.mark.parametrize("target", ["next", "targetNodeId", "next_node_id"])
def test_buttons_lead_where_their_fields_say(target: str) -> None:
    buttons = [{"id": "s", "title": "Sim", target: "a"}, {"title": "Não", target: "b"}]

    found = one("interactive_buttons", {"bodyText": "Vai?", "buttons": buttons}, edges=[])

    assert found.ways() == {"s": "a", "btn_2": "b"}


def test_more_than_three_buttons_become_a_question() -> None:
    buttons = [{"id": str(n), "title": f"Opção {n}", "next": "a"} for n in range(4)]

    found = one("buttons", {"text": "Qual?", "buttons": buttons, "footer": "x"}, edges=[])

    assert found.type == "question"
    assert found.data["options"][3] == {"value": "3", "label": "Opção 3"}
    assert found.data["route_by_option"] is True
    assert found.ways() == dict.fromkeys(["0", "1", "2", "3"], "a")
    assert found.told("field_not_kept") == {"field": "footer"}


def test_a_flat_list_becomes_one_section() -> None:
    rows = [{"id": "item_1", "title": "Um", "description": "primeiro"}, {"id": "item_2", "title": "Dois", "description": ""}]  # fmt: skip

    found = one("interactive_list", {"bodyText": "Qual?", "buttonText": "Ver", "listItems": rows, "outputVariable": "v"})  # fmt: skip

    kept = [{"id": "item_1", "title": "Um", "description": "primeiro"}, {"id": "item_2", "title": "Dois"}]  # fmt: skip
    assert found.data == {"content": "Qual?", "button": "Ver", "sections": [{"rows": kept}], "variableName": "v"}  # fmt: skip


def test_sections_stay_sections() -> None:
    sections = [{"title": "Frutas", "rows": [{"id": "uva", "title": "Uva", "targetNodeId": "a"}]}]

    found = one("interactive_list", {"bodyText": "?", "buttonText": "Ver", "sections": sections}, edges=[])  # fmt: skip

    assert found.data["sections"] == [{"title": "Frutas", "rows": [{"id": "uva", "title": "Uva"}]}]
    assert found.ways() == {"uva": "a"}
