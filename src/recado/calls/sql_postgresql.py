"""Asks a PostgreSQL: one statement, prepared, in a transaction that is read-only unless the connection allows more.

What a read-only transaction does not stop is a user with powers over the server itself (programs, files): such a user
is refused. Values go to the server apart from the query, as the type that it wants at their place.
"""

import json
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from recado.calls.metered import Meter
from recado.calls.sql_errors import NotConnected, SqlFailed, lost
from recado.calls.sql_parameters import Unfit, for_postgresql
from recado.calls.sql_query import MOST_BYTES, Found, Query, Target
from recado.calls.sql_values import Rows

DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
BATCH = 50
# One round trip: the limits, and whether the user could reach beyond the database.
PREPARED = """
select set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true),
       current_setting('is_superuser') = 'on' or exists (
           select from pg_catalog.pg_roles
            where rolname in ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')
              and pg_catalog.pg_has_role(oid, 'member')) as powerful
"""
POWERFUL = (
    "The database user may run programs or read files on the database's server. Give the connection a user that may "
    "only do what flows need."
)
# For the driver's own errors: its words quote the value.
UNFIT = "A parameter does not fit its place in the query."
LOGIN = ("28", "3D")  # classes of SQLSTATE: invalid authorization, invalid catalog name
BUSY = ("53", "57P")  # insufficient resources, operator intervention
CANCELLED = "57014"


async def ask(query: Query, target: Target) -> Found:
    """Runs the query; raises `SqlFailed`."""
    db = await _connect(target)
    meter = Meter(db._transport, most=MOST_BYTES)
    try:
        found = await _within_transaction(db, query)
        await db.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as problem:
        if meter.is_full:
            raise SqlFailed("too_large", f"The database sent over {MOST_BYTES} bytes.") from None
        raise _failure(problem, query, broken=db.is_closed()) from None
    finally:
        db.terminate()
    return found


async def _connect(target: Target) -> Any:
    try:
        # An empty password, not None: asyncpg would look for the operator's own in the environment.
        return await asyncpg.connect(
            host=target.ip,
            port=target.port,
            user=target.username,
            password=target.password,
            database=target.database,
            ssl=target.tls or False,
            direct_tls=False,
            target_session_attrs="any",
            statement_cache_size=0,
            server_settings={"application_name": "recado"},
        )
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as problem:
        raise NotConnected(problem) from None
    except asyncpg.PostgresError as error:
        raise _refusal(error) from None
    except (ValueError, LookupError, AssertionError, NotImplementedError):
        raise SqlFailed("bad_answer", "The server does not speak PostgreSQL's protocol.") from None


async def _within_transaction(db: Any, query: Query) -> Found:
    transaction = db.transaction(readonly=not query.writes)
    await transaction.start()
    milliseconds = str(round(query.timeout * 1_000))
    if (await db.fetchrow(PREPARED, milliseconds))["powerful"]:
        raise SqlFailed("query_failed", POWERFUL)
    sql, names = query.compiled(DIALECT)
    statement = await db.prepare(sql)
    values = _fitting(names, statement.get_parameters(), query)
    found = await (_execute if query.mode == "execute" else _read)(statement, values, query)
    await (transaction.commit if query.writes else transaction.rollback)()
    return found


def _fitting(names: Sequence[str], types: Sequence[Any], query: Query) -> list[object]:
    fitting: list[object] = []
    # A parameter between quotes is a text for the server, and it counts one less.
    if len(names) != len(types):
        raise SqlFailed("query_failed", "A parameter stands between quotes or in a comment.")
    for name, type in zip(names, types, strict=True):
        try:
            fitting.append(for_postgresql(query.values[name], type.name))
        except Unfit:
            words = f"The parameter :{name} cannot be read as {type.name}."
            raise SqlFailed("query_failed", words) from None
    return fitting


async def _execute(statement: Any, values: Sequence[object], query: Query) -> Found:
    await statement.fetch(*values)
    # `INSERT 0 3`, `UPDATE 3`, `CALL`
    count = statement.get_statusmsg().rpartition(" ")[2]
    return Found(count=int(count) if count.isdigit() else 0)


async def _read(statement: Any, values: Sequence[object], query: Query) -> Found:
    columns = statement.get_attributes()
    json_at = [place for place, each in enumerate(columns) if each.type.name in ("json", "jsonb")]
    rows = Rows([each.name for each in columns], query.most)
    cursor = await statement.cursor(*values)
    while batch := await cursor.fetch(min(BATCH, query.most + 1)):
        if not rows.take([_plain(row, json_at) for row in batch]):
            break
    return Found.of(rows)


def _plain(row: Any, json_at: Sequence[int]) -> list[object]:
    values: list[Any] = [dict(each) if isinstance(each, asyncpg.Record) else each for each in row]
    for place in json_at:
        values[place] = None if values[place] is None else json.loads(values[place])
    return values


def _failure(problem: Exception, query: Query, *, broken: bool) -> SqlFailed:
    match problem:
        case asyncpg.PostgresConnectionError() | OSError():
            return lost(writes=query.writes)
        case asyncpg.PostgresError():
            return _refusal(problem)
    return lost(writes=query.writes) if broken else SqlFailed("query_failed", UNFIT)


def _refusal(error: asyncpg.PostgresError) -> SqlFailed:
    state = error.sqlstate or ""
    if state == CANCELLED:
        return SqlFailed("timeout")
    kinds = {LOGIN: "login_refused", BUSY: "not_reached"}
    code = next((word for start, word in kinds.items() if state.startswith(start)), "query_failed")
    return SqlFailed(code, error.message or UNFIT)
