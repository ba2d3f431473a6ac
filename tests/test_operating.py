"""The operating guide says what is so: every metric, every limit with its value, and none that is missing."""

import ast
import importlib
import re
from dataclasses import MISSING, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

import recado.cli.serving  # noqa: F401  # everything that measures
from recado.config import PREFIX, Settings

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "recado"
PAGE = (ROOT / "docs" / "guide" / "operating.md").read_text("utf-8")
LIMIT = re.compile(
    r"^\| .+ \| ([^|]+) \| (?:`([\w/]+\.py)` `([\w.]+)`|`(RECADO_\w+)`) \|$", re.MULTILINE
)
METRIC = re.compile(r"^\| `(recado_\w+)` \|", re.MULTILINE)
# Rooms whose constants are limits unless they stand here.
ROOMS = ("web", "worker", "store", "whatsapp")
NO_LIMITS = {
    "whatsapp/errors.py NO_CODE",
    "whatsapp/errors.py PAIR_RATE",
    "whatsapp/limits.py ROUNDING",
    "whatsapp/media.py SCALE",
    "whatsapp/media.py QUIET",
    "whatsapp/orders.py CENTS",
    "whatsapp/outcomes.py EXPIRED_TOKEN",
}


def constant(file: str, name: str) -> Any:
    """Reads a constant, or the default of a dataclass's field."""
    found: Any = importlib.import_module("recado." + file.removesuffix(".py").replace("/", "."))
    for part in name.split("."):
        if is_dataclass(found):
            (found,) = (each.default for each in fields(found) if each.name == part)
            assert found is not MISSING
        else:
            found = getattr(found, part)
    return found


def spellings(value: float | timedelta) -> set[str]:
    """Lists the ways in which a value may be written."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    units = {"": 1.0, " s": 1.0, " KB": 1024.0, " MB": 1024.0**2}
    if isinstance(value, timedelta):
        units = {" s": 1.0, " h": 3_600.0, " d": 86_400.0}
    decimal = {" KB": 1_000.0, " MB": 1_000_000.0} if isinstance(value, int) else {}
    pairs = [*units.items(), *decimal.items()]
    return {f"{seconds / size:,g}{unit}" for unit, size in pairs} | {
        f"{seconds / size:,.0f}{unit}" for unit, size in pairs if seconds % size == 0
    }


LIMITS = LIMIT.findall(PAGE)


def test_every_row_of_the_tables_of_limits_is_held_against_the_program() -> None:
    tables = PAGE[PAGE.index("## Every limit") :].splitlines()
    rows = [line for line in tables if line.startswith("| ") and not line.startswith("| limit |")]

    assert len(rows) == len(LIMITS) > 100


@pytest.mark.parametrize(
    ("value", "file", "name", "setting"), LIMITS, ids=lambda value: value or "-"
)
def test_a_limit_is_what_the_page_says(value: str, file: str, name: str, setting: str) -> None:
    if setting:
        found = Settings.model_fields[setting.removeprefix(PREFIX).lower()].default
    else:
        found = constant(file, name)

    assert value.strip() in spellings(found)


def test_no_limit_is_missing() -> None:
    listed = {f"{file} {name}" for _, file, name, _ in LIMITS}

    assert {each for room in ROOMS for each in numbers_in(room)} - listed - NO_LIMITS == set()


def numbers_in(room: str) -> set[str]:
    """Finds the constants of a room that are numbers or spans; the fake Meta's are its own."""
    found = set()
    for path in sorted((SOURCE / room).glob("*.py")):
        if path.name.startswith("fake"):
            continue
        file = f"{room}/{path.name}"
        for name in _constants(ast.parse(path.read_text("utf-8"))):
            value = constant(file, name)
            if isinstance(value, int | float | timedelta) and not isinstance(value, bool):
                found.add(f"{file} {name}")
    return found


def _constants(tree: ast.Module) -> list[str]:
    """Names what a module itself sets in capitals."""
    targets = [
        target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
    ]
    names = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    return [name.id for name in names if name.id.isupper() and not name.id.startswith("_")]


def test_every_metric_is_explained_and_every_one_explained_is_there() -> None:
    there = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in REGISTRY.collect()
        if family.name.startswith("recado_")
    }

    assert set(METRIC.findall(PAGE)) == there
