"""Things that happen at the same moment, seen from outside: each of these fails when its guard is taken out.

`tests/e2e/prove/races.py` names the guards, and `make prove PROOF=races` shows it.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from recado.store.pool import Pool
from tests.web.desk import NOW, Ours, add_number, message_post, open_desk, text
from tests.worker.stage import ASK_NAME, set_up
from tests.worker.town import Town, open_town

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"
CROWD = [f"55119555000{n:02}" for n in range(30)]
# Whoever makes a conversation stands still until the test lets go.
STAND_STILL = """
    create function stand_still() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock_shared(42); return new; end $$;
    create trigger stand_still before insert on conversations for each row execute function stand_still()"""
STANDING = """select count(*) from pg_locks where locktype in ('advisory', 'relation') and not granted
                 and database = (select oid from pg_database where datname = current_database())"""


@pytest_asyncio.fixture
async def town(pool: Pool, database_url: str) -> AsyncIterator[Town]:
    async with open_town(await set_up(pool, ASK_NAME), pool, database_url) as town:
        yield town


async def stand(pool: Pool, count: int) -> None:
    """Waits until so many stand still."""
    async with asyncio.timeout(20):
        while await pool.fetchval(STANDING) < count:
            pass  # each question is a round trip, and somebody else is at work meanwhile


async def test_a_message_that_comes_while_a_turn_commits_is_not_stranded(town: Town) -> None:
    await town.worker()
    async with town.stage.pool.acquire() as db, db.transaction():
        await db.execute("lock table journal in exclusive mode")
        town.meta.say(ANA, "oi")
        await stand(
            town.stage.pool, 1
        )  # the turn has read its mail, and wants to write what it did
        town.meta.say(ANA, "Ana")
        await town.meta.idle()  # the second is stored, and nobody will speak of it again

    await town.got(ANA, 1)
    await town.stage.until("select not exists (select from inbox)")
    heard = await town.stage.rows("select text from messages where direction = 'in' order by id")

    assert [row["text"] for row in heard] == ["oi", "Ana"]


async def test_the_same_webhooks_in_two_processes_at_once_are_stored_once(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    posts = [
        message_post(number, text(key=f"wamid.{n}", phone=each)) for n, each in enumerate(CROWD)
    ]

    async with open_desk(pool) as one, open_desk(pool) as other:
        answers = await asyncio.gather(
            *(desk.post(post, secret="s") for post in posts for desk in (one, other, one))
        )

    assert {status for status, _ in answers} == {200}
    assert await pool.fetchval("select count(*) from inbox") == len(CROWD)


async def test_the_first_two_messages_of_new_people_meet_in_one_conversation(pool: Pool) -> None:
    number = await add_number(pool, secret="s")

    async with open_desk(pool) as one, open_desk(pool) as other:
        await asyncio.gather(
            *(
                desk.post(
                    message_post(number, text(f"{n}", phone=each, at=NOW - 2 + n)), secret="s"
                )
                for each in CROWD
                for n, desk in enumerate((one, other))
            )
        )

    assert await _threads(pool, number) == [["0", "1"]] * len(CROWD)
    assert await pool.fetchval("select count(*) from contacts") == len(CROWD)


async def test_the_first_two_messages_to_another_number_meet_in_one_conversation(
    pool: Pool,
) -> None:
    known = await add_number(pool, secret="s")
    number = await add_number(
        pool, workspace=known.workspace_id, secret="s", phone_number_id="106540352242923"
    )
    first, second = (
        message_post(number, text(f"{n}", phone=ANA, at=NOW - 2 + n)) for n in range(2)
    )

    async with open_desk(pool) as one, open_desk(pool) as other:
        await one.post(message_post(known, text(phone=ANA)), secret="s")
        await pool.execute(STAND_STILL)
        async with asyncio.TaskGroup() as group, pool.acquire() as db, db.transaction():
            await db.execute("select pg_advisory_xact_lock(42)")
            group.create_task(one.post(first, secret="s"))
            group.create_task(other.post(second, secret="s"))
            await stand(pool, 2)

    assert await _threads(pool, number) == [["0", "1"]]


async def test_a_person_who_comes_by_phone_and_by_user_id_at_once_is_one(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    posts = [
        message_post(number, text(how, phone=phone, user_id=user))
        for n, phone in enumerate(CROWD)
        for how, user in (("phone", None), ("both", f"BR.{n}"))
    ]

    async with open_desk(pool) as one, open_desk(pool) as other:
        await asyncio.gather(
            *((one, other)[n % 2].post(post, secret="s") for n, post in enumerate(posts))
        )

    assert await pool.fetchval("select count(*) from contacts") == len(CROWD)
    assert await pool.fetchval("select count(*) from contact_identities") == 2 * len(CROWD)
    assert await pool.fetchval("select count(*) from conversations") == len(CROWD)


async def _threads(pool: Pool, number: Ours) -> list[list[str]]:
    """Lists what waits in each conversation of a number, in order of time."""
    rows = await pool.fetch(
        """select array_agg(message ->> 'text' order by at) as said
             from inbox i join conversations v on v.id = i.conversation_id
            where v.number_id = $1 group by v.id""",
        number.id,
    )
    return [row["said"] for row in rows]
