"""Meta's message templates as the last sync saw them, by account and workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.store.ids import new_id
from recado.store.pool import Db

_COLUMNS = """t.id, t.waba_id, t.meta_id, t.name, t.language, t.category, t.status, t.quality, t.rejected_reason,
              t.parameter_format, t.components, t.synced_at, t.created_at"""
_WANTED = """t.workspace_id = $1 and ($2::text is null or t.waba_id = $2)
             and ($3::text is null or t.status = $3) and ($4::text is null or t.language = $4)
             and ($5::text is null or strpos(t.name, $5) > 0)"""


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """A template as it is stored; `components` are Meta's own."""

    id: UUID
    waba_id: str
    meta_id: str | None
    name: str
    language: str
    category: str | None
    status: str
    quality: str | None
    rejected_reason: str | None
    parameter_format: str
    components: list[dict[str, Any]]
    synced_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTemplate:
    """A template that a sync saw."""

    meta_id: str
    name: str
    language: str
    category: str | None
    status: str
    quality: str | None
    rejected_reason: str | None
    parameter_format: str
    components: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which templates are asked for; `name` is a part of their names."""

    waba_id: str | None = None
    status: str | None = None
    language: str | None = None
    name: str | None = None


async def list_templates(
    db: Db, workspace_id: UUID, wanted: Wanted, *, limit: int, after: UUID | None = None
) -> list[TemplateRecord]:
    """Lists a workspace's templates, those first that were seen first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from templates t
             where {_WANTED} and ($7::uuid is null or t.id > $7) order by t.id limit $6""",
        workspace_id,
        wanted.waba_id,
        wanted.status,
        wanted.language,
        wanted.name,
        limit,
        after,
    )
    return [TemplateRecord(**row) for row in rows]


async def count_templates(db: Db, workspace_id: UUID, wanted: Wanted) -> int:
    """Counts a workspace's templates."""
    count: int = await db.fetchval(
        f"select count(*) from templates t where {_WANTED}",
        workspace_id,
        wanted.waba_id,
        wanted.status,
        wanted.language,
        wanted.name,
    )
    return count


async def replace_templates(
    db: Db, workspace_id: UUID, waba_id: str, seen: Sequence[SeenTemplate]
) -> int:
    """Makes the account's templates those that a sync saw, ids kept; gives how many are gone."""
    rows = {(each.name, each.language): each for each in seen}.values()
    # By key, so that two syncs at once do not wait for each other in a circle.
    ordered = sorted(rows, key=lambda each: (each.name, each.language))
    await db.execute(
        """insert into templates (id, workspace_id, waba_id, meta_id, name, language, category, status, quality,
                                  rejected_reason, parameter_format, components)
           select s.id, $1, $2, s.meta_id, s.name, s.language, s.category, s.status, s.quality,
                  s.rejected_reason, s.parameter_format, s.components
             from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[], $12::jsonb[])
                  as s (id, meta_id, name, language, category, status, quality, rejected_reason,
                        parameter_format, components)
           on conflict (workspace_id, waba_id, name, language) do update
              set meta_id = excluded.meta_id, category = excluded.category, status = excluded.status,
                  quality = excluded.quality, rejected_reason = excluded.rejected_reason,
                  parameter_format = excluded.parameter_format, components = excluded.components,
                  synced_at = now()""",
        workspace_id,
        waba_id,
        [new_id() for _ in ordered],
        [each.meta_id for each in ordered],
        [each.name for each in ordered],
        [each.language for each in ordered],
        [each.category for each in ordered],
        [each.status for each in ordered],
        [each.quality for each in ordered],
        [each.rejected_reason for each in ordered],
        [each.parameter_format for each in ordered],
        [msgspec.json.encode(each.components) for each in ordered],
    )
    gone = await db.fetch(
        """delete from templates t where t.workspace_id = $1 and t.waba_id = $2
              and not exists (select from unnest($3::text[], $4::text[]) s (name, language)
                               where s.name = t.name and s.language = t.language)
           returning t.id""",
        workspace_id,
        waba_id,
        [each.name for each in ordered],
        [each.language for each in ordered],
    )
    return len(gone)


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """An account at Meta and a number of ours whose token may read it."""

    waba_id: str
    phone_number_id: str
    access_token_id: UUID
    graph_url: str | None


async def accounts(
    db: Db, workspace_id: UUID, *, number_id: UUID | None = None
) -> list[AccountAccess]:
    """Finds the accounts behind a workspace's numbers, or behind one of them, each once."""
    rows = await db.fetch(
        """select distinct on (n.waba_id) n.waba_id, n.phone_number_id, n.access_token_id, n.graph_url
             from whatsapp_numbers n
            where n.workspace_id = $1 and n.deleted_at is null and n.waba_id is not null
              and n.phone_number_id is not null and n.access_token_id is not null
              and ($2::uuid is null or n.id = $2)
            order by n.waba_id, n.id""",
        workspace_id,
        number_id,
    )
    return [AccountAccess(**row) for row in rows]
