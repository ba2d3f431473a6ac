"""What was said in a conversation before a message: what a language model is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.store.mail import UNSPOKEN
from recado.store.pool import Db

_A_EXCHANGE = 8  # messages, at most: both sides may write several


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words of the conversation; `direction` is in or out."""

    direction: str
    text: str


async def before(
    db: Db, conversation_id: UUID, *, key: str | None, exchanges: int
) -> Sequence[Spoken]:
    """Reads the last words before the customer's message of this key, or before now, in order.

    What failed or was called back was not said.
    """
    rows = await db.fetch(
        """select direction, text from (
               select id, direction, text from messages
                where conversation_id = $1 and text <> '' and type <> all ($4::text[])
                  and (direction = 'in' or status not in ('failed', 'cancelled'))
                  and ($2::text is null
                       or id < (select id from messages
                                 where conversation_id = $1 and key = $2 and direction = 'in'
                                 order by id desc limit 1))
                order by id desc limit $3) m
            order by id""",
        conversation_id,
        key,
        exchanges * _A_EXCHANGE,
        UNSPOKEN,
    )
    return [Spoken(**row) for row in rows]
