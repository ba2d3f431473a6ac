"""Messages come in over real HTTP: each once, in order, in its conversation before the answer."""

import asyncio

import pytest

from recado.store.pool import Pool
from tests.web.desk import (
    NOW,
    add_number,
    change,
    message_post,
    open_desk,
    post,
    status,
    text,
)

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["/api/v1", ""])
async def test_every_spelling_of_the_address_takes_a_post(
    pool: Pool, prefix: str, slash: str
) -> None:
    number = await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        for path in ("/whatsapp/webhook", f"/whatsapp/webhook/{number.webhook_token}"):
            answer = await desk.post(
                message_post(number, text()), secret="s", path=prefix + path + slash
            )
            assert answer == (200, {"status": "ok"})

    assert await pool.fetchval("select count(*) from inbox") == 2


async def test_a_message_is_in_its_conversation_before_the_answer(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    said = text("Oi", key="wamid.1")

    async with open_desk(pool) as desk:
        answer = await desk.post(
            message_post(number, said, names={"5511987654321": "Ana"}), secret="s"
        )
        assert desk.woken == ["turns"]

    assert answer == (200, {"status": "ok"})
    row = await pool.fetchrow(
        """select i.key, i.message, extract(epoch from i.at)::int as at, c.name, c.phone, v.number_id,
                   i.received_at <= clock_timestamp() as received
             from inbox i join conversations v on v.id = i.conversation_id join contacts c on c.id = v.contact_id"""
    )
    message = row["message"]
    assert (row["key"], message["id"], message["type"], message["text"]) == (
        "wamid.1",
        "wamid.1",
        "text",
        "Oi",
    )
    assert (row["name"], row["phone"], row["number_id"]) == ("Ana", "5511987654321", number.id)
    assert row["at"] == NOW
    assert row["received"]


async def test_the_same_post_five_times_is_one_message(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    same = message_post(number, text(key="wamid.same"))

    async with open_desk(pool) as desk:
        answers = await asyncio.gather(*(desk.post(same, secret="s") for _ in range(2)))
        answers += [await desk.post(same, secret="s") for _ in range(3)]

    assert answers == [(200, {"status": "ok"})] * 5
    assert await pool.fetchval("select count(*) from inbox") == 1
    outcomes = await pool.fetch("select outcome, count(*) from webhook_log group by 1 order by 1")
    assert [tuple(row) for row in outcomes] == [("duplicate", 4), ("stored", 1)]


async def test_two_processes_share_the_memory_of_what_was_seen(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    same = message_post(number, text(key="wamid.same"))

    async with open_desk(pool) as one, open_desk(pool) as other:
        await asyncio.gather(*(desk.post(same, secret="s") for desk in (one, other) * 3))

    assert await pool.fetchval("select count(*) from inbox") == 1
    assert await pool.fetchval("select count(*) from conversations") == 1


async def test_the_same_message_twice_in_one_post_is_one(pool: Pool) -> None:
    number = await add_number(pool)
    twice = text(key="wamid.same")

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, twice, twice))

    assert await pool.fetchval("select count(*) from inbox") == 1
    counts = await pool.fetchval("select counts from webhook_log")
    assert counts == {"stored": 1, "duplicate": 1}


async def test_parallel_posts_of_one_person_are_one_conversation_in_order_of_time(
    pool: Pool,
) -> None:
    number = await add_number(pool, secret="s")
    posts = [message_post(number, text(f"{n}", at=NOW - 60 + n)) for n in range(12)]

    async with open_desk(pool) as one, open_desk(pool) as other:
        both = (one, other)
        await asyncio.gather(
            *(both[n % 2].post(each, secret="s") for n, each in enumerate(reversed(posts)))
        )

    assert await pool.fetchval("select count(*) from contacts") == 1
    assert await pool.fetchval("select count(*) from conversations") == 1
    rows = await pool.fetch("select message ->> 'text' as said from inbox order by at, seq")
    assert [row["said"] for row in rows] == [f"{n}" for n in range(12)]


async def test_messages_of_one_second_keep_their_order(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, *(text(f"{n}") for n in range(50))))

    rows = await pool.fetch("select message ->> 'text' as said from inbox order by at, seq")
    assert [row["said"] for row in rows] == [f"{n}" for n in range(50)]


async def test_another_process_hears_of_a_commit(pool: Pool) -> None:
    number = await add_number(pool)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listening = await pool.acquire()
    for channel in ("recado_inbox", "recado_status"):
        await listening.add_listener(channel, lambda *told: heard.put_nowait(told[2]))

    async with open_desk(pool, wake=False) as desk:
        await desk.post(post(change(number, [text()], statuses=[status("wamid.a")])))
        assert {await heard.get(), await heard.get()} == {"recado_inbox", "recado_status"}

    await listening.reset()
    await pool.release(listening)


async def test_a_message_for_an_inactive_number_is_stored_and_said_so(pool: Pool) -> None:
    number = await add_number(pool, secret="s", is_active=False)

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text()), secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 1
    assert await pool.fetchval("select reason from webhook_log") == "inactive_number"


async def test_a_turn_that_stalls_keeps_nobody_waiting(pool: Pool) -> None:
    busy = await add_number(pool, secret="s")
    other = await add_number(pool, secret="t", phone_number_id="2", waba_id="3")

    async with open_desk(pool) as desk:
        await desk.post(message_post(busy, text("before")), secret="s")
        async with pool.acquire() as turn, turn.transaction():
            await turn.fetch("select id from conversations for no key update")
            answers = await asyncio.gather(
                desk.post(message_post(busy, text("meanwhile")), secret="s"),
                *(
                    desk.post(message_post(other, text(phone=f"55119{n:08}")), secret="t")
                    for n in range(5)
                ),
            )

    assert [code for code, _ in answers] == [200] * 6
    assert await pool.fetchval("select count(*) from inbox") == 7


async def test_a_name_that_a_turn_keeps_from_being_written_is_told_by_the_next_message(
    pool: Pool,
) -> None:
    number = await add_number(pool, secret="s")
    names = {"5511987654321": "Ana Maria"}

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text(), names={"5511987654321": "Ana"}), secret="s")
        async with pool.acquire() as turn, turn.transaction():
            await turn.fetch("select id from contacts for no key update")
            answer = await desk.post(message_post(number, text(), names=names), secret="s")
        kept = await pool.fetchval("select name from contacts")
        await desk.post(message_post(number, text(), names=names), secret="s")

    assert (answer[0], kept) == (200, "Ana")
    assert await pool.fetchval("select name from contacts") == "Ana Maria"


async def test_the_advertisement_that_somebody_came_by_goes_into_the_history(pool: Pool) -> None:
    number = await add_number(pool)
    referral = {"source_type": "ad", "source_id": "12", "headline": "Oferta"}

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, {**text(), "referral": referral}))

    assert await pool.fetchval("select message -> 'referral' from inbox") == referral
