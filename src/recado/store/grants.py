"""Which messages may begin: the heads of their lanes, as fairly as there is room, in numbers whose lease is held."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.store.outbox import Sending
from recado.store.pool import Db


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


@dataclass(frozen=True, slots=True)
class Granted:
    """What may begin now, and the numbers that may have more that is ready but for the room; bulk does not count."""

    going: list[Sending]
    left: set[UUID]


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
                   select c.*, row_number() over (order by c.priority, c.seq) as place,
                          count(*) filter (where c.priority < 2) over () > leased.most as more from (
                       (select o.id, o.seq, o.priority, o.workspace_id from outbox o
                         where o.priority < 2 and {_READY} w.priority < 2 and w.seq < o.seq))
                         order by o.priority, o.seq limit leased.most + 1)
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
               select id, epoch, more from counted where priority < 2 or bulk <= $9
                order by turn, priority, seq limit $7
           )"""


async def grant(db: Db, owner: UUID, rooms: Rooms, *, barred: Sequence[UUID] = ()) -> Granted:
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
               returning o.*, chosen.more
           )
           select g.id, g.workspace_id, g.number_id, g.conversation_id, v.contact_id, g.content::text, g.reply_to,
                  g.policy, g.attempt, g.tries, g.paces, g.resent, g.first_sending_at, g.token, g.confirm, g.origin,
                  n.phone_number_id, n.waba_id, n.access_token_id, n.graph_url, v.phone, v.user_id,
                  v.last_inbound_at, g.more
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
    going = [Sending(*itertools.islice(row, len(row) - 1)) for row in rows]
    left = {row["number_id"] for row in rows if row["more"]}
    return Granted(
        going, left if len(rows) < rooms.most else {room.number_id for room in rooms.each}
    )
