"""Golden conversations: every story in this folder, played with the engine that answers real customers.

`make golden` writes down what the bot says now; read the difference. `telling.py` explains the steps.
"""

import json
import os
from pathlib import Path

import pytest

from recado.engine.story_outcomes import pretty
from tests.flows.telling import tell

STORIES = sorted(Path(__file__).parent.glob("*.json"))
GOLDEN = os.environ.get("RECADO_GOLDEN") == "1"


@pytest.mark.parametrize("file", STORIES, ids=lambda file: file.stem)
def test_story(file: Path) -> None:
    story = json.loads(file.read_text("utf-8"))

    told = tell(story)

    if GOLDEN:
        file.write_text(pretty(told) + "\n", "utf-8")
        story = told
    assert told == story


def test_every_story_says_what_it_shows() -> None:
    stories = [json.loads(file.read_text("utf-8")) for file in STORIES]

    assert len({story["story"] for story in stories}) == len(STORIES) > 50
