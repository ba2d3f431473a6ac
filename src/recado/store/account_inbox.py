"""News of accounts that change how we send, from the webhook to the settle loop, and the numbers they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.store.pool import Db


@dataclass(frozen=True, slots=True)
class Told:
    """What Meta told for a number, or (`phone`, digits) for another one of its account."""

    number_id: UUID
    phone: str | None
    news: str


async def add(db: Db, told: Sequence[Told]) -> None:
    """Keeps news until they are taken up."""
    await db.execute(
        """insert into account_inbox (number_id, phone, news)
           select * from unnest($1::uuid[], $2::text[], $3::text[])""",
        [each.number_id for each in told],
        [each.phone for each in told],
        [each.news for each in told],
    )


async def take(db: Db, limit: int) -> list[Told]:
    """Takes the oldest news out; a transaction that fails puts them back."""
    rows = await db.fetch(
        """with taken as (
               delete from account_inbox where seq = any (array(
                   select seq from account_inbox order by seq limit $1 for update skip locked))
               returning seq, number_id, phone, news
           )
           select number_id, phone, news from taken order by seq""",
        limit,
    )
    return [Told(*row) for row in rows]


async def family(db: Db, number_id: UUID) -> dict[UUID, str]:
    """Gives the phones (E.164) of a number and of its workspace's others of the same account, by id."""
    rows = await db.fetch(
        """select n.id, n.phone_number from whatsapp_numbers m
             join whatsapp_numbers n on n.id = m.id or (n.workspace_id = m.workspace_id and n.waba_id = m.waba_id)
            where m.id = $1 and n.deleted_at is null""",
        number_id,
    )
    return {row["id"]: row["phone_number"] for row in rows}


async def mark_upgraded(db: Db, number_id: UUID, *, standard: int, upgraded: int) -> None:
    """Notes Meta's upgrade of a number's throughput; a limit that nobody has lowered rises with it."""
    await db.execute(
        """update whatsapp_numbers set
                  health = health - 'coexistence' || '{"throughput": "upgraded"}',
                  limits = case when limits->'messages_per_second' = to_jsonb($2::integer)
                                then jsonb_build_object('messages_per_second', $3::integer)
                                else limits end
            where id = $1 and not health @> '{"throughput": "upgraded"}'""",
        number_id,
        standard,
        upgraded,
    )


async def mark_coexistence(db: Db, number_id: UUID) -> None:
    """Notes that a number is also in the WhatsApp Business app."""
    await db.execute(
        """update whatsapp_numbers set health = health - 'throughput' || '{"coexistence": true}'
            where id = $1 and not health @> '{"coexistence": true}'""",
        number_id,
    )
