"""Contacts and the identities that they are known by: found, made, linked and handed over.

Every function is safe when several processes meet the same person at the same moment: the primary key of
`contact_identities` decides, and who loses looks again.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import structlog

from recado.engine.identities import Assignment, Identity, Sender, assign
from recado.store.ids import new_id
from recado.store.pool import Db

log = structlog.get_logger(__name__)

# Each round settles everything that no other process changed in between; two are the worst that was ever seen.
ROUNDS = 5
# What a contact `c` is called once a message has told the name `x.name`.
NAME = "case when c.name_kept then c.name else coalesce(x.name, c.name) end"


class ContactsContended(Exception):
    """Other processes changed the same identities again and again; the whole post may be tried anew."""


async def resolve(db: Db, senders: Collection[Sender]) -> Mapping[Identity, UUID]:
    """Gives the contact of every identity of these senders, making contacts and links that are missing."""
    identities = {each for sender in senders for each in sender.identities}
    for _ in range(ROUNDS):
        plan = assign(senders, await find_owners(db, identities), new_id=new_id)
        if await _write(db, plan):
            return plan.owners
    raise ContactsContended


async def change_identity(db: Db, old: Sender, new: Sender) -> UUID:
    """Lets a contact go by its new identities instead of the old ones of the same kind; gives the contact.

    A contact that already had the new identity loses it: both are the same person, and the history of the old
    number goes on.
    """
    for _ in range(ROUNDS):
        owners = await find_owners(db, {*old.identities, *new.identities})
        contact = next((owners[each] for each in _unique(old, new) if each in owners), None)
        if contact is None:
            return (await resolve(db, [new]))[new.identities[0]]
        plan = Assignment(
            owners={},
            linked={each: contact for each in new.identities if each not in owners},
            moved={
                each: (owners[each], contact)
                for each in new.identities
                if owners.get(each, contact) != contact
            },
        )
        if await _write(db, plan):
            kinds = {each.kind for each in new.identities}
            stale = {each for each in old.identities if each.kind in kinds} - set(new.identities)
            await drop_identities(db, contact, stale)
            await update_profiles(db, {contact: new})
            return contact
    raise ContactsContended


async def find_owners(db: Db, identities: Iterable[Identity]) -> dict[Identity, UUID]:
    """Finds the contacts of those identities that are known."""
    rows = await db.fetch(
        """select i.workspace_id, i.kind, i.value, i.contact_id
             from unnest($1::uuid[], $2::text[], $3::text[]) as k (workspace_id, kind, value)
             join contact_identities i using (workspace_id, kind, value)""",
        *_columns(identities),
    )
    return {Identity(*row[:3]): row[3] for row in rows}


async def make_contacts(db: Db, made: Mapping[UUID, Sender]) -> None:
    """Adds contacts under the given ids, as their first message describes them."""
    senders = made.values()
    await db.execute(
        """insert into contacts (id, workspace_id, name, phone, user_id, username)
           select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])""",
        list(made),
        [sender.workspace for sender in senders],
        [sender.name for sender in senders],
        [sender.phone for sender in senders],
        [sender.user_id for sender in senders],
        [sender.username for sender in senders],
    )


async def link_identities(db: Db, linked: Mapping[Identity, UUID]) -> set[Identity]:
    """Adds identities to contacts; gives those that somebody else had taken."""
    rows = await db.fetch(
        """insert into contact_identities (workspace_id, kind, value, contact_id)
           select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) as k (workspace_id, kind, value, id)
            order by workspace_id, kind, value  -- the same order everywhere, so that nobody waits in a ring
               on conflict do nothing returning workspace_id, kind, value""",
        *_columns(linked),
        list(linked.values()),
    )
    return set(linked) - {Identity(*row) for row in rows}


async def hand_over(db: Db, moved: Mapping[Identity, tuple[UUID, UUID]]) -> set[Identity]:
    """Moves identities from one contact to another; gives those that the first did not have any more."""
    rows = await db.fetch(
        """with wanted as (
               select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[])
                          as k (workspace_id, kind, value, was, becomes)
           ), moved as (
               update contact_identities i set contact_id = w.becomes from wanted w
                where (i.workspace_id, i.kind, i.value, i.contact_id) = (w.workspace_id, w.kind, w.value, w.was)
            returning i.workspace_id, i.kind, i.value, w.was
           ), bereft as (
               update contacts c set updated_at = now(),
                      phone = case when m.kind = 'phone' then null else c.phone end,
                      user_id = case when m.kind = 'user_id' then null else c.user_id end
                 from moved m where c.id = m.was
           ), told as (
               update workspaces set identity_epoch = identity_epoch + 1
                where id in (select workspace_id from moved)
           )
           select workspace_id, kind, value from moved""",
        *_columns(moved),
        [was for was, _ in moved.values()],
        [becomes for _, becomes in moved.values()],
    )
    done = {Identity(*row) for row in rows}
    for identity in done:
        was, becomes = moved[identity]
        log.info("identity_moved", kind=identity.kind, contact=str(becomes), from_contact=str(was))
    return set(moved) - done


async def drop_identities(db: Db, contact_id: UUID, identities: Collection[Identity]) -> None:
    """Takes identities away from a contact: they are not that person's any more."""
    await db.execute(
        """with gone as (
               delete from contact_identities i
                using unnest($1::uuid[], $2::text[], $3::text[]) as k (workspace_id, kind, value)
                where (i.workspace_id, i.kind, i.value) = (k.workspace_id, k.kind, k.value) and i.contact_id = $4
            returning i.workspace_id
           )
           update workspaces set identity_epoch = identity_epoch + 1 where id in (select workspace_id from gone)""",
        *_columns(identities),
        contact_id,
    )


