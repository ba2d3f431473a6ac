"""The guide to the fake WhatsApp: its commands are run, and every address of it is there."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from recado.whatsapp.fake import FakeMeta
from recado.whatsapp.fake_control import Control
from recado.whatsapp.fake_faults import Kind
from tests.whatsapp.fake_stage import on_stage, text

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "fake-whatsapp.md").read_text("utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.asyncio
async def test_the_commands_write_and_read() -> None:
    write, read = COMMANDS
    async with on_stage() as stage:
        said = await _run(write, stage.fake.url)
        await stage.post(text("olá"))
        await stage.fake.idle()
        shown = await _run(read, stage.fake.url)

        assert said["id"] == stage.webhook.posts[0].messages[0]["id"]
        assert [each["body"]["text"]["body"] for each in shown["messages"]] == ["olá"]


async def _run(command: str, url: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, env={**os.environ, "WHATSAPP": url}, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return json.loads(printed)


@pytest.mark.asyncio
async def test_every_control_address_and_fault_is_told() -> None:
    paths = {route.path for route in Control(FakeMeta().traffic).routes()}
    told = re.sub(r"\{phone or user id\}", "{id}", PAGE)

    assert [path for path in paths if path not in told] == []
    assert [kind for kind in get_args(Kind) if f"`{kind}`" not in PAGE] == []
