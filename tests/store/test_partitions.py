"""Each month has its partition, cut at the ids' own bounds."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from recado.store.ids import floor
from recado.store.partitions import ensure_partitions, months_after
from recado.store.pool import Db, Pool

pytestmark = pytest.mark.asyncio
TODAY = date(2031, 12, 31)


async def test_this_and_the_next_two_months_are_made_once(pool: Pool) -> None:
    async with pool.acquire() as db:
        made = await ensure_partitions(db, TODAY)
        again = await ensure_partitions(db, TODAY)
        later = await ensure_partitions(db, months_after(TODAY, 1))

    months = ("2031_12", "2032_01", "2032_02")
    assert made == [f"{table}_{month}" for table in ("messages", "journal") for month in months]
    assert again == []
    assert later == ["messages_2032_03", "journal_2032_03"]


async def test_several_processes_may_make_them_at_once(pool: Pool) -> None:
    async def make() -> list[str]:
        async with pool.acquire() as db:
            return await ensure_partitions(db, TODAY)

    made = await asyncio.gather(*(make() for _ in range(6)))

    assert sorted(map(len, made)) == [0, 0, 0, 0, 0, 6]


async def test_rows_go_to_the_month_of_their_id(pool: Pool) -> None:
    start = datetime(2032, 1, 1, tzinfo=UTC)
    async with pool.acquire() as db:
        await ensure_partitions(db, TODAY)

        places = [
            await _insert(db, floor(at))
            for at in (
                start - timedelta(milliseconds=1),
                start,
                datetime(2032, 2, 29, 23, 59, tzinfo=UTC),
            )
        ]

    assert places == ["messages_2031_12", "messages_2032_01", "messages_2032_02"]


async def test_a_month_without_a_partition_is_refused(pool: Pool) -> None:
    async with pool.acquire() as db:
        await ensure_partitions(db, TODAY)

        with pytest.raises(asyncpg.CheckViolationError):
            await _insert(db, floor(datetime(2032, 3, 1, tzinfo=UTC)))


async def test_a_partition_has_the_indexes_of_its_table(pool: Pool) -> None:
    count = "select count(*) from pg_index where indrelid = $1::text::regclass"
    async with pool.acquire() as db:
        await ensure_partitions(db, TODAY)

        assert await db.fetchval(count, "messages_2032_01") == await db.fetchval(count, "messages")


async def _insert(db: Db, id: UUID) -> str:
    place: str = await db.fetchval(
        """insert into messages (id, workspace_id, conversation_id, direction, type, content, at)
           values ($1, $2, $2, 'in', 'text', '{}', now()) returning tableoid::regclass::text""",
        id,
        uuid4(),
    )
    return place
