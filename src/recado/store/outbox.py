"""Messages on their way out: a lane per conversation, in order, one request at a time.

A row is `queued` until the sender that holds its number's lease marks it `sending` (with the attempt and the lease's
epoch) and commits; only then is a request written. Whatever ends it removes it; its fate is on `messages`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from recado.store.pool import Db


@dataclass(slots=True, kw_only=True)
class NewSend:
    """A message for the lane of its conversation. `content` is encoded JSON of engine.content.Content.

    `token` is of the wait that the message carries; `confirm`: that wait ends with the message's fate, a good one too.
    `origin`: an answer to the contact, or a timer's, or one of many that somebody sends at once; opting out blocks the
    latter two. It decides what goes first. `to` is whom it goes to, where the turn knows it.
    """

    id: UUID
    workspace_id: UUID
    number_id: UUID
    conversation_id: UUID
    content: bytes
    reply_to: str | None
    policy: str
    expires_at: datetime
    token: str | None = None
    confirm: bool = False
    origin: Literal["reply", "timer", "bulk"] = "reply"
    to: "Person | None" = None


class Person(msgspec.Struct, frozen=True):
    """Whom a message goes to, as its turn found them; `last_inbound_at` is when they wrote last."""

    contact_id: UUID
    phone: str | None
    user_id: str | None
    last_inbound_at: datetime | None


class Offer(msgspec.Struct, frozen=True):
    """Which new messages may begin with the commit that queues them: for these there is room.

    `epochs` are of the leases that `owner` believes to hold.
    """

    owner: UUID
    epochs: dict[UUID, int]
    ids: set[UUID]


class Sending(msgspec.Struct, frozen=True):
    """A message that is being sent: its row, and what the request needs to know. `content` is encoded JSON."""

    id: UUID
    workspace_id: UUID
    number_id: UUID
    conversation_id: UUID
    contact_id: UUID
    content: str | bytes
    reply_to: str | None
    policy: str
    attempt: int
    tries: int
    paces: int
    resent: bool
    first_sending_at: datetime
    token: str | None
    confirm: bool
    origin: str
    phone_number_id: str | None
    waba_id: str | None
    access_token_id: UUID | None
    graph_url: str | None
    phone: str | None
    user_id: str | None
    last_inbound_at: datetime | None


@dataclass(frozen=True, slots=True)
class Back:
    """A message that goes back to its lane's head. `counts`: the failure is one of those that are limited.

    `unheard_since`: it waits until the customer writes after that moment.
    """

    id: UUID
    attempt: int
    wait: float
    counts: bool
    unheard_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class InLane:
    """A row as it stands while it is locked; `withdrawn`: it was called back while it was on its way."""

    status: str
    attempt: int
    first_sending_at: datetime | None
    withdrawn: bool
    workspace_id: UUID
    conversation_id: UUID
    token: str | None
    confirm: bool


NO_OFFER = Offer(UUID(int=0), {}, set())

# A message begins at once where it is offered, its lane is empty, and the number's lease is held and lets it send: what
# a grant looks at, too. The lease is locked until the commit, so that nobody takes the number over in between. So is the
# number itself, that its removal waits for us and finds what we have written; the turn has locked the conversation.
_INSERT = """with lines as materialized (
           select id, phone_number_id, waba_id, access_token_id, graph_url from whatsapp_numbers
            where id = any (select distinct unnest($3::uuid[])) order by id for key share
       ), leased as materialized (
           select s.number_id, s.epoch from unnest($13::uuid[], $14::bigint[]) l (number_id, epoch)
             join number_senders s on s.number_id = l.number_id
            where s.owner = $15 and s.epoch = l.epoch and s.until > clock_timestamp()
              and s.held_until <= clock_timestamp()
            order by s.number_id for share of s
       ), queued as (
           insert into outbox
                  (id, workspace_id, number_id, conversation_id, content, reply_to, policy, expires_at, token,
                   confirm, origin, status, attempt, epoch, sending_at, first_sending_at)
           select s.id, s.workspace_id, s.number_id, s.conversation_id, s.content, s.reply_to, s.policy,
                  s.expires_at, s.token, s.confirm, s.origin,
                  case when b.epoch is null then 'queued' else 'sending' end,
                  case when b.epoch is null then 0 else 1 end, coalesce(b.epoch, 0), b.at, b.at
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::jsonb[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::text[], $10::boolean[], $11::text[], $12::boolean[])
                  with ordinality
                  as s (id, workspace_id, number_id, conversation_id, content, reply_to, policy, expires_at,
                        token, confirm, origin, offered, n)
             join lines on lines.id = s.number_id
             left join lateral (
                  select leased.epoch, clock_timestamp() as at from leased
                   where s.offered and leased.number_id = s.number_id and s.expires_at > clock_timestamp()
                     and not exists (select from outbox w where w.conversation_id = s.conversation_id)) b on true
            order by s.n
           returning id, number_id, status, first_sending_at
       )
       select q.id, q.first_sending_at, l.phone_number_id, l.waba_id, l.access_token_id, l.graph_url
         from queued q join lines l on l.id = q.number_id where q.status = 'sending'"""


async def insert(db: Db, sends: Sequence[NewSend], offer: Offer = NO_OFFER) -> list[Sending]:
    """Queues messages in the order given; that order is each lane's. Gives those that begin with this commit."""
    if not sends:
        return []
    rows = await db.fetch(
        _INSERT,
        [s.id for s in sends],
        [s.workspace_id for s in sends],
        [s.number_id for s in sends],
        [s.conversation_id for s in sends],
        [s.content for s in sends],
        [s.reply_to for s in sends],
        [s.policy for s in sends],
        [s.expires_at for s in sends],
        [s.token for s in sends],
        [s.confirm for s in sends],
        [s.origin for s in sends],
        [s.id in offer.ids for s in sends],
        list(offer.epochs),
        list(offer.epochs.values()),
        offer.owner,
    )
    begun = {row[0]: row for row in rows}
    return [_begun(s, begun[s.id]) for s in sends if s.id in begun] if begun else []


