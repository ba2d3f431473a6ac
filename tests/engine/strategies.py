"""Hypothesis strategies for documents, settings and messages: whatever an author draws and a customer sends."""

from typing import Any

from hypothesis import strategies as st

from recado.engine.events import Message
from recado.nodes import NODE_TYPES
from tests.engine.flows import MAIN, SUB

Raw = dict[str, Any]

NAMES = st.sampled_from(["a", "b", "nome", "idade"])
TEXTS = st.sampled_from(
    ["oi", "{{a}}", "{{ b.c[0] }} e {{idade}}", "18", "{{contact.name}}", "x" * 5_000]
)
SHORT = TEXTS.filter(lambda text: len(text) < 100)
OPERATORS = st.sampled_from(["==", "!=", ">", "contains", "is_empty", "in", "between", "matches"])
VALUES = st.one_of(TEXTS, st.integers(-5, 99), st.booleans(), st.lists(st.integers(), max_size=2))
RULES = st.fixed_dictionaries({"variable": NAMES, "operator": OPERATORS, "value": VALUES})
ANSWERS = st.sampled_from(
    ["text", "number", "integer", "email", "date", "yes_no", "cpf", "media", "any"]
)
BURSTS = st.sampled_from(["fresh", "each", "merge", "newest"])
WAITS: dict[str, st.SearchStrategy[Any]] = {"timeout": st.integers(1, 90), "burst": BURSTS}
YES_NO = [{"id": "sim", "title": "Sim"}, {"id": "não", "title": "Não"}]

QUESTION = st.one_of(
    st.fixed_dictionaries(
        {"content": SHORT, "variableName": NAMES, "answer": ANSWERS},
        optional={**WAITS, "media": st.just({"max": 2})},
    ),
    st.fixed_dictionaries(
        {"content": SHORT, "options": st.just(["sim", "não"]), "route_by_option": st.booleans()},
        optional=WAITS,
    ),
)
ASSIGNMENT = st.fixed_dictionaries(
    {
        "variable": NAMES,
        "operation": st.sampled_from(["set", "append", "increment", "clear"]),
        "value": VALUES,
    }
)
DATA: dict[str, st.SearchStrategy[Raw]] = {
    "message": st.fixed_dictionaries({"content": TEXTS}),
    "end": st.fixed_dictionaries(
        {"content": TEXTS},
        optional={
            "scope": st.sampled_from(["flow", "session"]),
            "returns": st.just([{"name": "a", "value": "{{b}}"}]),
        },
    ),
    "question": QUESTION,
    "condition": st.fixed_dictionaries(
        {"cases": st.lists(RULES, min_size=1, max_size=2).map(lambda r: [{"id": "c", "rules": r}])}
    ),
    "set_variable": st.fixed_dictionaries(
        {"assignments": st.lists(ASSIGNMENT, min_size=1, max_size=2)}
    ),
    "jump": st.one_of(
        st.fixed_dictionaries({"to_node": st.sampled_from(["n0", "n1"])}),
        st.fixed_dictionaries(
            {
                "to_flow": st.sampled_from([MAIN, SUB]),
                "mode": st.sampled_from(["call", "goto"]),
                "pass": st.lists(NAMES, max_size=2, unique=True),
            }
        ),
    ),
    "random": st.fixed_dictionaries(
        {"paths": st.just([{"id": "um"}, {"id": "dois", "weight": 3}])},
        optional={"sticky": st.booleans(), "save_to": NAMES},
    ),
    "delay": st.fixed_dictionaries(
        {"amount": st.integers(1, 3), "unit": st.sampled_from(["seconds", "minutes", "days"])},
        optional={"until_reply": st.booleans()},
    ),
    "interactive_buttons": st.fixed_dictionaries(
        {"content": SHORT, "buttons": st.just(YES_NO)}, optional={**WAITS, "variableName": NAMES}
    ),
    "interactive_list": st.fixed_dictionaries(
        {"content": SHORT, "sections": st.just([{"title": "S", "rows": YES_NO}]), "button": SHORT},
        optional={**WAITS, "max_attempts": st.integers(1, 2)},
    ),
}
# A type that has no strategy of its own yet comes as in its documentation.
DATA |= {
    type: st.just(kind.about.example)
    for type, kind in NODE_TYPES.items()
    if type not in DATA and type != "start"
}

SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "burst": BURSTS,
        "late_taps": st.sampled_from(["repeat", "ignore", "rewind"]),
        "session_ttl": st.sampled_from([60, 3_600]),
        "on_error": st.just({"text": "Ops {{nome}}", "then": "handoff"}),
        "inactivity": st.sampled_from(
            [
                {"remind_after": 60, "text": "Oi?", "end_after": 600, "action": action, "flow": SUB}
                for action in ("close", "handoff", "flow")
            ]
        ),
        "commands": st.sampled_from(
            [{"menu_to": {"to_node": "menu"}}, {"menu_to": {"to_flow": SUB}}]
        ),
    },
)

MESSAGES = st.builds(
    Message,
    id=st.sampled_from(["m1", "m2"]),
    type=st.sampled_from(
        ["text", "image", "location", "sticker", "reaction", "order", "unheard_of"]
    ),
    text=st.one_of(
        st.text(max_size=40),
        st.sampled_from(["1", "sim", "18,5", "x" * 70_000, "menu", "stop", "atendente", "sair"]),
    ),
    value=st.one_of(
        st.none(), st.text(max_size=5), st.dictionaries(st.text(max_size=3), st.integers())
    ),
)


@st.composite
def documents(draw: st.DrawFn) -> Raw:
    """Draws a document of a few nodes, with edges anywhere."""
    count = draw(st.integers(1, 8))
    nodes: list[Raw] = [{"id": "start", "type": "start"}]
    for number in range(count):
        type = draw(st.sampled_from(sorted(DATA)))
        nodes.append({"id": f"n{number}", "type": type, "data": draw(DATA[type])})
    targets = st.sampled_from([node["id"] for node in nodes[1:]])
    edges = [{"id": "e0", "source": "start", "target": draw(targets)}]
    for node in nodes[1:]:
        kind = NODE_TYPES[node["type"]].model_validate({**node["data"], "type": node["type"]})
        for port in kind.ports():
            if draw(st.booleans()):
                id, source = f"e{len(edges)}", node["id"]
                target = draw(targets)
                edges.append(
                    {"id": id, "source": source, "sourceHandle": port.id, "target": target}
                )
    return {
        "nodes": nodes,
        "edges": edges,
        "variables": {"a": [1, {"c": 2}]},
        "settings": draw(SETTINGS),
    }
