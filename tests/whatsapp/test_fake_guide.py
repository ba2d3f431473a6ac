"""The guide to the fake WhatsApp: its commands are run, and every address of it is there."""

import asyncio
import json
import os
import re
from pathlib import Path

import pytest

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


async def _run(command: str, url: str) -> dict[str, list[dict[str, dict[str, dict[str, str]]]]]:
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, env={**os.environ, "WHATSAPP": url}, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    found: dict[str, list[dict[str, dict[str, dict[str, str]]]]] = json.loads(printed)
    return found


@pytest.mark.asyncio
async def test_every_control_address_is_told() -> None:
    async with on_stage() as stage:
        routes = {route.path for route in stage.fake.traffic_routes()}

    assert routes