def _begun(send: NewSend, row: Any) -> Sending:
    """Makes of a new message what its request needs to know; only one whose person is known is offered."""
    _, began, phone_number_id, waba_id, access_token_id, graph_url = row
    to = send.to
    if to is None:
        raise ValueError("a message to nobody has begun")
    return Sending(
        send.id,
        send.workspace_id,
        send.number_id,
        send.conversation_id,
        to.contact_id,
        send.content,
        send.reply_to,
        send.policy,
        1,
        0,
        0,
        False,
        began,
        send.token,
        send.confirm,
        send.origin,
        phone_number_id,
        waba_id,
        access_token_id,
        graph_url,
        to.phone,
        to.user_id,
        to.last_inbound_at,
    )


async def numbers_with_mail(db: Db) -> set[UUID]:
    """Finds the numbers that have anything to send, by hopping from one to the next in the index."""
    rows = await db.fetch(
        """with recursive hop as (
               (select number_id from outbox order by number_id limit 1)
               union all
               select (select o.number_id from outbox o where o.number_id > hop.number_id
                        order by o.number_id limit 1)
                 from hop where hop.number_id is not null
           )
           select number_id from hop where number_id is not null"""
    )
    return {row["number_id"] for row in rows}


async def lock(db: Db, ids: Sequence[UUID]) -> dict[UUID, InLane]:
    """Locks and reads the rows that are still there."""
    if not ids:
        return {}
    rows = await db.fetch(
        """select id, status, attempt, first_sending_at, withdrawn, workspace_id, conversation_id, token,
                  confirm
             from outbox where id = any ($1::uuid[]) order by id for update""",
        ids,
    )
    return {row[0]: InLane(*row[1:]) for row in rows}


async def remove(db: Db, ids: Sequence[UUID]) -> None:
    """Takes messages out of their lanes: what was behind them may go."""
    if ids:
        await db.execute("delete from outbox where id = any ($1::uuid[])", ids)


async def put_back(db: Db, backs: Sequence[Back]) -> None:
    """Queues messages again whose attempt is over without having been accepted."""
    if not backs:
        return
    await db.execute(
        """update outbox o set status = 'queued', not_before = clock_timestamp() + b.wait,
                  tries = o.tries + b.counts::integer, paces = o.paces + (not b.counts)::integer,
                  unheard_since = b.unheard_since
             from unnest($1::uuid[], $2::integer[], $3::interval[], $4::boolean[], $5::timestamptz[])
                  as b (id, attempt, wait, counts, unheard_since)
            where o.id = b.id and o.attempt = b.attempt and o.status = 'sending'""",
        [back.id for back in backs],
        [back.attempt for back in backs],
        [timedelta(seconds=back.wait) for back in backs],
        [back.counts for back in backs],
        [back.unheard_since for back in backs],
    )


async def doubt(db: Db, ids: Sequence[UUID], *, wait: float) -> list[UUID]:
    """Marks messages that are being sent as of unknown fate; a status may tell it within `wait` seconds from now."""
    if not ids:
        return []
    rows = await db.fetch(
        """update outbox set status = 'unknown', not_before = clock_timestamp() + $2::interval
            where id = any ($1::uuid[]) and status in ('sending', 'unknown') returning id""",
        ids,
        timedelta(seconds=wait),
    )
    return [row["id"] for row in rows]
