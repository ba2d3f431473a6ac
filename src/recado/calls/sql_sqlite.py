"""Asks a SQLite file of the installation's own folder: by a plain file name, read-only unless the connection allows more.

SQLite runs in our process, so it is kept on a short lead: every action a statement means to take is asked for first,
it is interrupted when its time is over, and no value in it grows beyond a million bytes.
"""

import logging
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from recado.calls.sql_errors import SqlFailed
from recado.calls.sql_files import is_file_name
from recado.calls.sql_parameters import for_others
from recado.calls.sql_query import Found, Query
from recado.calls.sql_values import Rows

# Its debug lines hold the parameters.
logging.getLogger("aiosqlite").setLevel(logging.WARNING)

DIALECT = SQLiteDialect_aiosqlite()
BATCH = 50
STEPS = 5_000  # of SQLite's machine between two looks at the clock
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 200_000,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
}
READS = frozenset(
    [sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE]
)
WRITES = READS | {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
REFUSED_FUNCTIONS = frozenset(["load_extension", "fts3_tokenizer"])
# Tables that describe the others: writing these is changing the file by the back door.
SCHEMA = re.compile(
    r"sqlite_(?:master|schema|temp_master|temp_schema|sequence|stat\d)", re.IGNORECASE
)
INTERRUPTED = ("interrupted",)
TOO_BIG = ("string or blob too big", "too big")


async def ask(query: Query, folder: Path, name: str) -> Found:
    """Runs the query; raises `SqlFailed`."""
    path = _path(folder, name)
    deadline = time.monotonic() + query.timeout
    access = "rw" if query.writes else "ro"
    connecting = aiosqlite.connect(
        f"file:{quote(str(path))}?mode={access}",
        uri=True,
        isolation_level=None,
        timeout=query.timeout,
    )
    try:
        async with connecting as db:
            try:
                return await _within_transaction(db, query, deadline)
            finally:
                # Also when we are cancelled: the thread would calculate on.
                await db.interrupt()
    except sqlite3.Error as error:
        raise _failure(error) from None
    except OverflowError:
        raise SqlFailed("query_failed", "A number is too large for SQLite.") from None


def _path(folder: Path, name: str) -> Path:
    path = folder / name
    if not is_file_name(name) or path.is_symlink() or not path.is_file():
        raise SqlFailed("file_missing", f"There is no database file “{name[:100]}”.")
    return path.absolute()


async def _within_transaction(db: aiosqlite.Connection, query: Query, deadline: float) -> Found:
    await db._execute(_lead, db._conn, deadline)  # type: ignore[no-untyped-call]
    await db.execute("pragma trusted_schema = off")
    if not query.writes:
        await db.execute("pragma query_only = on")
    await db.execute("begin")
    await db.set_authorizer(_judge(WRITES if query.writes else READS))
    sql, names = query.compiled(DIALECT)
    cursor = await db.execute(sql, [for_others(query.values[name]) for name in names])
    if query.mode != "execute":
        return await _read(cursor, query)
    await cursor.fetchmany(1)
    found = Found(count=max(cursor.rowcount, 0))
    await cursor.close()
    await db.set_authorizer(None)
    await db.execute("commit")
    return found


def _lead(db: sqlite3.Connection, deadline: float) -> None:
    for limit, most in LIMITS.items():
        db.setlimit(limit, most)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace").replace("\0", "")
    db.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)


def _judge(allowed: frozenset[int]) -> Callable[..., int]:
    def judge(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action not in allowed:
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in REFUSED_FUNCTIONS:
            return sqlite3.SQLITE_DENY
        if action not in READS and SCHEMA.fullmatch(first or ""):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    return judge


async def _read(cursor: aiosqlite.Cursor, query: Query) -> Found:
    if not cursor.description:
        raise SqlFailed("query_failed", "The query gives no rows.")
    rows = Rows([column[0] for column in cursor.description], query.most)
    while batch := list(await cursor.fetchmany(min(BATCH, query.most + 1))):
        if not rows.take(batch):
            break
    with suppress(sqlite3.Error):
        await cursor.close()
    return Found.of(rows)


def _failure(error: sqlite3.Error) -> SqlFailed:
    words = str(error)
    if words in INTERRUPTED or "locked" in words:
        return SqlFailed("timeout", words)
    return SqlFailed("too_large" if words in TOO_BIG else "query_failed", words)
