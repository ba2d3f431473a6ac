"""A database of the release before, in the middle of its work, goes on after the upgrade."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config

from recado.engine.effects import Send
from recado.engine.events import Started
from recado.engine.state import Status
from recado.store import journal_reading, sessions, threads
from recado.store.ids import new_id
from recado.store.migrate import MIGRATIONS, current_revision, migrate, revisions
from recado.store.partitions import ensure_partitions
from recado.store.pool import create_pool
from tests.worker.stage import ASK_NAME, Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

BEFORE = "0005_delivery"
FIRST, ASKED, VISIT = "wamid.in1", "Qual é o seu nome?", "0002nu7S5M5Y"
SINCE = datetime.now(UTC) - timedelta(minutes=5)
TABLES = ("conversations", "conversation_states", "journal", "messages", "inbox", "outbox")

# As that release wrote them.
MESSAGE = {"id": FIRST, "type": "text", "text": "oi", "value": "oi"}
TRIGGER = {"text": "oi", "message_id": FIRST}
ENGINE = {
    "wait": {"kind": "reply", "token": VISIT, "since": SINCE},
    "asked": {VISIT: "name"},
    "trigger": TRIGGER,
    "message": MESSAGE,
    "started_at": SINCE,
    "last_inbound_at": SINCE,
    "visits": 2,
    "visits_since_inbound": 2,
    "messages_since_inbound": 1,
}
EVENT = {"event": "started", "at": SINCE, "seed": 7, "trigger": TRIGGER, "message": MESSAGE}
TRACE = {
    "visits": [
        {"node": "start", "type": "start", "visit": "0001eF3ZOD2E", "port": "next"},
        {"node": "name", "type": "question", "visit": VISIT, "sends": 1},
    ]
}
EFFECTS = [
    {
        "effect": "send",
        "content": {"type": "text", "body": ASKED},
        "node": "name",
        "visit": VISIT,
        "asks": True,
    }
]


class Shop:
    """Ana was asked for her name and Bia's session is over; `counts` are the rows of the time before."""

    def __init__(self, url: str, stage: Stage, ana: UUID, bia: UUID) -> None:
        self.url, self.stage, self.ana, self.bia = url, stage, ana, bia
        self.open, self.over = new_id(), new_id()
        self.counts: dict[str, int] = {}

    async def fill(self) -> None:
        """Puts in what the two have said, and Ana's answer, which waits for its turn."""
        stage = self.stage
        asked = await stage.says(self.ana, ASKED)
        await stage.sql("update outbox set first_sending_at = $1", SINCE)
        await stage.sql(
            "update conversations set last_message_at = $2 where id = $1", self.ana, SINCE
        )
        await self._add_session(self.open, self.ana, "active", ENGINE, asked)
        await self._add_session(self.over, self.bia, "completed", {}, None)
        await stage.sql(
            """insert into journal (id, workspace_id, conversation_id, session_id, flow_version_id, event, trace,
                      effects, sent) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
            *(new_id(), stage.workspace, self.ana, self.open, stage.version),
            *({**EVENT, "session": str(self.open)}, TRACE, EFFECTS, [str(asked)]),
        )
        await stage.hears(self.ana, "Ana", key="wamid.in2")
        self.counts = await counts(stage)

    async def _add_session(
        self, id: UUID, conversation: UUID, status: str, engine: Any, asked: UUID | None
    ) -> None:
        stage = self.stage
        await stage.sql(
            """insert into conversation_states (id, workspace_id, conversation_id, chatbot_id, flow_id,
                      flow_version_id, status, current_node_id, variables, execution_path, engine, asked_message_id)
               values ($1, $2, $3, $4, $5, $6, $7, 'name', '{"cor": "azul"}', '["start", "name"]', $8, $9)""",
            *(id, stage.workspace, conversation, stage.chatbot, stage.flow, stage.version),
            *(status, engine, asked),
        )


async def counts(stage: Stage) -> dict[str, int]:
    """Counts the rows of every table."""
    return {table: await stage.value(f"select count(*) from {table}") for table in TABLES}


def upgrade_before() -> str:
    """Gives the SQL of the release before."""
    written = io.StringIO()
    config = Config(output_buffer=written)
    config.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(config, f"base:{BEFORE}", sql=True)
    return written.getvalue()


@asynccontextmanager
async def on_stage(shop: Shop) -> AsyncIterator[Stage]:
    """The same stage for a process that starts now."""
    pool = await create_pool(shop.url, min_size=1)
    yield replace(shop.stage, pool=pool)
    await pool.close()


@pytest_asyncio.fixture
async def shop(empty_database_url: str) -> Shop:
    pool = await create_pool(empty_database_url, min_size=1)
    async with pool.acquire() as db:
        await db.execute(upgrade_before())
        for name in await ensure_partitions(db, datetime.now(UTC).date()):
            await db.execute(
                f"alter table {name} reset (fillfactor)"
            )  # which that release did not set
    stage = await set_up(pool, ASK_NAME)
    ana, bia = await stage.customer(), await stage.customer("5511912345679")
    shop = Shop(empty_database_url, stage, ana, bia)
    await shop.fill()
    await pool.close()
    return shop


async def test_an_upgrade_keeps_every_row_and_is_done_once(shop: Shop) -> None:
    assert await migrate(shop.url)
    assert not await migrate(shop.url)

    async with on_stage(shop) as stage, stage.pool.acquire() as db:
        assert await current_revision(db) == revisions()[-1]
        assert await counts(stage) == shop.counts
        assert min(shop.counts.values()) > 0
        listed_at = await stage.value("select listed_at from conversations where id = $1", shop.ana)
        assert SINCE - timedelta(minutes=10) < listed_at <= SINCE


async def test_sessions_are_read_as_they_stood(shop: Shop) -> None:
    await migrate(shop.url)

    async with on_stage(shop) as stage, stage.pool.acquire() as db:
        (thread,) = await threads.read(db, [shop.ana], each=10)
        over = (await sessions.last_states(db, [shop.bia]))[shop.bia]
    assert thread.session
    assert thread.session.asked
    state = thread.session.state
    assert (state.session, over.session) == (str(shop.open), str(shop.over))
    assert (state.status, over.status) == (Status.ACTIVE, Status.COMPLETED)
    assert (state.node, state.variables, state.path) == ("name", {"cor": "azul"}, ("start", "name"))
    assert state.first_version == state.version == str(stage.version)
    assert state.wait
    assert (state.wait.token, state.wait.since) == (VISIT, SINCE)
    assert [letter.key for letter in thread.letters] == ["wamid.in2"]


async def test_the_journal_is_read_as_it_was_written(shop: Shop) -> None:
    await migrate(shop.url)

    async with on_stage(shop) as stage, stage.pool.acquire() as db:
        (turn,) = await journal_reading.list_turns(
            db, stage.workspace, shop.ana, limit=10, before=None
        )
        (recorded,) = await journal_reading.list_recorded(db, stage.workspace, shop.ana)
    assert isinstance(turn.event, Started)
    assert turn.event.at == SINCE
    assert [visit.node for visit in turn.trace.visits] == ["start", "name"]
    (effect,) = turn.effects
    assert isinstance(effect, Send)
    assert effect.asks
    assert len(turn.sent) == 1
    assert (recorded.event, recorded.effects) == (turn.event, turn.effects)


async def test_an_answer_that_waited_is_taken_up(shop: Shop) -> None:
    await migrate(shop.url)

    async with on_stage(shop) as stage:
        await run_until_idle(stage.turns().step)

        assert await stage.lane(shop.ana) == [ASKED, "E a idade, Ana?"]
        assert await stage.value("select count(*) from inbox") == 0
        assert await stage.value("select count(*) from journal") == 2


@pytest.mark.parametrize("table", ["messages", "journal"])
async def test_partitions_are_made_after_the_upgrade_as_before(shop: Shop, table: str) -> None:
    await migrate(shop.url)
    async with on_stage(shop) as stage, stage.pool.acquire() as db:
        await ensure_partitions(db, datetime.now(UTC).date() + timedelta(days=31))

        settings = await stage.rows(
            """select distinct coalesce(c.reloptions, '{}') as options
                 from pg_inherits i join pg_class c on c.oid = i.inhrelid
                where i.inhparent = $1::text::regclass""",
            table,
        )
    assert len(settings) == 1
