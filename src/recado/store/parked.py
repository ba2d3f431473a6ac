"""Events that were given up on, as people look at them and have them taken up again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.store.paging import COUNT_LIMIT, Place
from recado.store.pool import Db

_TABLES = """inbox i
             join conversations v on v.id = i.conversation_id
             join whatsapp_numbers n on n.id = v.number_id and n.deleted_at is null
             join contacts c on c.id = v.contact_id"""


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """A message whose turn failed again and again; `error` is the type of the last failure."""

    seq: int
    message_id: UUID
    conversation_id: UUID
    contact_id: UUID
    contact_name: str | None
    contact_phone: str | None
    type: str
    text: str
    at: datetime
    tries: int
    parked_at: datetime
    error: str | None


async def list_parked(
    db: Db, workspace_id: UUID, *, limit: int, after: Place | None
) -> list[ParkedEvent]:
    """Lists parked events, the latest first."""
    rows = await db.fetch(
        f"""select i.seq, i.message_id, i.conversation_id, v.contact_id, c.name as contact_name,
                   c.phone as contact_phone, coalesce(i.message ->> 'type', 'unknown') as type,
                   coalesce(i.message ->> 'text', '') as text, i.at, i.tries, i.parked_at, i.error
              from {_TABLES}
             where i.workspace_id = $1 and i.parked_at is not null
               and ($3::uuid is null or (i.parked_at, i.message_id) < ($4, $3))
             order by i.parked_at desc, i.message_id desc limit $2""",
        workspace_id,
        limit,
        None if after is None else after.id,
        None if after is None else after.at,
    )
    return [ParkedEvent(**row) for row in rows]


async def count_parked(db: Db, workspace_id: UUID) -> int:
    """Counts parked events, up to the limit of counting."""
    count: int = await db.fetchval(
        f"""select count(*) from (select from {_TABLES}
             where i.workspace_id = $1 and i.parked_at is not null limit {COUNT_LIMIT}) x""",
        workspace_id,
    )
    return count


async def retake(db: Db, workspace_id: UUID, seq: int) -> bool:
    """Lets a parked event wait for its turn again; tells whether there was one.

    `counted` stays: by that its turn knows that its conversation knows of it already.
    """
    done = await db.execute(
        """update inbox set parked_at = null, tries = 0
            where workspace_id = $1 and seq = $2 and parked_at is not null""",
        workspace_id,
        seq,
    )
    return bool(done == "UPDATE 1")
