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
from recado.engine.events import World
from recado.engine.flow import FlowDocument
from recado.engine.spans import span
from recado.engine.story_steps import pretty
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
    ],
    ids=["to the end", "timeout", "restart and commands", "expiry"],
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


def test_what_fits_on_a_line_stands_on_one() -> None:
    long = "x" * 120

    assert pretty({"a": [1, 2]}) == '{"a": [1, 2]}'
    assert pretty({"a": [long, 1]}) == f'{{\n "a": [\n  "{long}",\n  1\n ]\n}}'
