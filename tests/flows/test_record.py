"""`recado talk --record`: what was played in the terminal plays again as a story."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from recado.cli.record import RecordedPlay, write_story
from recado.cli.talk import Talk
from recado.engine.events import CallResult, World
from recado.engine.flow import FlowDocument
from recado.engine.spans import parse_span, span
from recado.engine.story_outcomes import pretty
from tests.flows.telling import program, tell

FLOW: dict[str, Any] = {
    "name": "Cores",
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "name", "type": "question", "data": {"content": "Nome?", "variableName": "nome"}},
        {
            "id": "color",
            "type": "interactive_buttons",
            "data": {
                "content": "Que cor, {{nome}}?",
                "buttons": [{"id": "azul", "title": "Azul"}, {"id": "verde", "title": "Verde"}],
                "timeout": 3600,
            },
        },
        {"id": "pause", "type": "delay", "data": {"amount": 2, "unit": "hours"}},
        {"id": "done", "type": "message", "data": {"content": "Pronto."}},
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "name"},
        {"id": "2", "source": "name", "target": "color"},
        {"id": "3", "source": "color", "target": "pause"},
        {"id": "4", "source": "pause", "target": "done"},
    ],
}


@pytest.mark.parametrize(
    "lines",
    [
        ["oi", "Ana", "1", "alô?", "/wait 1h", "/wait 1h"],
        ["oi", "Ana", "/wait 59m", "roxo", "/wait 61s"],
        ["oi", "/restart", "oi", "Ana", "menu", "atendente", "oi?"],
        ["oi", "/wait 2d", "Ana"],
        ["oi", "Ana", "atendente", "/release", "1", "/wait 2 hours"],
    ],
    ids=["to the end", "timeout", "restart and commands", "expiry", "a person gives it back"],
)
def test_what_was_recorded_plays_the_same(lines: list[str], tmp_path: Path) -> None:
    play = RecordedPlay(program(FLOW), world=World(contact={"id": "ana", "name": "Ana"}))
    talk = Talk(play, Console(file=io.StringIO()))

    for line in lines:
        talk.take(line)
    file = tmp_path / "story.json"
    write_story(file, play, FlowDocument.model_validate(FLOW).dump())

    story = json.loads(file.read_text("utf-8"))
    assert len(story["steps"]) == len(lines)
    assert tell(story) == story


CALLS: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {
            "id": "tag",
            "type": "action",
            "data": {"actions": [{"type": "add_tag", "tags": ["vip"]}]},
        },
        {"id": "http", "type": "api_call", "data": {"url": "https://loja.example", "save_to": "x"}},
        {"id": "good", "type": "end", "data": {"content": "{{x.total}} em {{today}}"}},
        {"id": "bad", "type": "end", "data": {"content": "Ops."}},
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "tag"},
        {"id": "2", "source": "tag", "target": "http"},
        {"id": "3", "source": "http", "sourceHandle": "success", "target": "good"},
        {"id": "4", "source": "http", "sourceHandle": "error", "target": "bad"},
    ],
}


@pytest.mark.parametrize("line", ['/call {"total": 5}', "/call error timeout", "/call"])
def test_how_calls_ended_is_recorded_as_well(line: str, tmp_path: Path) -> None:
    play = RecordedPlay(program(CALLS), world=World(contact={"id": "ana", "name": "Ana"}))
    talk = Talk(play, Console(file=io.StringIO()), ahead=timedelta(days=-500))

    for each in ("oi", line):
        talk.take(each)
    write_story(tmp_path / "story.json", play, CALLS)

    story = json.loads((tmp_path / "story.json").read_text("utf-8"))
    assert story["contact"] == {"id": "ana", "name": "Ana"}
    assert "call" in story["steps"][1]
    assert tell(story) == story


def test_a_script_runs_again_with_the_story(tmp_path: Path) -> None:
    play = RecordedPlay(program(SCRIPT), world=World(contact={"id": "ana"}))
    talk = Talk(play, Console(file=io.StringIO()), perform=lambda _: CallResult(ok=True, value=2))

    talk.take("oi")
    write_story(tmp_path / "story.json", play, SCRIPT)

    story = json.loads((tmp_path / "story.json").read_text("utf-8"))
    assert story["steps"] == [
        {
            "customer": "oi",
            "bot": ["(a call goes out: script)", "2", "(the session ends: completed)"],
        }
    ]


SCRIPT: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "s", "type": "script", "data": {"code": "return 2", "save_to": "x"}},
        {"id": "end", "type": "end", "data": {"content": "{{x}}"}},
    ],
    "edges": [
        {"id": "1", "source": "start", "target": "s"},
        {"id": "2", "source": "s", "target": "end"},
    ],
}


def test_a_story_without_a_step_has_no_session(tmp_path: Path) -> None:
    write_story(tmp_path / "story.json", RecordedPlay(program(FLOW)), FLOW)

    story = json.loads((tmp_path / "story.json").read_text("utf-8"))

    assert story["at_the_end"] == {"session": "none"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (120, "2 minutes"),
        (3_600, "1 hour"),
        (259_200, "3 days"),
        (0, "0 seconds"),
    ],
)
def test_spans_of_time_are_said_in_the_largest_unit(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("90s", 90),
        ("90 seconds", 90),
        ("2h", 7_200),
        ("2 h", 7_200),
        ("1 minute", 60),
        ("400 days", 34_560_000),
        ("401d", None),
        ("999999999 days", None),
        ("-1 day", None),
        ("2 weeks", None),
        ("٣ days", None),
        ("", None),
    ],
)
def test_spans_of_time_are_read_in_words_and_in_letters(said: str, seconds: int | None) -> None:
    assert parse_span(said) == (None if seconds is None else timedelta(seconds=seconds))


def test_what_fits_on_a_line_stands_on_one() -> None:
    long = "x" * 120

    assert pretty({"a": [1, 2]}) == '{"a": [1, 2]}'
    assert pretty({"a": [long, 1]}) == f'{{\n "a": [\n  "{long}",\n  1\n ]\n}}'
