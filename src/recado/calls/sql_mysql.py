"""Asks a MySQL or MariaDB: one statement, prepared on the server, in a transaction that is read-only unless more is allowed.

The driver knows no prepared statements and would write the values into the query; then quotes around `:name` would be
an open door. So values go into variables of the session and the query into PREPARE, where the server itself sees to it
that a value stays one and that there is one statement.
"""

import json
import struct
from typing import Any

from aiomysql import MySQLError, SSCursor
from aiomysql.connection import CR, FIELD_TYPE, decoders
from sqlalchemy.dialects.mysql.aiomysql import MySQLDialect_aiomysql

from recado.calls.metered import Meter
from recado.calls.mysql_connection import StrictConnection
from recado.calls.sql_errors import NotConnected, SqlFailed, lost
from recado.calls.sql_parameters import for_others
from recado.calls.sql_query import MOST_BYTES, Found, Query, Target
from recado.calls.sql_values import Rows

DIALECT = MySQLDialect_aiomysql(paramstyle="qmark")
DECODERS = {**decoders, FIELD_TYPE.JSON: json.loads}
BATCH = 50
# The server's error numbers (MySQL's and MariaDB's reference of error messages).
CODES = {
    1040: "not_reached",  # too many connections
    1044: "login_refused",  # no right to the database
    1045: "login_refused",  # wrong user or password
    1049: "login_refused",  # no such database
    1203: "not_reached",  # too many connections of this user
    1205: "timeout",  # waited for a lock
    1317: "timeout",  # interrupted
    1969: "timeout",  # MariaDB's max_statement_time
    3024: "timeout",  # MySQL's max_execution_time
}
# The client's own errors (CR): nothing was answered.
CLIENT_ERRORS = range(CR.CR_ERROR_FIRST, CR.CR_ERROR_LAST + 1)

# What the driver raises for an answer that is no MySQL's, or one that asks for a file of ours.
STRANGE = (ValueError, RuntimeError, LookupError, AssertionError, TypeError, struct.error)


async def ask(query: Query, target: Target) -> Found:
    """Runs the query; raises `SqlFailed`."""
    db = StrictConnection(target, conv=DECODERS)
    try:
        await _open(db)
        meter = Meter(db._writer.transport, most=MOST_BYTES)
        try:
            return await _within_transaction(db, query)
        except MySQLError as error:
            if meter.is_full:
                raise SqlFailed(
                    "too_large", f"The database sent over {MOST_BYTES} bytes."
                ) from None
            raise _refusal(error, lost(writes=query.writes)) from None
        except OSError:
            raise lost(writes=query.writes) from None
    except STRANGE:
        raise SqlFailed("bad_answer", "The server does not speak MySQL's protocol.") from None
    finally:
        # Not politely: the driver would first read the rest of the rows.
        db.hang_up()


async def _open(db: StrictConnection) -> None:
    try:
        await db.open()
    except MySQLError as error:
        raise _refusal(error, NotConnected(error.__cause__)) from None
    except OSError as problem:
        raise NotConnected(problem) from None


def _refusal(error: MySQLError, otherwise: SqlFailed) -> SqlFailed:
    """Says what an error means; the driver's own errors mean that nothing was answered."""
    match error.args:
        case (int(code), str(words)) if code not in CLIENT_ERRORS:
            return SqlFailed(CODES.get(code, "query_failed"), words)
        case (CR.CR_SSL_CONNECTION_ERROR | CR.CR_AUTH_PLUGIN_ERR, str(words)):
            return SqlFailed("not_reached", words)
    return otherwise


async def _within_transaction(db: StrictConnection, query: Query) -> Found:
    cursor = SSCursor(db)
    await cursor.execute(_time_limit(db, query))
    if not query.writes:
        # For the session as well: MariaDB ends a transaction for a schema change, and begins another.
        await cursor.execute("set session transaction read only")
    await cursor.execute("start transaction")
    sql, names = query.compiled(DIALECT)
    variables = [f"@recado_{place}" for place, _ in enumerate(names)]
    if names:
        values = [for_others(query.values[name]) for name in names]
        await cursor.execute("set " + ", ".join(f"{each} = %s" for each in variables), values)
    await cursor.execute("prepare recado from %s", [sql])
    await cursor.execute("execute recado" + (f" using {', '.join(variables)}" if variables else ""))
    if query.mode != "execute":
        return await _read(cursor, query)
    found = Found(count=max(cursor.rowcount, 0))
    await db.commit()
    return found


def _time_limit(db: StrictConnection, query: Query) -> str:
    if "mariadb" in db.get_server_info().lower():
        return f"set session max_statement_time = {query.timeout:.3f}"
    return f"set session max_execution_time = {round(query.timeout * 1_000)}"


async def _read(cursor: Any, query: Query) -> Found:
    if cursor.description is None:
        raise SqlFailed("query_failed", "The query gives no rows.")
    rows = Rows([column[0] for column in cursor.description], query.most)
    while batch := await cursor.fetchmany(BATCH):
        if not rows.take(batch):
            break
    return Found.of(rows)
