"""Explanations: every note, fact, warning and reason of the engine has its words, and a turn is told as people would."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from recado.engine import reasons, texts, wordings
from recado.engine.answers import AnswerType
from recado.engine.calendar import Opening
from recado.engine.commands import ORDER
from recado.engine.compare import Operator
from recado.engine.content import words
from recado.engine.effects import Send
from recado.engine.explain import Names, explain
from recado.engine.happened import quoted
from recado.engine.state import Status
from recado.engine.stepping import FAILING_SIDES
from recado.nodes import NODE_TYPES
from recado.nodes.set_variable import Kind
from tests.engine.journal import JournalPlay
from tests.engine.script import Script, program_of
from tests.engine.shop import library, wander

SOURCE = Path(__file__).parents[2] / "src" / "recado"
# What stands in the braces of a note that is put together, by the name of the variable.
FILLED = {"command": ORDER, "port": FAILING_SIDES}


def calls(*rooms: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call in rooms of the source, with the name of what is called."""
    for room in rooms:
        for path in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                        yield name, node


def said(node: ast.expr) -> list[str]:
    """The texts that an argument can be; none for a variable, whose texts stand where it was set."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=other):
            return [*said(body), *said(other)]
        case ast.JoinedStr(
            values=[ast.Constant(value=str(head)), ast.FormattedValue(value=filled)]
        ):
            assert isinstance(filled, ast.Name), ast.unparse(node)
            return [head + each for each in FILLED[filled.id]]
    return []


def first_texts(name: str, *rooms: str) -> set[str]:
    """The texts that are the first argument of calls with a name."""
    return {
        text
        for called, call in calls(*rooms)
        if called == name and call.args
        for text in said(call.args[0])
    }


def warnings() -> set[str]:
    """What is added to a visit's warnings, up to the colon."""
    found: set[str] = set()
    for path in (SOURCE / "engine").rglob("*.py"):
        source = path.read_text("utf-8")
        found |= set(re.findall(r'warnings\.append\(\s*f?"(\w+)', source))
        found |= set(re.findall(r'warnings \+= \[f?"(\w+)', source))
    return found


def test_every_note_has_its_sentence() -> None:
    notes = first_texts("remark", "engine")

    assert len(notes) >= 25
    assert notes <= {*reasons.NOTES, *reasons.FAILURES}


def test_every_failure_has_its_sentence() -> None:
    failures = first_texts("fail", "engine") | first_texts("Fail", "engine", "nodes")

    assert len(failures) >= 9
    assert failures <= set(reasons.FAILURES)
    assert not set(reasons.FAILURES) & set(reasons.NOTES)


def test_every_handoff_and_stop_has_its_words() -> None:
    handoffs = first_texts("hand_off", "engine") | first_texts("Handoff", "engine")
    stops = first_texts("stop", "worker") | {
        text
        for name, call in calls("engine", "worker", "web")
        if name == "Stopped"
        for reason in [
            *call.args[:1],
            *(each.value for each in call.keywords if each.arg == "reason"),
        ]
        for text in said(reason)
    }

    assert handoffs == set(reasons.HANDOFFS)
    assert {"expired", "number_inactive"} <= stops
    assert stops <= set(reasons.STOPS)


def test_every_fact_that_a_node_notes_has_its_words() -> None:
    facts = {
        frozenset(keyword.arg for keyword in call.keywords)
        for name, call in calls("engine", "nodes")
        if name == "note" and call.keywords
    }

    assert len(facts) >= 6
    assert facts <= set(wordings.FACTS)


def test_everything_that_a_node_leaves_out_has_its_words() -> None:
    skipped = {
        text
        for name, call in calls("engine", "nodes")
        if name == "note"
        for keyword in call.keywords
        if keyword.arg == "skipped"
        for text in said(keyword.value)
    }

    assert skipped == set(wordings.SKIPPED)


def test_every_impossible_sum_and_rule_of_a_calendar_has_its_words() -> None:
    impossible = {
        head.value.partition(":")[0]
        for name, call in calls("nodes")
        if name == "Impossible"
        for argument in call.args
        if isinstance(argument, ast.JoinedStr)
        for head in argument.values[:1]
        if isinstance(head, ast.Constant) and isinstance(head.value, str)
    }

    assert impossible == set(wordings.IMPOSSIBLE)
    assert set(get_args(get_type_hints(Opening)["rule"])) == set(wordings.RULES)


