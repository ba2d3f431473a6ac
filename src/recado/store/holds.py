"""Why numbers send nothing: holds that end with time, with a new access token or by a person, and open breakers.

Every statement locks the rows in the order of their numbers, as in `leases.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from recado.store.pool import Db

Kind = Literal["rate", "maintenance", "token", "number_stopped", "account_stopped"]


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a number waits, and for how many seconds; None: until somebody acts.

    `account` is whom Meta refused (`as_metas`): a hold for the `token` ends when the number is another.
    """

    kind: Kind
    seconds: float | None
    reason: str
    code: int | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Speed:
    """What a number may send: a second's messages as set (None: no limit of ours), and what Meta has told of it.

    `held` is for how many seconds it may send nothing.
    """

    number_id: UUID
    workspace_id: UUID
    messages_per_second: int | None
    coexistence: bool
    upgraded: bool
    graph_url: str | None
    held: float


def as_metas(access_token_id: UUID | None, phone_number_id: str | None) -> str:
    """Names whom a number is at Meta: its token and her id."""
    return f"{access_token_id or ''}:{phone_number_id or ''}"


async def hold(
    db: Db, numbers: Mapping[UUID, Hold], *, accounts: Mapping[tuple[UUID, str], Hold]
) -> None:
    """Keeps numbers, and all of a (workspace, WhatsApp business account), from sending. The longest hold stands."""
    if not numbers and not accounts:
        return
    whole = [*numbers.values(), *accounts.values()]
    nobody = [None] * len(numbers)
    await db.execute(
        """insert into number_senders as s (number_id, owner, epoch, until, held_until, hold, hold_code,
                                            hold_reason, hold_account)
           select distinct on (n.id) n.id, '00000000-0000-0000-0000-000000000000'::uuid, 0, '-infinity'::timestamptz,
                  coalesce(clock_timestamp() + h.wait, 'infinity') as until, h.kind, h.code, h.reason,
                  h.account
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::interval[], $5::text[], $6::integer[],
                         $7::text[], $8::text[])
                  as h (id, workspace_id, waba_id, wait, kind, code, reason, account)
             join whatsapp_numbers n
               on n.id = h.id or (n.workspace_id = h.workspace_id and n.waba_id = h.waba_id)
            order by n.id, until desc
           on conflict (number_id) do update
              set held_until = excluded.held_until, hold = excluded.hold, hold_code = excluded.hold_code,
                  hold_reason = excluded.hold_reason, hold_account = excluded.hold_account
            where s.held_until < excluded.held_until""",
        [*numbers, *([None] * len(accounts))],
        [*nobody, *(workspace for workspace, _ in accounts)],
        [*nobody, *(account for _, account in accounts)],
        [None if h.seconds is None else timedelta(seconds=h.seconds) for h in whole],
        [h.kind for h in whole],
        [h.code for h in whole],
        [h.reason for h in whole],
        [h.account for h in whole],
    )


_FREED = """update number_senders s set held_until = '-infinity', hold = null, hold_code = null,
                   hold_reason = '', hold_account = ''
              from freed where s.number_id = freed.number_id returning s.number_id"""


async def renewed(db: Db, numbers: Collection[UUID]) -> list[UUID]:
    """Lets numbers go on that were held for their token and have another now; gives them."""
    rows = await db.fetch(
        f"""with freed as materialized (
                select s.number_id from number_senders s join whatsapp_numbers n on n.id = s.number_id
                 where s.number_id = any ($1::uuid[]) and s.hold = 'token'
                   and concat(n.access_token_id, ':', n.phone_number_id) <> s.hold_account
                 order by s.number_id for no key update of s
            )
            {_FREED}""",
        list(numbers),
    )
    return [row["number_id"] for row in rows]


async def resume(db: Db, workspace_id: UUID, number_id: UUID) -> list[UUID]:
    """Lets a number go on, and all of its account if that was stopped; gives those that were held."""
    rows = await db.fetch(
        f"""with mine as materialized (
                select n.id, n.waba_id, s.hold from whatsapp_numbers n
                  join number_senders s on s.number_id = n.id
                 where n.workspace_id = $1 and n.id = $2
            ), freed as materialized (
                select s.number_id from mine, number_senders s join whatsapp_numbers n on n.id = s.number_id
                 where s.held_until > clock_timestamp()
                   and (n.id = mine.id or (n.workspace_id = $1 and n.waba_id = mine.waba_id
                                           and mine.hold = 'account_stopped'
                                           and s.hold = 'account_stopped'))
                 order by s.number_id for no key update of s
            )
            {_FREED}""",
        workspace_id,
        number_id,
    )
    return [row["number_id"] for row in rows]


async def tell_breakers(
    db: Db, owner: UUID, opened: Sequence[tuple[UUID, float | None, str]]
) -> None:
    """Writes of numbers we send for how many seconds their breakers are open, and why; None: they are closed."""
    if not opened:
        return
    await db.execute(
        """with ours as materialized (
               select s.number_id, clock_timestamp() + b.wait as until, b.reason from number_senders s
                 join unnest($2::uuid[], $3::interval[], $4::text[]) b (number_id, wait, reason) using (number_id)
                where s.owner = $1
                order by s.number_id for no key update of s
           )
           update number_senders s set breaker_until = ours.until, breaker_reason = ours.reason
             from ours where s.number_id = ours.number_id""",
        owner,
        [number for number, _, _ in opened],
        [None if wait is None else timedelta(seconds=wait) for _, wait, _ in opened],
        [reason for _, _, reason in opened],
    )


async def speeds(db: Db, numbers: Collection[UUID]) -> list[Speed]:
    """Reads how fast numbers may send."""
    rows = await db.fetch(
        """select n.id, n.workspace_id, (n.limits->>'messages_per_second')::integer,
                  n.health @> '{"coexistence": true}', n.health @> '{"throughput": "upgraded"}', n.graph_url,
                  coalesce(extract(epoch from greatest(s.held_until - clock_timestamp(), interval '0')), 0)::float8
             from whatsapp_numbers n left join number_senders s on s.number_id = n.id
            where n.id = any ($1::uuid[])""",
        list(numbers),
    )
    return [Speed(*row) for row in rows]
