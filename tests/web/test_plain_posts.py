"""Plain posts in one statement: what we remember of numbers and people is only believed while it is true."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
import pytest_asyncio

from recado.engine.identities import Sender
from recado.store import contacts, secrets
from recado.store.burial import delete_number
from recado.store.pool import Db, Pool
from recado.web.posts import Post, Received
from recado.web.reception import Reception
from tests.web.desk import (
    VAULT,
    Desk,
    Ours,
    add_number,
    change,
    message_post,
    open_desk,
    post,
    status,
    text,
)

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def number(pool: Pool) -> Ours:
    return await add_number(pool, secret="s")


@pytest_asyncio.fixture
async def desk(pool: Pool, number: Ours) -> AsyncIterator[Desk]:
    """A desk that knows the number."""
    async with open_desk(pool) as desk:
        await desk.post(message_post(number, text("hello", phone="5511900000000")), secret="s")
        yield desk


@pytest.fixture
def careful(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> list[int]:
    """How many posts each careful transaction had from now on."""
    seen: list[int] = []
    receive = Reception.receive

    async def counted(self: Reception, db: Db, posts: Sequence[Post], *, careful: bool) -> Received:
        seen.append(len(posts))
        return await receive(self, db, posts, careful=careful)

    monkeypatch.setattr(Reception, "receive", counted)
    return seen


async def log(pool: Pool) -> list[tuple[str, dict[str, int]]]:
    rows = await pool.fetch("select outcome, counts from webhook_log order by received_at offset 1")
    return [(row["outcome"], row["counts"]) for row in rows]


async def test_plain_posts_need_no_careful_transaction(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    said = [text(f"{n}", phone=f"55219{n % 3:08}", user_id=f"BR.{n % 3}") for n in range(7)]
    mixed = post(change(number, said[5:], statuses=[status("wamid.a"), status("wamid.b")]))
    told = post(change(number, [], statuses=[status("wamid.c")]))
    for each in (*(message_post(number, one) for one in said[:5]), mixed, told):
        assert (await desk.post(each, secret="s"))[0] == 200

    assert careful == []
    assert await pool.fetchval("select count(*) from conversations") == 4
    assert await pool.fetchval("select count(*) from contact_identities") == 7
    stored = await pool.fetch("select message ->> 'text' as word from inbox order by seq offset 1")
    assert [row["word"] for row in stored] == list("0123456")
    assert await pool.fetchval("select array_agg(wamid order by seq) from status_inbox") == [
        "wamid.a",
        "wamid.b",
        "wamid.c",
    ]
    counts = [{"stored": 1}] * 5 + [{"stored": 4}, {"stored": 1}]
    assert await log(pool) == [("stored", each) for each in counts]


async def test_what_comes_again_is_a_duplicate(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    old, new = text("old", key="wamid.old"), text("new", key="wamid.new")
    for each in ([old], [old], [old, new]):
        await desk.post(message_post(number, *each), secret="s")

    assert careful == []
    assert await log(pool) == [
        ("stored", {"stored": 1}),
        ("duplicate", {"duplicate": 1}),
        ("stored", {"stored": 1, "duplicate": 1}),
    ]
    assert await pool.fetchval("select count(*) from inbox") == 3


async def test_a_repeated_message_does_not_bring_back_who_was_erased(
    pool: Pool, desk: Desk, number: Ours
) -> None:
    same = message_post(number, text(key="wamid.same", phone="5511900000001"))
    await desk.post(same, secret="s")
    await pool.execute("delete from contacts")
    assert (await desk.post(same, secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from contacts") == 0
    assert (await log(pool))[-1] == ("duplicate", {"duplicate": 1})


async def test_a_new_secret_counts_at_once(pool: Pool, desk: Desk, number: Ours) -> None:
    async with pool.acquire() as db:
        secret_id: UUID = await secrets.put(
            db, VAULT, workspace_id=number.workspace_id, purpose="app_secret", value="new"
        )
    await pool.execute("update whatsapp_numbers set app_secret_id = $1", secret_id)

    old = await desk.post(message_post(number, text("old")), secret="s")
    new = await desk.post(message_post(number, text("new")), secret="new")

    assert (old[0], new[0]) == (401, 200)
    assert [outcome for outcome, _ in await log(pool)] == ["rejected", "stored"]


async def test_a_sibling_speaks_only_while_it_is_one(pool: Pool, desk: Desk, number: Ours) -> None:
    sibling = await add_number(
        pool, workspace=number.workspace_id, phone_number_id="2", secret="sibling"
    )
    said = [message_post(number, text()) for _ in range(3)]
    first = await desk.post(said[0], secret="sibling")
    second = await desk.post(said[1], secret="sibling")
    await pool.execute("update whatsapp_numbers set waba_id = '9' where id = $1", sibling.id)
    third = await desk.post(said[2], secret="sibling")

    assert (first[0], second[0], third[0]) == (200, 200, 401)


async def test_a_number_that_is_gone_or_switched_off_is_seen_to_be(
    pool: Pool, desk: Desk, number: Ours
) -> None:
    await pool.execute("update whatsapp_numbers set is_active = false")
    await desk.post(message_post(number, text()), secret="s")
    reason = await pool.fetchval("select reason from webhook_log order by received_at desc")
    async with pool.acquire() as db, db.transaction():
        await delete_number(db, number.workspace_id, number.id)
    await desk.post(message_post(number, text()), secret="s")

    assert reason == "inactive_number"
    assert [outcome for outcome, _ in await log(pool)] == ["stored", "unknown_number"]


async def test_an_identity_that_changed_hands_is_seen_to_have(
    pool: Pool, desk: Desk, number: Ours
) -> None:
    old = Sender(number.workspace_id, phone="5511900000000")
    async with pool.acquire() as db, db.transaction():
        heir = await contacts.resolve(db, [Sender(number.workspace_id, phone="5511955555555")])
        await contacts.hand_over(
            db,
            {
                old.identities[0]: (
                    await pool.fetchval("select contact_id from conversations"),
                    next(iter(heir.values())),
                )
            },
        )
    await desk.post(message_post(number, text("new", phone="5511900000000")), secret="s")

    assert await pool.fetchval("select count(distinct conversation_id) from inbox") == 2


async def test_a_second_identity_is_linked_with_care(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    said = text(phone="5511900000000", user_id="BR.1")
    await desk.post(message_post(number, said), secret="s")

    assert careful == [1]
    assert await pool.fetchval("select count(*) from contacts") == 1
    assert await pool.fetchval("select count(*) from contact_identities") == 2


async def test_a_new_name_is_written(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    for name in ("Ana", "Bia"):
        said = message_post(number, text(phone="5511900000000"), names={"5511900000000": name})
        await desk.post(said, secret="s")
        assert await pool.fetchval("select name from contacts") == name

    assert careful == []


async def test_strangers_posts_do_not_slow_the_others(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    good = [desk.post(message_post(number, text(f"{n}")), secret="s") for n in range(5)]
    bad = [desk.post(message_post(number, text("bad")), secret="other") for _ in range(5)]

    answers = await asyncio.gather(*good, *bad)

    assert [status for status, _ in answers] == [200] * 5 + [401] * 5
    assert sum(careful) == 5
    assert await pool.fetchval("select count(*) from inbox") == 6
