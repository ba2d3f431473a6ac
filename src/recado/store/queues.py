"""How much waits in the queues, and for how long: one sample for all processes, at most every ten seconds."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from recado.store.pool import Db

EVERY = timedelta(seconds=10)
MOST_COUNTED = 100_000  # rows of a queue; a longer one says this number


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its rows, and for how many seconds the oldest has waited."""

    depth: int
    age: float


def _waiting(rows: str, since: str = "received_at") -> str:
    return f"""(select jsonb_build_object('depth', count(*), 'age', coalesce(
                     extract(epoch from clock_timestamp() - min(since)), 0)::float8)
                 from (select {since} as since from {rows} limit {MOST_COUNTED}) w)"""


# What is parked waits for a person, not for us; bulk may wait while answers must not.
_SAMPLE = f"""select jsonb_build_object(
    'inbox', {_waiting("inbox where parked_at is null")},
    'parked', {_waiting("inbox where parked_at is not null", "parked_at")},
    'outbox', {_waiting("outbox where priority < 2", "created_at")},
    'bulk', {_waiting("outbox where priority = 2", "created_at")},
    'calls', {_waiting("calls", "created_at")},
    'status_inbox', {_waiting("status_inbox")})"""


async def sample(db: Db) -> dict[str, Queue]:
    """Gives the queues as they were at most ten seconds ago; whoever asks first after that looks again."""
    row = await db.fetchrow(
        f"""insert into queue_sample as s (taken_at, queues)
            select clock_timestamp(), ({_SAMPLE})
             where not exists (select from queue_sample
                                where taken_at > clock_timestamp() - $1::interval)
            on conflict (only_one) do update set taken_at = excluded.taken_at, queues = excluded.queues
             where s.taken_at <= clock_timestamp() - $1::interval
            returning queues""",
        EVERY,
    )
    if row is None:
        row = await db.fetchrow("select queues from queue_sample")
    return msgspec.convert(row["queues"] if row else {}, dict[str, Queue])
