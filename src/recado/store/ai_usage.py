"""Tokens that language models used, by the workspace's day: what budgets are held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from recado.store.pool import Db

_TODAY = "(clock_timestamp() at time zone w.timezone)::date"


@dataclass(frozen=True, slots=True)
class Used:
    """What one call used of an account, for a contact."""

    workspace_id: UUID
    account_id: UUID
    contact_id: UUID
    tokens_in: int
    tokens_out: int


async def add(db: Db, used: Sequence[Used]) -> None:
    """Adds to today's counts; an account or a contact that is gone meanwhile counts nothing."""
    if not used:
        return
    await db.execute(
        f"""insert into ai_usage as u (workspace_id, day, account_id, contact_id, calls, tokens_in, tokens_out)
            select x.workspace_id, {_TODAY}, x.account_id, x.contact_id, count(*), sum(x.tokens_in),
                   sum(x.tokens_out)
              from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[])
                   as x (workspace_id, account_id, contact_id, tokens_in, tokens_out)
              join workspaces w on w.id = x.workspace_id
              join ai_accounts a on a.id = x.account_id
              join contacts c on c.id = x.contact_id
             group by 1, 2, 3, 4 order by 1, 2, 3, 4
            on conflict (workspace_id, day, account_id, contact_id) do update set
                   calls = u.calls + excluded.calls, tokens_in = u.tokens_in + excluded.tokens_in,
                   tokens_out = u.tokens_out + excluded.tokens_out""",
        [each.workspace_id for each in used],
        [each.account_id for each in used],
        [each.contact_id for each in used],
        [each.tokens_in for each in used],
        [each.tokens_out for each in used],
    )


async def within_budget(db: Db, workspace_id: UUID, account_id: UUID, contact_id: UUID) -> bool:
    """Says whether today's tokens of an account, all and this contact's, are below its budgets."""
    within: bool = await db.fetchval(
        f"""select coalesce(t.tokens < a.daily_tokens, true)
                   and coalesce(t.of_contact < a.daily_tokens_per_contact, true)
              from ai_accounts a
              join workspaces w on w.id = a.workspace_id
             cross join lateral (
                   select coalesce(sum(u.tokens_in + u.tokens_out), 0) as tokens,
                          coalesce(sum(u.tokens_in + u.tokens_out) filter (where u.contact_id = $3), 0)
                              as of_contact
                     from ai_usage u
                    where u.workspace_id = w.id and u.day = {_TODAY} and u.account_id = a.id) t
             where a.workspace_id = $1 and a.id = $2""",
        workspace_id,
        account_id,
        contact_id,
    )
    return within