async def update_profiles(
    db: Db, profiles: Mapping[UUID, Sender], *, wait: bool = True
) -> set[UUID]:
    """Writes what people are called now, where that changed; what is left out stays, and so does a name from a flow.

    Without `wait` contacts that another transaction holds stay as they are; gives those.
    """
    senders = profiles.values()
    rows = await db.fetch(
        f"""with told as (
               select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
                          as x (id, name, phone, user_id, username)
           ), other as materialized (
               select x.* from told x join contacts c using (id)
                where ({NAME}, coalesce(x.phone, c.phone),
                       coalesce(x.user_id, c.user_id), coalesce(x.username, c.username))
                      is distinct from (c.name, c.phone, c.user_id, c.username)
           ), locked as materialized (
               select id from contacts where id in (select id from other)
                order by id for no key update {"" if wait else "skip locked"}
           ), written as (
               update contacts c set updated_at = now(), name = {NAME},
                      phone = coalesce(x.phone, c.phone), user_id = coalesce(x.user_id, c.user_id),
                      username = coalesce(x.username, c.username)
                 from other x join locked using (id) where c.id = x.id
           )
           select id from other except select id from locked""",
        list(profiles),
        [sender.name for sender in senders],
        [sender.phone for sender in senders],
        [sender.user_id for sender in senders],
        [sender.username for sender in senders],
    )
    return {row["id"] for row in rows}


async def delete_contacts(db: Db, contact_ids: Collection[UUID]) -> None:
    """Removes contacts with everything that hangs on them."""
    await db.execute("delete from contacts where id = any ($1::uuid[])", list(contact_ids))


async def _write(db: Db, plan: Assignment) -> bool:
    """Writes a plan; False if another process was faster somewhere, after taking back what it made useless."""
    if plan.made:
        await make_contacts(db, plan.made)
    taken = await link_identities(db, plan.linked) if plan.linked else set()
    gone = await hand_over(db, plan.moved) if plan.moved else set()
    useless = {plan.linked[identity] for identity in taken} & set(plan.made)
    if useless:
        await delete_contacts(db, useless)
    return not taken and not gone


def _unique(*senders: Sender) -> list[Identity]:
    return list(dict.fromkeys(each for sender in senders for each in sender.identities))


def _columns(identities: Iterable[Identity]) -> tuple[list[UUID], list[str], list[str]]:
    listed = list(identities)
    return (
        [each.workspace for each in listed],
        [each.kind for each in listed],
        [each.value for each in listed],
    )