def test_every_warning_has_its_sentence() -> None:
    assert {"missing", "text_truncated", "value_too_large"} <= warnings()
    assert warnings() <= set(reasons.WARNINGS)


def test_every_refusal_of_an_answer_has_its_words() -> None:
    prefixes = ("bad_", "number_", "date_", "time_", "too_", "only_")
    refusals = {key for key in texts.TEXTS["en"] if key.startswith(prefixes)}
    refusals |= {f"bad_{kind.value}" for kind in AnswerType} - {"bad_any"}

    assert refusals == set(wordings.REFUSALS)


def test_every_operator_kind_port_and_end_has_its_words() -> None:
    signs = {operator.value for operator in Operator if not operator.value[0].isalpha()}
    sides = {
        port.id
        for name, kind in NODE_TYPES.items()
        for port in kind.model_validate({**kind.about.example, "type": name}).ports()
        if port.side
    }

    assert {operator.value for operator in Operator} - signs == set(wordings.OPERATORS)
    assert set(get_args(Kind)) == set(wordings.KINDS)
    assert sides
    assert sides <= set(wordings.PORTS)
    assert {status.value for status in Status if not status.open} == set(reasons.ENDS)


TABLES: dict[str, Mapping[Any, tuple[str, str]]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": table
    for module in (reasons, wordings)
    for name, table in vars(module).items()
    if name.isupper()
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_both_languages_say_the_same_values(table: Mapping[Any, tuple[str, str]]) -> None:
    assert table
    for portuguese, english in table.values():
        assert portuguese.strip()
        assert english.strip()
        assert set(re.findall(r"\{\w+\}", portuguese)) == set(re.findall(r"\{\w+\}", english))


# What it reads like.

ENTRANCE: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "nome", "type": "question", "data": {"content": "Nome?", "variableName": "nome"}},
        {
            "id": "idade",
            "type": "question",
            "data": {"content": "Idade, {{nome}}?", "variableName": "idade", "answer": "integer"},
        },
        {
            "id": "maior",
            "type": "condition",
            "data": {
                "cases": [
                    {
                        "id": "adulto",
                        "rules": [{"variable": "idade", "operator": ">=", "value": 18}],
                    }
                ]
            },
        },
        {"id": "entra", "type": "end", "data": {"content": "Entre, {{nome}}."}},
        {"id": "volta", "type": "end", "data": {"content": "Volte depois, {{apelido}}."}},
    ],
    "edges": [
        {"id": "e1", "source": "start", "target": "nome"},
        {"id": "e2", "source": "nome", "target": "idade"},
        {"id": "e3", "source": "idade", "target": "maior"},
        {"id": "e4", "source": "maior", "sourceHandle": "adulto", "target": "entra"},
        {"id": "e5", "source": "maior", "sourceHandle": "else", "target": "volta"},
    ],
}


def tell(
    document: dict[str, Any],
    *steps: Any,
    language: Any = "pt-BR",
    names: Names | None = None,
    version: str | None = None,
) -> list[str]:
    """Plays steps; gives the explanation of the last turn, as the journal's JSON gives it back."""
    script = Script(program_of(document))
    script.play = journal = JournalPlay(script.play.program, version=version)
    for step in steps:
        script.step(step)
    row = journal.rows[-1]
    told = explain(row.event, row.trace, row.effects, language=language, names=names)
    return [line.text for line in told]


def test_a_condition_is_told_with_the_values_it_compared() -> None:
    told = tell(ENTRANCE, "oi", "Ana", "17")

    assert told == [
        "O cliente escreveu “17”.",
        "O nó “idade” guardou idade = 17; seguiu adiante.",
        "O nó “maior” comparou idade (17) >= 18: não; seguiu por “senão”.",
        "O nó “volta” enviou “Volte depois, .”; terminou. A variável “apelido” não tinha valor e ficou vazia no texto.",
        "A sessão terminou.",
    ]


def test_the_same_turn_in_english_with_the_authors_names() -> None:
    names: Names = {("1", "maior"): "Of age?"}

    told = tell(ENTRANCE, "oi", "Ana", "18", language="en", names=names, version="1")

    assert told == [
        "The customer wrote “18”.",
        "The node “idade” kept idade = 18; went on.",
        "The node “Of age?” compared idade (18) >= 18: yes; went on by “adulto”.",
        "The node “entra” sent “Entre, Ana.”; ended.",
        "The session ended.",
    ]


