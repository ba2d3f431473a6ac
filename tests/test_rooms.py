"""Checks what the architecture promises: import direction, one list of node types, one handler an effect."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from recado.engine.effects import Effect
from recado.nodes import NODE_TYPES

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "recado"
LONGEST = 300
DRAWERS = {"utils", "helpers", "common", "core", "base", "manager", "service", "schemas", "misc"}


def python_files() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if "versions" not in path.parts)


def test_imports_point_down() -> None:
    tool = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout


def test_every_file_in_nodes_is_a_node_type() -> None:
    files = {path.stem for path in (SOURCE / "nodes").glob("*.py")} - {"__init__"}

    assert files == set(NODE_TYPES)
    assert {kind.__module__.rpartition(".")[2] for kind in NODE_TYPES.values()} == files


def test_every_node_type_has_cases() -> None:
    cases = {path.stem for path in (ROOT / "tests" / "nodes" / "cases").glob("*.json")}

    assert cases == set(NODE_TYPES)


def test_every_effect_has_exactly_one_handler() -> None:
    handled = [name for path in (SOURCE / "worker").glob("*.py") for name in _matched(path)]

    for effect in get_args(Effect):
        assert handled.count(effect.__name__) == 1, effect.__name__


def _matched(path: Path) -> Iterator[str]:
    """Names the classes that a file's `match` statements take apart."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name):
            yield node.cls.id


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_say_what_they_are_and_stay_small(path: Path) -> None:
    text = path.read_text()

    assert ast.get_docstring(ast.parse(text)), "a module says what it does"
    assert len(text.splitlines()) <= LONGEST
    assert path.stem not in DRAWERS


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_public_functions_have_a_sentence(path: Path) -> None:
    tree = ast.parse(path.read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in [*tree.body, *(member for kind in classes for member in kind.body)]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith(
            "_"
        ):
            assert ast.get_docstring(node) or _is_override(node), (
                f"{node.name} at line {node.lineno}"
            )


def _is_override(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(d, ast.Name) and d.id in ("override", "overload") for d in node.decorator_list
    )


def test_rooms_say_where_to_start_reading() -> None:
    for room in ("engine", "nodes", "whatsapp", "calls", "store", "worker", "web"):
        text = (SOURCE / room / "__init__.py").read_text()
        assert "tart reading" in text, room
