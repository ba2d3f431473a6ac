"""Meta's statuses as they came in, waiting to be merged into the messages they speak of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from recado.store.pool import Db, Pool


@dataclass(frozen=True, slots=True)
class Status:
    """One status. `opaque` is what we sent along: `<message id>.<attempt>`."""

    seq: int
    phone_number_id: str
    wamid: str
    opaque: str | None
    status: str
    at: datetime
    payload: Any


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose message a status speaks of."""

    message_id: UUID
    workspace_id: UUID
    conversation_id: UUID
    number_id: UUID
    phone_number_id: str | None

    @property
    def ids(self) -> dict[str, str]:
        """Gives what a line of the log says it is about."""
        return {
            "workspace": str(self.workspace_id),
            "number": str(self.number_id),
            "conversation": str(self.conversation_id),
            "message": str(self.message_id),
        }


class Merged(NamedTuple):
    """What the database did alone, as Meta's words; `odd` are those that it left, and `full`: there may be more."""

    words: list[str]
    odd: list[int]
    full: bool


_OWNER = """select m.id, m.workspace_id, m.conversation_id, v.number_id, n.phone_number_id, m.wamid
              from messages m
              join conversations v on v.id = m.conversation_id
              join whatsapp_numbers n on n.id = v.number_id
             where m.direction = 'out'"""

# The ordinary case: the next words about a message that has the id Meta speaks of and has left its lane. Such a message
# only rises, and `failed` is a step that all words pass but `sent` (worker/fate.py says the same).
#
# Messages are looked up by key, row by row, however many PostgreSQL expects, and changed in the order of ids that every
# transaction keeps to. There are no parameters, so that the plan is kept from the start: it takes longer to make than
# to follow.
_MERGE = """
  with heard as materialized (
      select seq, phone_number_id, wamid, at, status, {rank} as rank,
             case when status in ('sent', 'delivered', 'read', 'played') and jsonb_typeof(payload) = 'object'
                       and pg_input_is_valid(left(opaque, 36), 'uuid') then left(opaque, 36)::uuid end as id,
             case when payload -> 'pricing' not in ('null', 'false', '0', '""', '[]', '{{}}')
                  then payload -> 'pricing' end as pricing
        from status_inbox order by seq limit {limit} for update skip locked
  ), ordinary as materialized (
      select h.seq, h.id, h.status, h.rank, h.at, h.pricing
        from heard h
       cross join lateral (
             select from messages m
              where m.id = h.id and m.direction = 'out' and m.wamid = h.wamid
                and h.phone_number_id = (select n.phone_number_id
                                           from conversations v join whatsapp_numbers n on n.id = v.number_id
                                          where v.id = m.conversation_id)
              offset 0) m
       where not exists (select from outbox o where o.id = h.id)
  ), news as materialized (
      select array_agg(id order by id) as ids, array_agg(rank order by id) as ranks,
             array_agg(at order by id) as ats, array_agg(pricing order by id) as pricings
        from (select id, max(rank) as rank, (array_agg(at order by rank desc, seq))[1] as at,
                     (array_agg(pricing order by seq desc) filter (where pricing is not null))[1] as pricing
                from ordinary group by id) each
  ), risen as (
      update messages m set
             status = case when news.rank > {of_m} then {steps}[news.rank] else m.status end,
             status_at = case when news.rank > {of_m} then news.at else m.status_at end,
             pricing = coalesce(news.pricing, m.pricing)
        from news lists, unnest(lists.ids, lists.ranks, lists.ats, lists.pricings) as news (id, rank, at, pricing)
       where m.id = news.id and (news.rank > {of_m}
             or (news.pricing is not null and news.pricing is distinct from m.pricing))
  ), gone as (
      delete from status_inbox where seq = any (array(select seq from ordinary))
  )
  select (select count(*) from heard) as heard,
         array(select seq from heard except select seq from ordinary order by 1) as odd,
         array(select status from ordinary) as words"""
_STEPS = "(array['accepted', 'sent', 'failed', 'delivered', 'read', 'played'])"
_RANK = f"coalesce(array_position({_STEPS}, {{}}), 0)"


@cache
def _merge(limit: int) -> str:
    rank, of_m = _RANK.format("status"), _RANK.format("m.status")
    return _MERGE.format(limit=limit, steps=_STEPS, rank=rank, of_m=of_m)


async def merge(pool: Pool, limit: int) -> Merged:
    """Merges the oldest statuses as far as they are ordinary, in one statement; the odd ones stay where they are."""
    row = await pool.fetchrow(_merge(limit))
    return Merged(row["words"], row["odd"], row["heard"] == limit)


async def oldest(pool: Pool, limit: int) -> list[int]:
    """Finds the oldest statuses, whatever they are."""
    rows = await pool.fetch("select seq from status_inbox order by seq limit $1", limit)
    return [row["seq"] for row in rows]


async def take(db: Db, seqs: Sequence[int]) -> list[Status]:
    """Takes these statuses out, as far as nobody else did; a transaction that fails puts them back."""
    rows = await db.fetch(
        """delete from status_inbox where seq = any (array(
               select seq from status_inbox where seq = any ($1::bigint[]) order by seq
                  for update skip locked))
           returning seq, phone_number_id, wamid, opaque, status, at, payload""",
        seqs,
    )
    return sorted((Status(**row) for row in rows), key=lambda status: status.seq)


async def owners_by_id(db: Db, message_ids: Sequence[UUID]) -> list[Owner]:
    """Finds messages of ours by id."""
    if not message_ids:
        return []
    rows = await db.fetch(
        f"{_OWNER} and m.id = any ($1::uuid[]) and m.id between $2 and $3",
        message_ids,
        min(message_ids),
        max(message_ids),
    )
    return [_owner(row) for row in rows]


async def owners_by_wamid(db: Db, wamids: Sequence[str]) -> dict[str, Owner]:
    """Finds messages of ours by Meta's id."""
    if not wamids:
        return {}
    rows = await db.fetch(f"{_OWNER} and m.wamid = any ($1::text[])", wamids)
    return {row["wamid"]: _owner(row) for row in rows}


def _owner(row: Any) -> Owner:
    return Owner(*list(row.values())[:5])
