"""Plain posts in one statement: what we remember of numbers and people is only believed while it is true."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from recado.engine.identities import Sender
from recado.store import contacts, secrets
from recado.store.burial import delete_number
from recado.store.pool import Db, Pool
from recado.web.posts import Post, Received
from recado.web.reception import Reception
from recado.whatsapp.signature import sign
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
from tests.web.test_receive_faults import waiting

pytestmark = pytest.mark.asyncio

# A post that says `slow` is logged when a lock is free.
SLOW = """
create function wait() returns trigger language plpgsql as $$
begin
    if position('slow'::bytea in new.body) > 0 then perform pg_advisory_xact_lock(1); end if;
    return new;
end $$;
create trigger wait before insert on webhook_log for each row execute function wait()
"""
# What somebody is called when their message is committed.
CALLED = """
create table called (name text);
create function note() returns trigger language plpgsql as $$
begin
    insert into called select c.name from conversations v join contacts c on c.id = v.contact_id
     where v.id = new.conversation_id;
    return null;
end $$;
create constraint trigger note after insert on inbox initially deferred for each row execute function note()
"""


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


@pytest.mark.parametrize("met", [True, False])
async def test_a_new_name_is_there_when_a_turn_may_begin(
    pool: Pool, desk: Desk, number: Ours, *, met: bool
) -> None:
    phone = "5511900000000" if met else "5511900000001"
    async with pool.acquire() as db, db.transaction():
        await contacts.resolve(db, [Sender(number.workspace_id, phone=phone)])
    await pool.execute(CALLED)
    for name in ("Ana", "Bia", "Bia"):
        said = message_post(number, text(phone=phone), names={phone: name})
        assert (await desk.post(said, secret="s"))[0] == 200

    assert await pool.fetchval("select array_agg(name) from called") == ["Ana", "Bia", "Bia"]


async def test_who_is_called_as_ever_needs_no_care(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    phone = "5511900000001"
    async with pool.acquire() as db, db.transaction():
        await contacts.resolve(db, [Sender(number.workspace_id, phone=phone, name="Ana")])
    for name in ("Ana", None, "Ana"):
        names = {phone: name} if name else None
        await desk.post(message_post(number, text(phone=phone), names=names), secret="s")

    assert careful == []


async def test_a_stranger_whom_another_process_meets_too_is_one(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    met, other = text(phone="5511900000000"), text(phone="5511900000001")
    with capture_logs() as logs:
        async with pool.acquire() as db, db.transaction():
            await contacts.resolve(db, [Sender(number.workspace_id, phone="5511900000001")])
            answer = asyncio.ensure_future(desk.post(message_post(number, other), secret="s"))
            while not await waiting(pool):
                pass  # each look is a round trip
        assert (await answer)[0] == 200
        await pool.execute("update contacts set phone = null")  # whoever looked would see to it
        await desk.post(message_post(number, met), secret="s")

    assert careful == [1]
    assert await pool.fetchval("select count(*) from contacts") == 2
    assert [entry for entry in logs if entry["log_level"] == "warning"] == []


async def test_what_is_committed_waits_for_no_strangers(
    pool: Pool, desk: Desk, number: Ours
) -> None:
    await pool.execute(SLOW)
    good, bad = (json.dumps(message_post(number, text(each))).encode() for each in ("ok", "slow"))
    async with pool.acquire() as db, db.transaction():
        await db.execute("select pg_advisory_xact_lock(1)")
        stored = desk.receiver.submit(good, signature=sign("s", good), token=None)
        refused = desk.receiver.submit(bad, signature=sign("other", bad), token=None)
        assert await stored is True
        assert not refused.done()

    assert await refused is False


async def test_a_number_that_is_gone_does_not_slow_the_others(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    gone = await add_number(pool, phone_number_id="2", secret="s")
    await desk.post(message_post(gone, text()), secret="s")
    await pool.execute("update whatsapp_numbers set phone_number_id = '3' where id = $1", gone.id)
    careful.clear()
    for _ in range(2):
        bodies = [json.dumps(message_post(each, text())).encode() for each in (number, gone)]
        await asyncio.gather(
            *(desk.receiver.submit(b, signature=sign("s", b), token=None) for b in bodies)
        )

    assert careful == [2, 1]


async def test_strangers_posts_do_not_slow_the_others(
    pool: Pool, desk: Desk, number: Ours, careful: list[int]
) -> None:
    good = [desk.post(message_post(number, text(f"{n}")), secret="s") for n in range(5)]
    bad = [desk.post(message_post(number, text("bad")), secret="other") for _ in range(5)]

    answers = await asyncio.gather(*good, *bad)

    assert [status for status, _ in answers] == [200] * 5 + [401] * 5
    assert sum(careful) == 5
    assert await pool.fetchval("select count(*) from inbox") == 6
