"""The guide to scripts says what scripts do: its examples give what it says, its limits are the code's."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from recado.calls.script import Scripts
from recado.calls.script_answer import DEEPEST, LONGEST_DETAIL, Ran
from recado.calls.script_guest import MEMORY
from recado.engine.flow import MAX_VALUE_BYTES
from recado.nodes.script import Script

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "scripts.md").read_text("utf-8")
EXAMPLE = re.compile(
    r"```json\n(.*?)```\n\nthe code\n\n```javascript\n(.*?)```\n\ngives\n\n```json\n(.*?)```", re.S
)


@pytest.mark.asyncio
async def test_the_examples_give_what_the_guide_says() -> None:
    scripts = Scripts(processes=1)
    examples = EXAMPLE.findall(PAGE)

    for inputs, code, result in examples:
        ran = await scripts.run(code, json.loads(inputs), timeout=30)
        assert ran == Ran(value=json.loads(result))

    assert len(examples) == 3
    await scripts.close()


def test_the_limits_are_those_of_the_code() -> None:
    fields = Script.model_json_schema()["properties"]
    time: dict[str, Any] = fields["timeout"]

    for row in (
        f"| time | {time['default']} s, at most {time['maximum']} s (`timeout`) |",
        f"| memory | {MEMORY >> 20} MB |",
        f"| the code | {fields['code']['maxLength']:,} characters |",
        f"| the result | {MAX_VALUE_BYTES // 1000} KB, {DEEPEST} levels deep |",
        f"| the script's own message | {LONGEST_DETAIL:,} characters |",
    ):
        assert row in PAGE
