"""The pool: jsonb in and out, sessions in UTC, patience with an end."""

import asyncio

import asyncpg
import msgspec
import pytest

from recado.store.pool import Pool, PoolBusy, borrow, create_pool, session_settings

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    "value", [None, True, 0, "ação \U0001f600", [1, {"a": [None]}], {"b": "\u2028"}]
)
async def test_jsonb_comes_back_as_it_went_in(pool: Pool, value: object) -> None:
    back = await pool.fetchval("select $1::jsonb", value)
    encoded = await pool.fetchval("select $1::jsonb", msgspec.json.encode(value))

    assert back == value
    assert encoded == value


async def test_jsonb_arrays_and_inner_values_work(pool: Pool) -> None:
    rows = await pool.fetchval("select $1::jsonb[]", [{"a": 1}, "two"])
    inner = await pool.fetchval("select $1::jsonb ->> 'a'", {"a": "one"})

    assert rows == [{"a": 1}, "two"]
    assert inner == "one"


async def test_sessions_speak_utc_and_say_who_they_are(pool: Pool) -> None:
    assert await pool.fetchval("show timezone") == "UTC"
    assert await pool.fetchval("show application_name") == "recado"


async def test_who_stalls_in_a_transaction_or_vanishes_does_not_keep_its_locks(pool: Pool) -> None:
    assert await pool.fetchval("show idle_in_transaction_session_timeout") == "30s"
    assert session_settings("recado")["tcp_keepalives_idle"] == "30"  # shown over TCP only


async def test_an_open_transaction_is_rolled_back_on_return(pool: Pool) -> None:
    async with pool.acquire() as db:
        await db.execute("begin")
        await db.execute("create table left_behind (id int)")

    async with pool.acquire() as db:
        assert await db.fetchval("select to_regclass('left_behind')") is None


async def test_a_long_statement_is_ended(database_url: str) -> None:
    pool = await create_pool(database_url, max_size=1, statement_timeout=0.05)

    with pytest.raises(asyncpg.QueryCanceledError):
        await pool.execute("select pg_sleep(60)")

    await pool.close()


async def test_nobody_waits_for_a_connection_for_ever(database_url: str) -> None:
    pool = await create_pool(database_url, max_size=1)

    async with borrow(pool, within=5):
        with pytest.raises(PoolBusy):
            async with borrow(pool, within=0.01):
                raise AssertionError("the only connection was lent twice")
    async with borrow(pool, within=5) as db:
        assert await db.fetchval("select 1") == 1

    await asyncio.wait_for(pool.close(), timeout=10)