def expressive(*expressions: str, assigned: str = "1") -> dict[str, Any]:
    """The entrance with cases by expression, and a variable that is calculated before them."""
    nodes = [dict(node) for node in ENTRANCE["nodes"]]
    nodes[3]["data"] = {
        "cases": [{"id": f"caso {i}", "expression": each} for i, each in enumerate(expressions, 1)]
    }
    change = {"variable": "ano", "value": assigned, "as": "expression"}
    nodes.append({"id": "conta", "type": "set_variable", "data": {"assignments": [change]}})
    edges = [dict(edge) for edge in ENTRANCE["edges"] if edge["id"] != "e4"]
    edges[2]["target"] = "conta"
    edges.append({"id": "e6", "source": "conta", "target": "maior"})
    edges.append({"id": "e7", "source": "maior", "target": "entra"})
    return {"nodes": nodes, "edges": edges}


def test_an_expression_is_told_with_the_values_it_read() -> None:
    document = expressive("idade >= 18 and nome != ''", assigned="2026 - idade")

    told = tell(document, "oi", "Ana", "18")

    assert told[2:4] == [
        "O nó “conta” calculou ano por 2026 - idade (idade = 18); guardou ano = 2008; seguiu adiante.",
        "O nó “maior” avaliou idade >= 18 and nome != '' (idade = 18, nome = “Ana”): sim; seguiu por “caso 1”.",
    ]


def test_an_expression_that_failed_is_told_with_the_reason() -> None:
    document = expressive("idade / filhos > 5", "idade > 1", assigned="nome * 2")

    told = tell(document, "oi", "Ana", "18", language="en")

    assert told[2:4] == [
        "The node “conta” could not calculate ano by nome * 2 (nome = “Ana”): “Ana” is not a number; "
        "the variable is as it was; went on.",
        "The node “maior” could not evaluate idade / filhos > 5 (idade = 18, filhos = empty): null is not a number; "
        "evaluated idade > 1 (idade = 18): yes; went on by “caso 2”.",
    ]


def test_a_refused_answer_says_why_and_that_the_question_stays() -> None:
    told = tell(ENTRANCE, "oi", "Ana", "muito")

    assert told == [
        "O cliente escreveu “muito”.",
        "O nó “idade” recusou a resposta “muito”: não é um número inteiro; "
        "enviou “Por favor, responda com um número inteiro, por exemplo 3.”; ficou esperando.",
    ]


def test_the_beginning_is_told_to_the_first_question() -> None:
    assert tell(ENTRANCE, "oi", language="en") == [
        "The customer wrote “oi”, and a new session began.",
        "The node “start” went on.",
        "The node “nome” sent “Nome?”; waits.",
    ]


def test_a_command_is_told_with_the_words_of_the_platform() -> None:
    assert tell(ENTRANCE, "oi", "atendente") == [
        "O cliente escreveu “atendente”.",
        "A mensagem é o comando que chama um atendente. "
        "O bot disse “Certo. Um atendente vai continuar a conversa.”.",
        "A conversa passou para uma pessoa: o cliente pediu um atendente.",
    ]


def test_a_failure_is_told_after_the_visits_that_led_to_it() -> None:
    timed = {**ENTRANCE, "nodes": [dict(node) for node in ENTRANCE["nodes"]]}
    timed["nodes"][1]["data"] = {"content": "Nome?", "timeout": 60}

    assert tell(timed, "oi", {"after": 61}, language="en") == [
        "The time of the wait was over.",
        "The node “nome” went on by “time out”.",
        "The time was over, and the port “time out” has no edge. "
        "The bot said “Desculpe, ocorreu um erro. Tente novamente.”.",
        "An alert was raised.",
        "The session failed.",
    ]


def test_every_message_of_a_thousand_turns_is_accounted_for_once() -> None:
    own, turns = library(), 0
    for number in range(100):
        for row in wander(number, own).rows:
            lines = explain(row.event, row.trace, row.effects)
            sends = [effect for effect in row.effects if isinstance(effect, Send)]
            assert sorted(index for line in lines for index in line.sends) == [*range(len(sends))]
            for line in lines:
                assert all(quoted(words(sends[index].content)) in line.text for index in line.sends)
            turns += 1
    assert turns > 1_000


def test_what_a_newer_version_wrote_is_shown_as_it_is() -> None:
    row = wander(1, library()).rows[0]
    row.trace.notes.append("dreamt")
    row.trace.visits[0].facts.append({"moon": "full"})

    told = [line.text for line in explain(row.event, row.trace, row.effects)]

    assert told[1] == "dreamt"
    assert "moon: “full”" in told[2]
