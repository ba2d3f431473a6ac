"""Replay: recorded turns come out the same on their own versions, and differently only where a change is."""

from typing import Any

import msgspec
import pytest

from recado.engine.differences import Difference, between, from_record
from recado.engine.effects import Send
from recado.engine.library import Library
from recado.engine.replay import Recorded, Rerun, rerun, versions
from tests.engine.journal import JournalPlay
from tests.engine.script import Script, program_of
from tests.engine.shop import library, wander

CUSTOMERS = 1_000


@pytest.fixture(scope="module")
def recorded() -> list[Recorded]:
    """The journals of a thousand conversations."""
    own = library()
    return [row for number in range(CUSTOMERS) for row in wander(number, own).rows]


@pytest.fixture(scope="module")
def own(recorded: list[Recorded]) -> list[Rerun]:
    """The same, run again on their own version."""
    return rerun(recorded, library())


def changed(own: list[Rerun], **changes: Any) -> list[Difference]:
    """What a changed version of the flow does differently."""
    recorded = [run.recorded for run in own]
    return between(own, rerun(recorded, library(**changes), own=own))


def kinds(found: list[Difference]) -> dict[str, set[str]]:
    """The kinds of differences of each turn."""
    told: dict[str, set[str]] = {}
    for difference in found:
        told.setdefault(difference.recorded.id, set()).add(difference.kind)
    return told


def visited(row: Recorded) -> list[str]:
    return [visit.node for visit in row.trace.visits]


def test_a_thousand_conversations_come_out_the_same(
    recorded: list[Recorded], own: list[Rerun]
) -> None:
    assert len(recorded) > 8 * CUSTOMERS
    assert {run.reason for run in own} == {""}
    assert from_record(own) == []
    assert {type(row.event).__name__ for row in recorded} >= {
        "Started",
        "Replied",
        "TimerFired",
        "Stopped",
    }
    assert versions(recorded) == {"shop-1", "signup-1"}


def test_another_words_are_the_only_difference(recorded: list[Recorded], own: list[Rerun]) -> None:
    found = changed(own, refusal="Volte aos 18.")

    expected = {row.id: {"says"} for row in recorded if "recusa" in visited(row)}
    assert len(expected) > 100
    assert kinds(found) == expected
    for difference in found:
        now = [
            {**each, "body": "Volte aos 18."} if each.get("body") == "Só para maiores." else each
            for each in difference.before
        ]
        assert difference.now == now


def test_another_threshold_changes_the_turns_that_compare_what_lies_between(
    recorded: list[Recorded],
    own: list[Rerun],
) -> None:
    found = changed(own, adult=21)

    def between_the_two(row: Recorded) -> bool:
        facts = [
            fact for visit in row.trace.visits if visit.node == "maior" for fact in visit.facts
        ]
        return any(18 <= fact["left"] < 21 for fact in facts)

    expected = {row.id: {"says", "way"} for row in recorded if between_the_two(row)}
    assert len(expected) > 50
    assert kinds(found) == expected


def test_a_node_more_moves_the_ids_of_all_askings_and_taps_still_reach_them(
    recorded: list[Recorded],
    own: list[Rerun],
) -> None:
    found = changed(own, intro="Bem-vindo!")

    expected = {
        row.id: {"says", "way"}
        for row in recorded
        if "start" in visited(row) and "menu" in visited(row)
    }
    assert len(expected) > CUSTOMERS
    assert kinds(found) == expected
    assert all(
        difference.now[0] == {"type": "text", "body": "Bem-vindo!"}
        for difference in found
        if difference.kind == "says"
    )


def test_a_doctored_record_is_found() -> None:
    row = wander(1, library()).rows[0]
    effects = tuple(
        msgspec.structs.replace(each, node="other") if isinstance(each, Send) else each
        for each in row.effects
    )
    (run,) = rerun([msgspec.structs.replace(row, effects=effects)], library())

    (difference,) = from_record([run])

    assert difference.kind == "trace"
    assert difference.recorded.effects == effects


def test_a_session_without_its_beginning_is_left_out_and_others_are_not() -> None:
    rows = [*wander(1, library()).rows[1:4], *wander(2, library()).rows[:1]]

    runs = rerun(rows, library())

    first = [run.reason for run in runs if run.recorded.session == rows[0].session]
    assert first
    assert set(first) == {"no_beginning"}
    assert runs[-1].turn is not None
    assert from_record(runs) == []


def test_a_version_that_is_gone_is_named() -> None:
    (run, *_) = rerun(wander(1, library()).rows, Library())

    assert (run.turn, run.reason) == (None, "no_version")


def ask(seconds: int, initial: str = "Centro") -> dict[str, Any]:
    """A question with a time limit, and an initial value that a new version may change."""
    return {
        "nodes": [
            {"id": "start", "type": "start"},
            {
                "id": "q",
                "type": "question",
                "data": {"content": "Nome?", "variableName": "nome", "timeout": seconds},
            },
            {"id": "late", "type": "end", "data": {"content": "Tarde."}},
            {"id": "done", "type": "question", "data": {"content": "{{nome}}?"}},
        ],
        "edges": [
            {"id": "e1", "source": "start", "target": "q"},
            {"id": "e2", "source": "q", "target": "done"},
            {"id": "e3", "source": "q", "sourceHandle": "timeout", "target": "late"},
        ],
        "variables": {"loja": initial},
    }


def journal(document: dict[str, Any], *steps: Any) -> list[Recorded]:
    script = Script(program_of(document))
    script.play = play = JournalPlay(script.play.program, version="1", flow="f")
    for step in steps:
        script.step(step)
    return play.rows


def compared(
    rows: list[Recorded], own: dict[str, Any], other: dict[str, Any]
) -> list[tuple[str, Any, Any]]:
    runs = rerun(rows, Library({"1": program_of(own)}))
    others = rerun(rows, Library({"1": program_of(other)}), own=runs)
    return [(each.kind, each.before, each.now) for each in between(runs, others)]


def test_a_variable_that_stays_different_is_told_once() -> None:
    rows = journal(ask(60), "oi", "Ana")

    found = compared(rows, ask(60), ask(60, initial="Norte"))

    assert found == [("variables", {"loja": "Centro"}, {"loja": "Norte"})]


def test_a_timer_that_comes_too_early_for_the_other_flow_does_nothing_there() -> None:
    rows = journal(ask(60), "oi", {"after": 61})

    found = compared(rows, ask(60), ask(600))

    assert ("says", [{"type": "text", "body": "Tarde."}], []) in found
    assert ("way", [["q", "timeout"], ["late", None]], []) in found
