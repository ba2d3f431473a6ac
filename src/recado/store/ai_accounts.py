"""AI accounts: language models that flows may ask, by the name that they call them by, and what they used today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.paging import set_clause
from recado.store.pool import Db

SETTABLE = frozenset(
    {"name", "base_url", "model", "key_id", "daily_tokens", "daily_tokens_per_contact"}
)
_COLUMNS = """id, name, base_url, model, key_id, daily_tokens, daily_tokens_per_contact,
              created_at, updated_at"""


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as it is stored; the key is a secret's id, the budgets are tokens a day."""

    id: UUID
    name: str
    base_url: str
    model: str
    key_id: UUID | None
    daily_tokens: int | None
    daily_tokens_per_contact: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Today:
    """What an account used on the workspace's present day."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


async def list_accounts(
    db: Db, workspace_id: UUID, *, limit: int, after: UUID | None
) -> list[AccountRecord]:
    """Lists a workspace's accounts, the oldest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from ai_accounts
             where workspace_id = $1 and ($3::uuid is null or id > $3)
             order by id limit $2""",
        workspace_id,
        limit,
        after,
    )
    return [AccountRecord(**row) for row in rows]


async def count_accounts(db: Db, workspace_id: UUID) -> int:
    """Counts a workspace's accounts."""
    count: int = await db.fetchval(
        "select count(*) from ai_accounts where workspace_id = $1", workspace_id
    )
    return count


async def find_account(db: Db, workspace_id: UUID, account_id: UUID) -> AccountRecord | None:
    """Finds an account of a workspace."""
    row = await db.fetchrow(
        f"select {_COLUMNS} from ai_accounts where workspace_id = $1 and id = $2",
        workspace_id,
        account_id,
    )
    return None if row is None else AccountRecord(**row)


async def insert_account(
    db: Db, account_id: UUID, *, workspace_id: UUID, name: str, base_url: str, model: str
) -> None:
    """Adds an account with the least it needs; raises UniqueViolationError for a name that is taken."""
    await db.execute(
        """insert into ai_accounts (id, workspace_id, name, base_url, model)
           values ($1, $2, $3, $4, $5)""",
        account_id,
        workspace_id,
        name,
        base_url,
        model,
    )


async def update_account(
    db: Db, workspace_id: UUID, account_id: UUID, *, changes: Mapping[str, Any]
) -> None:
    """Changes columns of an account; raises UniqueViolationError for a name that is taken."""
    clause, values = set_clause(changes, SETTABLE, first=3)
    await db.execute(
        f"update ai_accounts set updated_at = now(){clause} where workspace_id = $1 and id = $2",
        workspace_id,
        account_id,
        *values,
    )


async def delete_account(db: Db, workspace_id: UUID, account_id: UUID) -> bool:
    """Removes an account, its key and its counts; tells whether there was one."""
    gone: int = await db.fetchval(
        """with gone as (delete from ai_accounts where workspace_id = $1 and id = $2 returning key_id),
                forgotten as (delete from secrets where id in (select key_id from gone))
           select count(*) from gone""",
        workspace_id,
        account_id,
    )
    return gone == 1


async def used_today(db: Db, workspace_id: UUID, account_ids: Sequence[UUID]) -> dict[UUID, Today]:
    """Counts what accounts used today, in the workspace's zone; an unused one is missing from the answer."""
    rows = await db.fetch(
        """select u.account_id, sum(u.calls)::bigint as calls, sum(u.tokens_in)::bigint as tokens_in,
                  sum(u.tokens_out)::bigint as tokens_out
             from ai_usage u join workspaces w on w.id = u.workspace_id
            where u.workspace_id = $1 and u.account_id = any ($2::uuid[])
              and u.day = (clock_timestamp() at time zone w.timezone)::date
            group by u.account_id""",
        workspace_id,
        account_ids,
    )
    return {
        row["account_id"]: Today(row["calls"], row["tokens_in"], row["tokens_out"]) for row in rows
    }
