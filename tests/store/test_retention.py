"""Each kind of row is forgotten after its own time, in batches, and nothing else is."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from recado.store.ids import floor, new_id
from recado.store.pool import Db, Pool
from recado.store.retention import (
    forget_posts,
    forget_seen,
    forget_sessions,
    forget_sign_ins,
)

pytestmark = pytest.mark.asyncio
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def test_seen_messages_are_forgotten_by_day_and_in_batches(pool: Pool) -> None:
    async with pool.acquire() as db:
        for key, day in [("a", 14), ("b", 15), ("c", 15), ("d", 16)]:
            await db.execute(
                "insert into inbox_seen values ('1', $1, $2)", key, date(2026, 11, day)
            )

        counts = [await forget_seen(db, before=date(2026, 11, 16), limit=2) for _ in range(3)]

        assert counts == [2, 1, 0]
        assert await db.fetchval("select array_agg(key) from inbox_seen") == ["d"]


async def test_posts_are_forgotten_by_their_arrival(pool: Pool) -> None:
    async with pool.acquire() as db:
        old = await _post(db, "stored", NOW - timedelta(seconds=1))
        new = await _post(db, "stored", NOW)

        assert await forget_posts(db, before=NOW, limit=10) == 1
        assert await db.fetchval("select array_agg(id) from webhook_log") == [new] != [old]


async def test_sign_ins_are_forgotten_when_they_are_over(pool: Pool) -> None:
    async with pool.acquire() as db:
        user = new_id()
        await db.execute(
            "insert into users (id, email, name, password_hash) values ($1, 'a@b', 'A', '')", user
        )
        for token, seconds in ((b"over", -1), (b"over too", -2), (b"on", 1)):
            await db.execute(
                """insert into sessions_web (token_hash, user_id, csrf_hash, expires_at)
                   values ($1, $2, '', $3)""",
                token,
                user,
                NOW + timedelta(seconds=seconds),
            )

        counts = [await forget_sign_ins(db, before=NOW, limit=1) for _ in range(3)]

        assert counts == [1, 1, 0]
        assert await db.fetchval("select array_agg(token_hash) from sessions_web") == [b"on"]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("conversation_states", "chatbot_id"),
        ("inbox", "conversation_id"),
        ("whatsapp_numbers", "app_secret_id"),
        ("whatsapp_numbers", "access_token_id"),
    ],
)
async def test_what_a_deletion_must_look_for_has_an_index(
    pool: Pool, table: str, column: str
) -> None:
    found = await pool.fetchval(
        """select count(*) from pg_index i join pg_attribute a
              on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
            where i.indrelid = $1::text::regclass and a.attname = $2 and i.indpred is null""",
        table,
        column,
    )
    assert found >= 1


@pytest.mark.parametrize(
    ("status", "began", "active", "goes"),
    [
        ("completed", -40, -31, True),
        ("failed", -40, -31, True),
        ("completed", -40, -29, False),
        ("active", -90, -60, False),
        ("handed_off", -90, -60, False),
    ],
)
async def test_ended_sessions_go_after_their_last_activity(
    pool: Pool, status: str, began: int, active: int, goes: bool
) -> None:
    async with pool.acquire() as db:
        conversation = await _conversation(db)
        await _session(
            db, conversation, status, NOW + timedelta(days=began), NOW + timedelta(days=active)
        )

        assert await forget_sessions(db, before=NOW - timedelta(days=30), limit=10) == goes
        assert await db.fetchval("select count(*) from conversation_states") == (not goes)


async def test_the_search_for_old_sessions_uses_their_ids(pool: Pool) -> None:
    async with pool.acquire() as db, db.transaction():
        await db.execute("set local enable_seqscan = off")
        plan = await db.fetch(
            """explain select id from conversation_states
                where id < $1 and status not in ('active', 'handed_off') order by id limit 10""",
            new_id(),
        )

    steps = "\n".join(row[0] for row in plan)
    assert "Index Scan using conversation_states_pkey" in steps
    assert "Index Cond: (id < " in steps
    assert "Sort" not in steps


async def _post(db: Db, outcome: str, at: datetime) -> UUID:
    post = new_id()
    await db.execute(
        "insert into webhook_log (id, outcome, body, received_at) values ($1, $2, '', $3)",
        post,
        outcome,
        at,
    )
    return post


async def _session(
    db: Db, conversation: UUID, status: str, began: datetime, active: datetime
) -> None:
    await db.execute(
        """insert into conversation_states
             (id, workspace_id, conversation_id, flow_id, flow_version_id, status, last_message_at, updated_at)
           select $1, workspace_id, id, $3, $3, $4, $5, $5 from conversations where id = $2""",
        floor(began),
        conversation,
        uuid4(),
        status,
        active,
    )


async def _conversation(db: Db) -> UUID:
    conversation = new_id()
    await db.execute(
        """with w as (insert into workspaces (id, name) values ($1, 'w') returning id),
                n as (insert into whatsapp_numbers (id, workspace_id, phone_number, phone_shown,
                        connection_type, webhook_token, webhook_verify_token)
                      select $1, id, '+5511', '+5511', 'official', 't', 'v' from w returning id),
                c as (insert into contacts (id, workspace_id) select $1, id from w returning id)
           insert into conversations (id, workspace_id, number_id, contact_id)
           select $1, w.id, n.id, c.id from w, n, c""",
        conversation,
    )
    return conversation
