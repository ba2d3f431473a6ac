"""Plain posts, stored in one statement: what we believed of our numbers is looked at, and all is written, or nothing.

A post is plain when it says nothing but messages and statuses of one known number. The statement commits by itself, so
it must not half succeed. It writes nothing and says so where a number is not as the caller remembers it, where a
stranger turns out to be hard to tell from others or is called otherwise by now, or where another process met them at
the same moment. Where a conversation is gone it fails, by its foreign key, and the caller had better forget what it
remembers of people. In each case the careful transaction takes over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from recado.store.contacts import NAME
from recado.store.pool import Db
from recado.store.receiving import Number


class PostRow(NamedTuple):
    """A post: the place of its number in `Plain.numbers`, how many messages and statuses it has, its raw body, its id."""

    number: int
    messages: int
    statuses: int
    body: bytes
    id: UUID


class MessageRow(NamedTuple):
    """A message, with the places of its number and its post. It has a conversation, or the place of its stranger."""

    number: int
    post: int
    message_id: UUID
    key: str
    message: bytes
    at: datetime
    conversation_id: UUID | None
    stranger: int | None


class StrangerRow(NamedTuple):
    """Somebody whom the caller's memory does not know, as they are found or made; `phone` is canonical, `as_written` not."""

    number: int
    phone: str | None
    user_id: str | None
    as_written: str | None
    name: str | None
    username: str | None
    contact_id: UUID
    conversation_id: UUID


class ToldRow(NamedTuple):
    """A status; `number` is its number's place."""

    number: int
    wamid: str
    opaque: str | None
    status: str
    at: datetime
    payload: bytes


@dataclass(slots=True)
class Plain:
    """Plain posts of one moment; places are counted from 1, as PostgreSQL counts."""

    numbers: list[Number] = field(default_factory=list)
    posts: list[PostRow] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    strangers: list[StrangerRow] = field(default_factory=list)
    told: list[ToldRow] = field(default_factory=list)


class Met(NamedTuple):
    """Who a stranger is."""

    contact_id: UUID
    conversation_id: UUID


class Written(msgspec.Struct, frozen=True):
    """What the statement did: the places of the messages that were new, and who the strangers are, in their order."""

    fresh: set[int]
    met: list[Met]


# What the caller believes of its numbers, as they were when it looked.
_NUMBERS = """
with as_they_are as materialized (
    select count(*) = cardinality($1::uuid[]) as ok
      from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bigint[])
               as k (id, phone_number_id, waba_id, app_secret_id, epoch)
      join whatsapp_numbers n using (id)
      join workspaces w on w.id = n.workspace_id and w.identity_epoch = k.epoch
     where n.deleted_at is null and n.is_active is not false and n.phone_number_id = k.phone_number_id
       and n.waba_id is not distinct from k.waba_id and n.app_secret_id is not distinct from k.app_secret_id
)"""
_TOLD = """
, told as (
    insert into status_inbox (phone_number_id, wamid, opaque, status, at, payload)
    select ($2::text[])[s.number], wamid, opaque, status, at, payload
      from unnest($13::int[], $14::text[], $15::text[], $16::text[], $17::timestamptz[], $18::jsonb[])
               with ordinality as s (number, wamid, opaque, status, at, payload, n)
     where (select ok from may)
     order by n
)"""
_GIVEN = """
, given as (
    select m.*, ($2::text[])[number] as phone_number_id
      from unnest($19::int[], $20::int[], $21::uuid[], $22::text[], $23::jsonb[], $24::timestamptz[], $25::uuid[],
                  $26::int[])
               with ordinality as m (number, post, message_id, key, message, at, conversation_id, stranger, n)
)"""
# Somebody is hard to tell when their identities belong to two contacts, or one of them to none.
_MET = f"""
, met as materialized (
    select s.*, coalesce(v.id, s.new_conversation_id) as conversation_id, v.id is not null as spoken_to,
           s.by_phone is null and s.by_user is null as new,
           coalesce(s.by_phone, s.by_user, s.new_contact_id) as contact_id,
           s.by_phone is distinct from s.by_user and s.phone is not null and s.user_id is not null as tangled,
           c.id is not null
               and ({NAME.replace("x.", "s.")}, coalesce(s.as_written, c.phone),
                    coalesce(s.user_id, c.user_id), coalesce(s.username, c.username))
                   is distinct from (c.name, c.phone, c.user_id, c.username) as renamed
      from (select s.*, ($1::uuid[])[s.number] as number_id, ($6::uuid[])[s.number] as workspace_id,
                   (select i.contact_id from contact_identities i
                     where (i.workspace_id, i.kind, i.value) = (($6::uuid[])[s.number], 'phone', s.phone)) as by_phone,
                   (select i.contact_id from contact_identities i
                     where (i.workspace_id, i.kind, i.value) = (($6::uuid[])[s.number], 'user_id', s.user_id)) as by_user
              from unnest($27::int[], $28::text[], $29::text[], $30::text[], $31::text[], $32::text[], $33::uuid[],
                          $34::uuid[])
                       with ordinality as s (number, phone, user_id, as_written, name, username, new_contact_id,
                                             new_conversation_id, stranger)) s
      left join contacts c on c.id = coalesce(s.by_phone, s.by_user)
      left join conversations v on (v.number_id, v.contact_id) = (s.number_id, coalesce(s.by_phone, s.by_user))
)"""
_MAY = """
, may as materialized (select ok from as_they_are)"""
# What was taken before must not bring back a contact that is gone by now.
_MAY_MEET = """
, may as materialized (
    select ok and not exists (select from met where tangled or renamed)
           and not exists (select from given g join met using (stranger)
                             join inbox_seen i on (i.phone_number_id, i.key) = (g.phone_number_id, g.key)
                            where not met.spoken_to) as ok
      from as_they_are
)
, contact as (
    insert into contacts (id, workspace_id, name, phone, user_id, username)
    select contact_id, workspace_id, name, as_written, user_id, username
      from met where new and (select ok from may)
), identity as (
    insert into contact_identities (workspace_id, kind, value, contact_id)
    select workspace_id, kind, value, contact_id
      from met cross join lateral (values ('phone', phone), ('user_id', user_id)) as i (kind, value)
     where new and value is not null and (select ok from may)
     order by workspace_id, kind, value  -- the same order everywhere, so that nobody waits in a ring
), conversation as (
    insert into conversations (id, workspace_id, number_id, contact_id)
    select conversation_id, workspace_id, number_id, contact_id
      from met where not spoken_to and (select ok from may)
)"""
_STORED = """
, fresh as (
    insert into inbox_seen (phone_number_id, key)
    select phone_number_id, key from given where (select ok from may) order by phone_number_id, key
        on conflict do nothing returning phone_number_id, key
), new as materialized (
    select given.* from given join fresh using (phone_number_id, key)
), stored as (
    insert into inbox (message_id, workspace_id, conversation_id, key, message, at)
    select message_id, ($6::uuid[])[new.number], {conversation}, key, message, at
      from new {met} order by at, n
)"""
_LOG = """
, log as (
    insert into webhook_log (id, workspace_id, phone_number_id, outcome, counts, body)
    select id, ($6::uuid[])[number], ($2::text[])[number],
           case when fresh + told > 0 then 'stored' else 'duplicate' end,
           jsonb_strip_nulls(jsonb_build_object('stored', nullif(fresh + told, 0),
                                                'duplicate', nullif(said - fresh, 0))),
           body
      from unnest($7::int[], $8::int[], $9::int[], $10::bytea[], $11::uuid[])
               with ordinality as p (number, said, told, body, id, post)
           cross join lateral (select {fresh} as fresh offset 0) f
     where (select ok from may)
)"""
_FRESH_OF = (
    "coalesce(cardinality(array_positions((select array_agg(post) from new), post::int)), 0)"
)
_HEARD = "ok, (select count(pg_notify(channel, '')) from unnest($12::text[]) as channel where ok)"
_FRESH = "(select array_agg(n) from new)"
_WHO = """
       (select array_agg(contact_id order by stranger) from met),
       (select array_agg(conversation_id order by stranger) from met)"""


