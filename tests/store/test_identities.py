"""Who is who, in the database: also when several processes meet the same person at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

import pytest
import pytest_asyncio

from recado.engine.identities import Identity, Sender
from recado.store import contacts
from recado.store.changes import ContactChange, change_contacts
from recado.store.ids import new_id
from recado.store.pool import Db, Pool
from recado.store.receiving import open_conversations

pytestmark = pytest.mark.asyncio

Result = TypeVar("Result")
PHONE, OLD_SPELLING, USER = "5511987654321", "551187654321", "BR.1349"


@pytest_asyncio.fixture
async def workspace(pool: Pool) -> UUID:
    """A workspace without contacts."""
    workspace = new_id()
    await pool.execute("insert into workspaces (id, name) values ($1, 'Loja')", workspace)
    return workspace


async def resolve(pool: Pool, *senders: Sender) -> list[UUID]:
    """Resolves in a transaction of its own; gives the contact of each sender."""
    async with pool.acquire() as db, db.transaction():
        owners = await contacts.resolve(db, senders)
    return [owners[sender.identities[0]] for sender in senders]


async def known(pool: Pool) -> dict[str, UUID]:
    """Reads whom each identity belongs to."""
    rows = await pool.fetch("select value, contact_id from contact_identities")
    return {row["value"]: row["contact_id"] for row in rows}


async def epoch(pool: Pool) -> int:
    """Reads how many identities have changed hands."""
    count: int = await pool.fetchval("select identity_epoch from workspaces")
    return count


async def test_a_person_is_the_same_with_and_without_the_ninth_digit(
    pool: Pool, workspace: UUID
) -> None:
    [first] = await resolve(pool, Sender(workspace, phone=OLD_SPELLING, name="Ana"))
    [second] = await resolve(pool, Sender(workspace, phone=PHONE))

    assert first == second
    assert await pool.fetchval("select count(*) from contacts") == 1
    assert await pool.fetchval("select phone from contacts") == OLD_SPELLING


async def test_someone_with_only_a_user_id_is_a_contact(pool: Pool, workspace: UUID) -> None:
    [contact] = await resolve(pool, Sender(workspace, user_id=USER, username="ana"))

    row = await pool.fetchrow("select id, phone, user_id, username from contacts")
    assert tuple(row) == (contact, None, USER, "ana")


async def test_a_message_with_both_links_them(pool: Pool, workspace: UUID) -> None:
    [contact] = await resolve(pool, Sender(workspace, user_id=USER))

    assert await resolve(pool, Sender(workspace, phone=PHONE, user_id=USER)) == [contact]
    assert await resolve(pool, Sender(workspace, phone=PHONE)) == [contact]
    assert await epoch(pool) == 0


async def test_of_two_contacts_the_one_of_the_phone_gets_the_user_id(
    pool: Pool, workspace: UUID
) -> None:
    [by_user] = await resolve(pool, Sender(workspace, user_id=USER))
    [by_phone] = await resolve(pool, Sender(workspace, phone=PHONE))

    assert await resolve(pool, Sender(workspace, phone=PHONE, user_id=USER)) == [by_phone]

    assert await known(pool) == {PHONE: by_phone, USER: by_phone}
    left = await pool.fetchrow("select phone, user_id from contacts where id = $1", by_user)
    assert tuple(left) == (None, None)
    assert await epoch(pool) == 1


async def test_workspaces_have_contacts_of_their_own(pool: Pool, workspace: UUID) -> None:
    other = new_id()
    await pool.execute("insert into workspaces (id, name) values ($1, 'Outra')", other)

    [here] = await resolve(pool, Sender(workspace, phone=PHONE))
    [there] = await resolve(pool, Sender(other, phone=PHONE))

    assert here != there


async def at_once(pool: Pool, works: Sequence[Callable[[Db], Awaitable[Result]]]) -> list[Result]:
    """Runs each work in a transaction of its own, all begun before any is committed."""
    begun = asyncio.Barrier(len(works))

    async def run(work: Callable[[Db], Awaitable[Result]]) -> Result:
        async with pool.acquire() as db, db.transaction():
            await db.fetchval("select 1")
            await begun.wait()
            return await work(db)

    return list(await asyncio.gather(*(run(work) for work in works)))


async def test_two_processes_that_meet_a_new_person_make_one_contact(
    pool: Pool, workspace: UUID
) -> None:
    senders = [
        Sender(workspace, phone=PHONE),
        Sender(workspace, phone=OLD_SPELLING, user_id=USER),
        Sender(workspace, phone=PHONE, user_id=USER),
        Sender(workspace, phone=PHONE),
    ]

    async def meet(sender: Sender, db: Db) -> UUID:
        return (await contacts.resolve(db, [sender]))[sender.identities[0]]

    met = await at_once(pool, [partial(meet, sender) for sender in senders])

    assert len(set(met)) == 1
    assert await known(pool) == dict.fromkeys([PHONE, USER], met[0])
    assert await pool.fetchval("select count(*) from contacts") == 1


async def test_many_new_people_in_opposite_order_do_not_wait_in_a_ring(
    pool: Pool, workspace: UUID
) -> None:
    people = [Sender(workspace, phone=f"5511{n:09}") for n in range(200)]

    async def meet(senders: Sequence[Sender], db: Db) -> None:
        await contacts.resolve(db, senders)

    await at_once(pool, [partial(meet, order) for order in (people, people[::-1]) * 2])

    assert await pool.fetchval("select count(*) from contacts") == 200


async def test_a_changed_number_moves_the_identity_and_keeps_the_contact(
    pool: Pool, workspace: UUID
) -> None:
    [contact] = await resolve(pool, Sender(workspace, phone=PHONE, user_id=USER, name="Ana"))

    async with pool.acquire() as db, db.transaction():
        changed = await contacts.change_identity(
            db,
            Sender(workspace, phone=PHONE),
            Sender(workspace, phone="5521900000000", user_id="BR.new"),
        )

    assert changed == contact
    assert await known(pool) == {"5521900000000": contact, "BR.new": contact, USER: contact}
    row = await pool.fetchrow("select name, phone, user_id from contacts")
    assert tuple(row) == ("Ana", "5521900000000", "BR.new")
    assert await epoch(pool) == 1


async def test_a_changed_user_id_leaves_the_phone(pool: Pool, workspace: UUID) -> None:
    [contact] = await resolve(pool, Sender(workspace, phone=PHONE, user_id=USER))

    async with pool.acquire() as db, db.transaction():
        await contacts.change_identity(
            db, Sender(workspace, phone=PHONE, user_id=USER), Sender(workspace, user_id="BR.new")
        )

    assert await known(pool) == {PHONE: contact, "BR.new": contact}


async def test_who_wrote_from_the_new_number_already_is_the_same_person(
    pool: Pool, workspace: UUID
) -> None:
    [old] = await resolve(pool, Sender(workspace, phone=PHONE))
    [new] = await resolve(pool, Sender(workspace, phone="5521900000000"))

    async with pool.acquire() as db, db.transaction():
        await contacts.change_identity(
            db, Sender(workspace, phone=PHONE), Sender(workspace, phone="5521900000000")
        )

    assert await known(pool) == {"5521900000000": old}
    assert await pool.fetchval("select phone from contacts where id = $1", new) is None


async def test_a_change_of_somebody_unknown_makes_a_contact(pool: Pool, workspace: UUID) -> None:
    async with pool.acquire() as db, db.transaction():
        contact = await contacts.change_identity(
            db, Sender(workspace, phone=PHONE), Sender(workspace, user_id="BR.new")
        )

    assert await known(pool) == {"BR.new": contact}


async def test_a_profile_is_written_only_when_it_changed(pool: Pool, workspace: UUID) -> None:
    [contact] = await resolve(pool, Sender(workspace, phone=PHONE, name="Ana"))
    before = await pool.fetchval("select updated_at from contacts")

    async with pool.acquire() as db:
        same = Sender(workspace, phone=PHONE, name="Ana")
        await contacts.update_profiles(db, {contact: same})
        unchanged = await pool.fetchval("select updated_at from contacts")
        await contacts.update_profiles(db, {contact: Sender(workspace, username="ana")})

    assert unchanged == before
    row = await pool.fetchrow("select name, phone, username, updated_at > $1 from contacts", before)
    assert tuple(row) == ("Ana", PHONE, "ana", True)


async def test_a_name_that_a_flow_gave_is_not_replaced_by_a_profile(
    pool: Pool, workspace: UUID
) -> None:
    [contact] = await resolve(pool, Sender(workspace, phone=PHONE, name="💅 aninha"))

    async with pool.acquire() as db:
        await change_contacts(db, {contact: ContactChange(fields={"cpf": "1"})})
        await contacts.update_profiles(db, {contact: Sender(workspace, name="aninha")})
        before = await pool.fetchval("select name from contacts")
        await change_contacts(db, {contact: ContactChange(name="Ana Souza")})
        await contacts.update_profiles(
            db, {contact: Sender(workspace, name="💅 aninha", username="ana")}
        )

    assert before == "aninha"
    row = await pool.fetchrow("select name, username, fields from contacts")
    assert tuple(row) == ("Ana Souza", "ana", {"cpf": "1"})


async def test_a_flow_and_a_profile_that_give_a_name_at_the_same_moment(
    pool: Pool, workspace: UUID
) -> None:
    [contact] = await resolve(pool, Sender(workspace, phone=PHONE, name="aninha"))
    async with pool.acquire() as flow, pool.acquire() as post:
        async with flow.transaction():
            await change_contacts(flow, {contact: ContactChange(name="Ana Souza")})
            told = asyncio.create_task(
                contacts.update_profiles(post, {contact: Sender(workspace, name="💅")})
            )
            while not await pool.fetchval("select exists (select from pg_locks where not granted)"):
                pass  # each question is a round trip, and the other is at work meanwhile
        await told

    assert await pool.fetchval("select name from contacts") == "Ana Souza"


async def test_two_processes_open_one_conversation(pool: Pool, workspace: UUID) -> None:
    number = new_id()
    await pool.execute(
        """insert into whatsapp_numbers (id, workspace_id, phone_number, phone_shown, connection_type,
                  webhook_token, webhook_verify_token) values ($1, $2, '+1', '+1', 'official', 't', 'v')""",
        number,
        workspace,
    )
    people = await resolve(pool, *(Sender(workspace, phone=f"5511{n:09}") for n in range(20)))
    wanted = {(number, workspace, contact) for contact in people}

    async def open_all(db: Db) -> object:
        return await open_conversations(db, wanted)

    first, second = await at_once(pool, [open_all, open_all])

    assert first == second
    assert await pool.fetchval("select count(*) from conversations") == 20


async def test_identities_are_found_by_their_one_spelling(pool: Pool, workspace: UUID) -> None:
    [contact] = await resolve(pool, Sender(workspace, phone=OLD_SPELLING))

    async with pool.acquire() as db:
        owners = await contacts.find_owners(db, [Identity(workspace, "phone", PHONE)])

    assert owners == {Identity(workspace, "phone", PHONE): contact}
