"""The names of what a workspace has that its flows can name, for the compiler."""

from uuid import UUID

from recado.engine.resources import Resources
from recado.engine.template_checks import read_template
from recado.store.pool import Db


async def resources(db: Db, workspace_id: UUID) -> Resources:
    """Reads the names of everything at once."""
    row = await db.fetchrow(
        """select
             (select array_agg(name) from secrets where workspace_id = $1 and purpose = 'author') as secrets,
             (select array_agg(name) from connections where workspace_id = $1) as connections,
             (select array_agg(name) from ai_accounts where workspace_id = $1) as accounts,
             (select jsonb_agg(jsonb_build_object('name', name, 'language', language, 'status', status,
                                                  'parameter_format', parameter_format,
                                                  'components', components))
                from templates where workspace_id = $1) as templates,
             (select array_agg(name) from calendars where workspace_id = $1) as calendars,
             (select jsonb_object_agg(id, published_version_id is not null)
                from flows where workspace_id = $1) as published""",
        workspace_id,
    )
    return Resources(
        secrets=frozenset(row["secrets"] or ()),
        connections=frozenset(row["connections"] or ()),
        accounts=frozenset(row["accounts"] or ()),
        calendars=frozenset(row["calendars"] or ()),
        templates=tuple(read_template(**template) for template in row["templates"] or ()),
        published=row["published"] or {},
    )