def _statement(*, messages: bool, strangers: bool) -> str:
    """Puts the statement together: a part that has nothing to do would cost its start all the same."""
    parts = [_NUMBERS]
    parts += [_GIVEN] if messages else []
    parts += [_MET, _MAY_MEET] if strangers else [_MAY]
    parts += [_TOLD]
    if messages:
        met = "left join met using (stranger)" if strangers else ""
        of_whom = "coalesce(new.conversation_id, met.conversation_id)"
        conversation = of_whom if strangers else "new.conversation_id"
        parts += [_STORED.format(conversation=conversation, met=met)]
    parts += [_LOG.format(fresh=_FRESH_OF if messages else "0")]
    found = [_HEARD, *([_FRESH] if messages else []), *([_WHO] if strangers else [])]
    return f"{''.join(parts)}\nselect {', '.join(found)} from may"


_WITH_STRANGERS = _statement(messages=True, strangers=True)
_WITH_MESSAGES = _statement(messages=True, strangers=False)
_STATUSES_ALONE = _statement(messages=False, strangers=False)


async def write(db: Db, plain: Plain, *, channels: Sequence[str] = ()) -> Written | None:
    """Stores plain posts, with their lines in the log, and commits; None when nothing was written.

    Whoever listens to `channels` hears of it.
    """
    statement = _STATUSES_ALONE
    arguments = [*_numbers(plain.numbers), *_columns(plain.posts, 5), channels]
    arguments += _columns(plain.told, 6)
    if plain.messages:
        statement = _WITH_STRANGERS if plain.strangers else _WITH_MESSAGES
        arguments += _columns(plain.messages, 8)
        arguments += _columns(plain.strangers, 8) if plain.strangers else ()
    try:
        row = await db.fetchrow(statement, *arguments)
    except asyncpg.UniqueViolationError:  # two strangers who are one, or met by another process
        return None
    if row is None or not row[0]:
        return None
    fresh = row[2] if plain.messages else None
    met = zip(*row[3:5], strict=True) if plain.strangers else ()
    return Written(set(fresh or ()), [Met(*who) for who in met])


def _numbers(numbers: Sequence[Number]) -> Sequence[Sequence[object]]:
    return _columns(
        [
            (
                each.id,
                each.phone_number_id,
                each.waba_id,
                each.app_secret_id,
                each.identity_epoch,
                each.workspace_id,
            )
            for each in numbers
        ],
        6,
    )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> Sequence[Sequence[object]]:
    return tuple(zip(*rows, strict=True)) if rows else ((),) * width
