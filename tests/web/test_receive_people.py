"""People who change their names, numbers and ids, and those who have no phone, over the whole way in."""

import pytest

from recado.store.pool import Pool
from tests.web.desk import NOW, Json, add_number, message_post, open_desk, text

pytestmark = pytest.mark.asyncio


def changed_number(old: str, new: str, *, key: str = "wamid.sys", at: int = NOW) -> Json:
    news = {"type": "user_changed_number", "body": "User changed", "wa_id": new}
    message = {"from": old, "id": key, "timestamp": str(at), "type": "system"}
    return {**message, "system": news}


async def conversations_of(pool: Pool) -> list[list[str]]:
    """Reads what was said, one list a conversation, in order of time."""
    rows = await pool.fetch(
        """select array_agg(message ->> 'text' order by at, seq) as said from inbox
            group by conversation_id order by min(seq)"""
    )
    return [row["said"] for row in rows]


async def test_someone_without_phone_is_a_contact(pool: Pool) -> None:
    number = await add_number(pool, secret="s")
    said = text("Oi", phone=None, user_id="US.13491208655302741918")

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, said), secret="s"))[0] == 200

    row = await pool.fetchrow("select phone, user_id from contacts")
    assert tuple(row) == (None, "US.13491208655302741918")
    assert await conversations_of(pool) == [["Oi"]]


async def test_a_user_id_in_from_is_no_phone(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text(phone="US.1349")))

    row = await pool.fetchrow("select phone, user_id from contacts")
    assert tuple(row) == (None, "US.1349")


async def test_who_cannot_be_named_at_all_is_kept_in_the_log(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        assert (await desk.post(message_post(number, text(phone=None))))[0] == 200

    row = await pool.fetchrow("select outcome, reason from webhook_log")
    assert tuple(row) == ("ignored", "no_sender")


async def test_both_spellings_of_a_brazilian_mobile_are_one_conversation(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text("a", phone="551187654321", at=NOW - 3)))
        await desk.post(message_post(number, text("b", phone="5511987654321", at=NOW - 2)))
        await desk.post(message_post(number, text("c", phone="551187654321", at=NOW - 1)))

    assert await conversations_of(pool) == [["a", "b", "c"]]
    assert await pool.fetchval("select phone from contacts") == "551187654321"


async def test_phone_and_user_id_first_apart_then_together(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text("phone")))
        await desk.post(message_post(number, text("user", phone=None, user_id="BR.1")))
        await desk.post(message_post(number, text("both", user_id="BR.1")))
        await desk.post(message_post(number, text("user again", phone=None, user_id="BR.1")))

    assert await conversations_of(pool) == [["phone", "both", "user again"], ["user"]]


async def test_a_new_name_is_taken_over_and_a_missing_one_is_not(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool) as desk:
        for name in ("Ana", None, "Ana Maria", None):
            names = {"5511987654321": name} if name else None
            await desk.post(message_post(number, text(), names=names))

    assert await pool.fetchval("select name from contacts") == "Ana Maria"


async def test_a_changed_number_keeps_contact_and_conversation(pool: Pool) -> None:
    number = await add_number(pool)
    old, new = "5511987654321", "5521912345678"

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text("before", phone=old, at=NOW - 3)))
        await desk.post(message_post(number, changed_number(old, new, at=NOW - 2)))
        await desk.post(message_post(number, text("after", phone=new, at=NOW - 1)))
        await desk.post(message_post(number, text("a stranger", phone=old)))

    assert await conversations_of(pool) == [["before", "User changed", "after"], ["a stranger"]]
    system = await pool.fetchval("select message ->> 'type' from inbox where key = 'wamid.sys'")
    assert system == "system"


async def test_in_one_post_a_changed_number_counts_from_its_place_on(pool: Pool) -> None:
    number = await add_number(pool)
    old, new = "5511987654321", "5521912345678"
    said = [
        text("after", phone=new, at=NOW - 1),
        changed_number(old, new, at=NOW - 2),
        text("before", phone=old, at=NOW - 3),
    ]

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, *said))

    assert await conversations_of(pool) == [["before", "User changed", "after"]]


async def test_old_news_of_a_number_are_not_acted_upon_twice(pool: Pool) -> None:
    number = await add_number(pool)
    old, new = "5511987654321", "5521912345678"
    news = message_post(number, changed_number(old, new))

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text(phone=old)))
        await desk.post(news)
        await desk.post(message_post(number, text("a stranger", phone=old)))
        await desk.post(news)
        await desk.post(message_post(number, text("still", phone=old)))

    assert (await conversations_of(pool))[1] == ["a stranger", "still"]


async def test_a_changed_user_id_keeps_the_conversation(pool: Pool) -> None:
    number = await add_number(pool)
    news = {**text("x"), "type": "system"}
    news["system"] = {
        "type": "user_changed_user_id",
        "body": "User changed",
        "user_id": "BR.2",
        "previous_user_id": "BR.1",
    }
    del news["from"]

    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text("one", phone=None, user_id="BR.1")))
        await desk.post(message_post(number, news))
        await desk.post(message_post(number, text("two", phone=None, user_id="BR.2")))

    assert await conversations_of(pool) == [["one", "User changed", "two"]]


async def test_a_second_process_learns_of_a_changed_number(pool: Pool) -> None:
    number = await add_number(pool)
    old, new = "5511987654321", "5521912345678"

    async with open_desk(pool) as one, open_desk(pool) as other:
        await other.post(message_post(number, text("before", phone=old)))
        await one.post(message_post(number, changed_number(old, new)))
        await other.post(message_post(number, text("a stranger", phone=old)))

    assert (await conversations_of(pool))[1] == ["a stranger"]
