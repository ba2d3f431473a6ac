"""Every race's test fails when its guard is taken out of a copy of the sources, and passes with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.prove.races import GUARDS, SOURCES, Guard
from tests.e2e.prove.report import PROOFS

ROOT = SOURCES.parent
TESTS_FAILED = 1  # pytest's exit code when tests ran and some failed


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.race)
def test_a_guard_is_where_the_table_says(guard: Guard) -> None:
    assert guard.source.count(guard.text) == 1


@pytest.mark.prove
@pytest.mark.timeout(1_200)
def test_each_race_is_lost_without_its_guard(tmp_path: Path) -> None:
    found = {}
    for place, guard in enumerate(GUARDS):
        with_it = _run(SOURCES, guard.tests)
        without = _run(guard.taken_out(tmp_path / str(place)), guard.tests)
        found[guard.race] = (with_it.returncode, without.returncode)
        print(f"\n{guard.race}: {found[guard.race]}\n{_complaint(without.stdout)}")

    _report(found)
    assert found == {guard.race: (0, TESTS_FAILED) for guard in GUARDS}


def _run(sources: Path, tests: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(sources)},
        capture_output=True,
        text=True,
        check=False,
    )


def _complaint(output: str) -> str:
    """Finds what a failed test says of why."""
    return "\n".join(line for line in output.splitlines() if line.startswith("E  "))[:600]


def _report(found: dict[str, tuple[int, int]]) -> None:
    words = {0: "passes", TESTS_FAILED: "fails"}
    lines = [
        "# Races",
        "",
        "Written by `make prove`. Each guard was taken out of a copy of the sources, and the race's test run on it.",
        "",
        "| race | guard | test | with it | without |",
        "| --- | --- | --- | --- | --- |",
    ]
    for guard in GUARDS:
        tests = ", ".join(f"`{each.partition('::')[2]}`" for each in guard.tests)
        told = " | ".join(words.get(code, f"ends with {code}") for code in found[guard.race])
        lines.append(f"| {guard.race} | {guard.what} (`{guard.file}`) | {tests} | {told} |")
    PROOFS.mkdir(parents=True, exist_ok=True)
    (PROOFS / "races.md").write_text("\n".join([*lines, ""]))
