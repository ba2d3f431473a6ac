"""Messages on their way out: a lane per conversation, in order, one request at a time.

A row is `queued` until the sender that holds its number's lease marks it `sending` (with the attempt and the lease's
epoch) and commits; only then is a request written. Whatever ends it removes it; its fate is on `messages`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSend:
    """A message for the lane of its conversation. `content` is encoded JSON of engine.content.Content.

    `token` is of the wait that the message carries; `confirm`: that wait ends with the message's fate, a good one too.
    `origin`: an answer to the contact, or a timer's, or one of many that somebody sends at once; opting out blocks the
    latter two. It decides what goes first.
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


@dataclass(frozen=True, slots=True)
class Room:
    """How many requests a number may begin, and how many of them for bulk; `epoch` is its lease's.

    Numbers of one `probe` may begin one together: nobody knows whether their host is there again.
    """

    number_id: UUID
    epoch: int
    most: int
    bulk: int
    probe: int | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """Room in numbers, and how many requests may begin in all of them, and how many of these for bulk."""

    each: Sequence[Room]
    most: int
    bulk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message that is being sent: its row, and what the request needs to know."""

    id: UUID
    workspace_id: UUID
    number_id: UUID
    conversation_id: UUID
    contact_id: UUID
    content: Any
    reply_to: str | None
    policy: str
    attempt: int
    tries: int
    paces: int
    resent: bool
    first_sending_at: datetime
    phone_number_id: str | None
    waba_id: str | None
    access_token_id: UUID | None
    graph_url: str | None
    phone: str | None
    user_id: str | None
    last_inbound_at: datetime | None
    origin: str
    token: str | None = None


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


async def insert(db: Db, sends: Sequence[NewSend]) -> None:
    """Queues messages in the order given; that order is each lane's."""
    if not sends:
        return
    await db.execute(
        """insert into outbox
                  (id, workspace_id, number_id, conversation_id, content, reply_to, policy, expires_at,
                   token, confirm, origin)
           select id, workspace_id, number_id, conversation_id, content, reply_to, policy, expires_at,
                  token, confirm, origin
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::jsonb[], $6::text[], $7::text[],
                         $8::timestamptz[], $9::text[], $10::boolean[], $11::text[]) with ordinality
                  as s (id, workspace_id, number_id, conversation_id, content, reply_to, policy,
                        expires_at, token, confirm, origin, n)
            order by n""",
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


# What may go: not barred ($8) and with nothing before it. Other messages of a lane on their way are always before it.
_READY = """o.number_id = leased.number_id and o.status = 'queued' and o.unheard_since is null
            and o.not_before <= clock_timestamp() and o.expires_at > clock_timestamp()
            and o.conversation_id <> all ($8::uuid[])
            and not exists (select from outbox w where w.conversation_id = o.conversation_id
                               and w.id <> o.id and (w.status <> 'queued' or"""

# The numbers that may send (by epoch $3, $4 messages each, $5 of bulk), and the heads of their lanes: first the first
# of every workspace, then the second, and in a workspace the same of every number, so that nobody's backlog takes all
# the room ($7, of which $9 for bulk).
_HEADS = f"""leased as materialized (
               select s.number_id, s.epoch, l.most, l.bulk, l.probe
                 from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                      l (number_id, epoch, most, bulk, probe)
                 join number_senders s on s.number_id = l.number_id
                where s.owner = $1 and s.epoch = l.epoch and s.until > clock_timestamp()
                  and s.held_until <= clock_timestamp()
                order by s.number_id for share of s
           ), heads as materialized (
               select h.*, leased.epoch, leased.probe from leased cross join lateral (
                   select c.*, row_number() over (order by c.priority, c.seq) as place from (
                       (select o.id, o.seq, o.priority, o.workspace_id from outbox o
                         where o.priority < 2 and {_READY} w.priority < 2 and w.seq < o.seq))
                         order by o.priority, o.seq limit leased.most)
                       union all
                       (select o.id, o.seq, o.priority, o.workspace_id from outbox o
                         where o.priority = 2 and {_READY} w.priority < 2 or w.seq < o.seq))
                         order by o.seq limit leased.bulk)) c
                    order by c.priority, c.seq limit leased.most) h
           ), probed as (
               select *, row_number() over (partition by probe order by place, priority, seq) as nth from heads
           ), turns as (
               select *, row_number() over (partition by workspace_id order by place, priority, seq) as turn
                 from probed where probe is null or nth = 1
           ), counted as (
               select *, count(*) filter (where priority = 2) over (order by turn, priority, seq) as bulk from turns
           ), chosen as materialized (
               select id, epoch from counted where priority < 2 or bulk <= $9
                order by turn, priority, seq limit $7
           )"""


async def grant(db: Db, owner: UUID, rooms: Rooms, *, barred: Sequence[UUID] = ()) -> list[Sending]:
    """Marks the next messages of these numbers as being sent, the head of a lane only, none of `barred` conversations.

    Locking the lease keeps anybody from taking it over between this and its commit; a lease that is lost, or a number
    that is held, grants nothing.
    """
    rows = await db.fetch(
        f"""with {_HEADS}, granted as (
               update outbox o set status = 'sending', attempt = o.attempt + 1, epoch = chosen.epoch,
                      sending_at = clock_timestamp(),
                      first_sending_at = coalesce(o.first_sending_at, clock_timestamp())
                 from chosen where o.id = chosen.id and o.status = 'queued'
               returning o.*
           )
           select g.id, g.workspace_id, g.number_id, g.conversation_id, v.contact_id, g.content, g.reply_to,
                  g.policy, g.attempt, g.tries, g.paces, g.resent, g.first_sending_at, g.token, g.origin,
                  n.phone_number_id, n.waba_id, n.access_token_id, n.graph_url, v.phone, v.user_id,
                  v.last_inbound_at
             from granted g
             join whatsapp_numbers n on n.id = g.number_id
            cross join lateral (  -- by key, row by row, however many PostgreSQL expects
                  select v.contact_id, c.phone, c.user_id, v.last_inbound_at
                    from conversations v join contacts c on c.id = v.contact_id
                   where v.id = g.conversation_id offset 0) v
            order by g.priority, g.seq""",
        owner,
        [room.number_id for room in rooms.each],
        [room.epoch for room in rooms.each],
        [room.most for room in rooms.each],
        [room.bulk for room in rooms.each],
        [room.probe for room in rooms.each],
        rooms.most,
        list(barred),
        rooms.bulk,
    )
    return [Sending(**row) for row in rows]


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
