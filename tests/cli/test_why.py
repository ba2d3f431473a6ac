"""`recado why` and `recado replay`: the guide `docs/guide/why.md` is the test, and what happens where there is nothing."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import SecretStr
from rich.console import Console

from recado.cli.replay import Instead, replay
from recado.cli.why import why
from recado.config import Settings
from recado.engine.problems import Language
from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.worker.outside_world import answered, begun, open_phone, open_world, tracking
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guide" / "why.md").read_text("utf-8")
BLOCKS = re.findall(r"```console\n(.*?)\n```\n\n```text\n(.*?)```", GUIDE, re.DOTALL)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
FIRST_BOT: dict[str, Any] = json.loads((ROOT / "examples" / "first-bot.json").read_text("utf-8"))


@dataclass(frozen=True)
class Ran:
    """What a command printed, with the times of the guide, and its exit code."""

    printed: str
    code: int


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings that lead to the test's database."""
    return Settings(database_url=SecretStr(database_url))


async def run(command: str, url: str, folder: Path) -> Ran:
    """Runs a command as the guide writes it, in a process of its own."""
    name, *arguments = shlex.split(command)
    assert name == "recado"
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "recado", *arguments],
        cwd=folder,
        env={**os.environ, "RECADO_DATABASE_URL": url, "RECADO_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Ran(TIME.sub("2026-11-23 12:00:05", done.stdout + done.stderr), done.returncode)


def screen() -> tuple[Console, StringIO]:
    """A terminal in memory."""
    file = StringIO()
    return Console(file=file, highlight=False, soft_wrap=True), file


async def tell(settings: Settings, message: object, language: Language | None = None) -> Ran:
    """Asks why, in this process."""
    console, file = screen()
    found = await why(settings, str(message), console, language=language)
    return Ran(TIME.sub("2026-11-23 12:00:05", file.getvalue()), 0 if found else 1)


async def again(settings: Settings, conversation: UUID, **instead: Any) -> Ran:
    """Replays, in this process."""
    console, file = screen()
    code = await replay(settings, str(conversation), Instead(**instead), console)
    return Ran(TIME.sub("2026-11-23 12:00:05", file.getvalue()), code)


@pytest_asyncio.fixture
async def stage(pool: Pool) -> Stage:
    """The first bot, published."""
    stage = await set_up(pool, FIRST_BOT)
    await stage.sql("update flows set name = $1", FIRST_BOT["name"])
    return stage


async def talk(stage: Stage, *words: str) -> UUID:
    """Talks to the bot; gives the conversation."""
    conversation = await stage.customer()
    for text in words:
        await stage.hears(conversation, text)
        await run_until_idle(stage.turns().step)
        # Sent at once: what comes next is not late.
        await stage.sql("delete from outbox")
        await stage.sql(
            "update messages set sending_at = clock_timestamp() where direction = 'out'"
        )
    return conversation


async def last_of(stage: Stage, direction: str) -> UUID:
    id: UUID = await stage.value(
        "select id from messages where direction = $1 order by id desc limit 1", direction
    )
    return id


async def test_the_guide_prints_what_it_says(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    id = str(await talk(stage, "oi", "Ana", "17"))
    (asked, told), (same, nothing), (other, differences) = BLOCKS
    wamid = shlex.split(asked)[2]
    await stage.sql(
        "update messages set wamid = $1 where id = $2", wamid, await last_of(stage, "out")
    )
    from_16 = json.loads(json.dumps(FIRST_BOT).replace('"value": 18', '"value": 16'))
    (tmp_path / "from-16.json").write_text(json.dumps(from_16), "utf-8")
    named = shlex.split(same)[2]

    assert await run(asked, database_url, tmp_path) == Ran(told, 0)
    assert await run(same.replace(named, id), database_url, tmp_path) == Ran(nothing, 0)
    assert await run(other.replace(named, id), database_url, tmp_path) == Ran(differences, 1)


async def test_a_message_of_the_customer_is_told_with_everything_it_led_to(
    stage: Stage, settings: Settings
) -> None:
    await talk(stage, "oi", "Ana", "dezessete anos e meio")

    ran = await tell(settings, await last_of(stage, "in"))

    assert ran.code == 0
    assert ran.printed.splitlines()[0] == (
        "2026-11-23 12:00:05, Ana escreveu: “dezessete anos e meio”"
    )
    assert "recusou a resposta “dezessete anos e meio”: não é um número" in ran.printed
    assert "→" not in ran.printed


async def test_a_notice_of_the_platform_has_no_turn(pool: Pool, settings: Settings) -> None:
    stage = await set_up(pool)  # no chatbot: the platform says so
    await talk(stage, "oi")

    ran = await tell(settings, await last_of(stage, "out"), "en")

    assert ran == Ran(
        "2026-11-23 12:00:05, the bot said to Ana: “Nenhum chatbot configurado para este número.”\n"
        "No turn sent this message: it is a notice of Recado's own, or a person wrote it.\n",
        0,
    )


async def test_what_is_not_there_ends_with_a_sentence(stage: Stage, settings: Settings) -> None:
    nobody = new_id()

    assert await tell(settings, "wamid.nothing") == Ran("There is no message wamid.nothing.\n", 1)
    assert await again(settings, nobody) == Ran(f"There is no conversation {nobody}.\n", 2)
    conversation = await talk(stage, "oi")
    assert await again(settings, conversation, version=7) == Ran(
        "The flow has no version 7 that can run.\n", 2
    )


async def test_another_version_is_compared_and_the_same_one_is_not_different(
    stage: Stage, settings: Settings
) -> None:
    conversation = await talk(stage, "oi", "Ana")
    await stage.sql(
        "insert into flow_versions (id, workspace_id, flow_id, number, document) values ($1, $2, $3, 2, $4)",
        new_id(),
        stage.workspace,
        stage.flow,
        json.loads(
            json.dumps(FIRST_BOT, ensure_ascii=False).replace(
                "Qual é o seu nome?", "Como se chama?"
            )
        ),
    )

    assert (await again(settings, conversation, version=1)).code == 0
    ran = await again(settings, conversation, version=2)

    assert ran.code == 1
    assert "said      “Qual é o seu nome?”\n  says now  “Como se chama?”" in ran.printed
    assert ran.printed.endswith("2 turns in 1 session: 1 different.\n")


async def test_turns_whose_version_is_gone_are_left_out(stage: Stage, settings: Settings) -> None:
    conversation = await talk(stage, "oi", "Ana")
    await stage.sql("delete from flows")

    ran = await again(settings, conversation)

    assert ran == Ran("2 turns left out: a flow version that they need is gone.\n", 2)


async def test_a_database_of_another_version_is_refused(
    empty_database_url: str, tmp_path: Path
) -> None:
    ran = await run("recado why wamid.x", empty_database_url, tmp_path)

    assert ran.code == 2
    assert "run `recado migrate` first" in ran.printed


async def test_a_message_after_a_call_is_told_with_what_led_to_the_call(
    pool: Pool, settings: Settings, tmp_path: Path
) -> None:
    async with open_world() as world:
        stage = await set_up(pool, tracking(world.url))
        async with open_phone(stage, tmp_path) as phone:
            ana = await begun(stage)
            await answered(stage, phone, ana)

    ran = await tell(settings, await last_of(stage, "out"), "en")

    lines = ran.printed.splitlines()
    assert lines[1].startswith("Before: The customer wrote “oi”, and a new session began. A call")
    assert f"went out: GET {world.url}/pedidos/" in lines[1]
    assert [line for line in lines if line.startswith("Before:")] == [lines[1]]
    assert "  The service that was called answered (200)" in ran.printed
