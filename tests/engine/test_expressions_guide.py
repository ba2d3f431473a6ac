"""`docs/guide/expressions.md` says what expressions do: every example of it is evaluated, every function is in it."""

import json
import re
from pathlib import Path

import pytest

from recado.engine.events import Json
from recado.engine.expression_functions import FUNCTIONS
from recado.engine.expression_mistakes import Mistake
from recado.engine.expressions import parse
from recado.nodes.condition import Condition
from recado.nodes.set_variable import SetVariable

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "expressions.md").read_text("utf-8")
VARIABLES: dict[str, Json] = json.loads(re.findall(r"```json variables\n(.*?)```", PAGE, re.S)[0])
LINES = [
    line
    for block in re.findall(r"```expression\n(.*?)```", PAGE, re.S)
    for line in block.splitlines()
]
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]


def outcome(source: str) -> str:
    """What the page writes right of the arrow."""
    expression = parse(source)
    if isinstance(expression, Mistake):
        return f"mistake: {expression.say('en')}"
    result = expression.evaluate(VARIABLES, timezone="America/Sao_Paulo", locale="pt-BR")
    if result.failure:
        return f"failure: {result.failure.say('en')}"
    return json.dumps(result.value, ensure_ascii=False)


@pytest.mark.parametrize("line", LINES)
def test_every_example_comes_out_as_written(line: str) -> None:
    source, arrow, written = line.partition(" => ")

    assert arrow
    assert outcome(source) == written


@pytest.mark.parametrize("row", ROWS)
def test_every_example_of_a_function_comes_out_as_written(row: str) -> None:
    example = re.search(r"\| `([^`]+)` => `([^`]+)` \|$", row)

    assert example
    assert outcome(example[1]) == example[2]


def test_the_page_has_every_function_and_no_other() -> None:
    first_cells = [row.split(" | ")[0] for row in ROWS]
    named = set(re.findall(r"`(\w+)\(", "".join(first_cells)))
    families = {name for row in ROWS for name in re.findall(r"`(\w+)`", row)} & set(FUNCTIONS)

    assert len(LINES) > 60
    assert named <= set(FUNCTIONS)
    assert named | families == set(FUNCTIONS)


def test_the_examples_of_nodes_are_sound() -> None:
    condition, assignment = re.findall(r"```json\n(.*?)```", PAGE, re.S)

    assert not [*Condition.model_validate_json(condition).problems()]
    assert not [*SetVariable.model_validate_json(assignment).problems()]
