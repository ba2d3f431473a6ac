"""Asks an author's database: one statement, bound parameters, a connection of its own that is closed with the answer.

Theory of operation. Several things keep a query in its place, and none of them relies on another:

- the server's address is one that the egress gave (`egress.py`); TLS is for the name, not for the address;
- the statement runs alone in a transaction that is read-only, unless the connection allows writing and the node writes;
- values never become part of the query: the servers, and SQLite, get them apart from it;
- what it may not do in spite of all this is told by its words (`engine/sql_text.py`), by the rights of its user
  (`sql_postgresql.py`), or by what it is about to do (`sql_sqlite.py`);
- it ends when its time is over, and gives as many rows and bytes as a flow can keep.

The drivers and what compiles a query are loaded when the first query needs them: most processes never ask a database.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from msgspec import structs

from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressError, EgressRefused, EgressTimeout
from recado.calls.masks import Mask, TooDeep
from recado.calls.sql_errors import NotConnected, SqlFailed
from recado.calls.sql_query import Found, Query, Target
from recado.calls.tls import context_for
from recado.engine.events import CallResult, Json
from recado.engine.requests import SecretMissing, Sql
from recado.engine.sql_text import refused_word

PORTS = {"postgresql": 5432, "mysql": 3306}
LONGEST_WORDS = 300
SHORTEST_MASKED = 3


@dataclass(frozen=True, slots=True)
class Connection:
    """A database that a workspace may ask; for `sqlite`, `database` is the name of a file in the installation's folder."""

    kind: Literal["postgresql", "mysql", "sqlite"]
    database: str
    host: str | None = None
    port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = True
    allow_writes: bool = False


async def perform(
    request: Sql,
    connection: Connection,
    secrets: Mapping[str, str],
    egress: Egress,
    *,
    timeout: float,  # noqa: ASYNC109 the limit belongs to the request
    sqlite_dir: Path,
) -> CallResult:
    """Runs a query and says what came of it; `status` is the number of rows, when writing of those that it changed.

    Never raises for anything that a database or an author does.
    """
    began = time.monotonic()
    try:
        query = _query(request, connection, secrets, timeout)
        mask = Mask([connection.password or "", *(str(query.values[n]) for n in request.secrets)])
        result = await _result(query, connection, egress, sqlite_dir, mask)
    except SecretMissing as missing:
        result = CallResult(ok=False, error="secret_missing", detail=str(missing))
    except SqlFailed as refused:
        result = CallResult(ok=False, error=refused.code, detail=str(refused))
    return structs.replace(result, ms=round((time.monotonic() - began) * 1000))


def _query(
    request: Sql, connection: Connection, secrets: Mapping[str, str], timeout: float
) -> Query:
    values: dict[str, Json] = dict(request.parameters)
    for name, secret in request.secrets.items():
        if secret not in secrets:
            raise SecretMissing(secret)
        values[name] = secrets[secret]
    writes = request.mode == "execute"
    if writes and not connection.allow_writes:
        raise SqlFailed("query_failed", "The connection does not allow writing.")
    if (word := refused_word(request.query, request.mode)) is not None:
        raise SqlFailed("query_failed", f"Recado does not run a query with “{word}”.")
    query = Query(
        text=request.query.strip().removesuffix(";"),
        values=values,
        mode=request.mode,
        most=1 if request.mode in ("first", "scalar") else request.max_rows,
        writes=writes,
        timeout=timeout,
    )
    if missing := [name for name in query.names() if name not in values]:
        raise SqlFailed("query_failed", f"The parameter :{missing[0]} is not given.")
    return query


async def _result(
    query: Query, connection: Connection, egress: Egress, sqlite_dir: Path, mask: Mask
) -> CallResult:
    try:
        async with asyncio.timeout(query.timeout):
            found = await _ask(query, connection, egress, sqlite_dir)
        value = mask.value(_value(found, query))
    except SqlFailed as failure:
        words = _without_values(str(failure), query, mask)
        return CallResult(ok=False, error=failure.code, detail=words)
    except (TimeoutError, EgressTimeout):
        return CallResult(ok=False, error="timeout")
    except EgressError as error:
        code = "address_refused" if isinstance(error, EgressRefused) else "not_reached"
        return CallResult(ok=False, error=code, detail=str(error))
    except TooDeep:
        return CallResult(ok=False, error="too_large")
    return CallResult(ok=True, value=value, status=found.count, detail=_more(found, query))


async def _ask(query: Query, connection: Connection, egress: Egress, sqlite_dir: Path) -> Found:
    match connection.kind:
        case "sqlite":
            from recado.calls import sql_sqlite

            return await sql_sqlite.ask(query, sqlite_dir, connection.database)
        case "postgresql":
            from recado.calls.sql_postgresql import ask
        case "mysql":
            from recado.calls.sql_mysql import ask
    host, port = connection.host or "", connection.port or PORTS[connection.kind]
    *others, last = await egress.addresses(host, port)
    for address in others:
        try:
            return await ask(query, _target(connection, host, address.ip, port))
        except NotConnected:
            continue
    return await ask(query, _target(connection, host, last.ip, port))


def _target(connection: Connection, host: str, ip: str, port: int) -> Target:
    return Target(
        ip=ip,
        port=port,
        host=host,
        database=connection.database,
        username=connection.username or "",
        password=connection.password or "",
        tls=context_for(host) if connection.tls else None,
    )


def _value(found: Found, query: Query) -> Json:
    match query.mode:
        case "execute":
            return found.count
        case "rows":
            return list(found.rows)
    if not found.rows:
        return None
    row = found.rows[0]
    return row if query.mode == "first" else next(iter(row.values()), None)


def _more(found: Found, query: Query) -> str:
    if not found.more or query.mode != "rows":
        return ""
    return f"There are more rows than the {query.most} that were taken."


def _without_values(words: str, query: Query, mask: Mask) -> str:
    """Gives the database's words without what the query was asked with: they often quote it."""
    for name, value in query.values.items():
        text = str(value)
        for quoted in (f"'{text}'", f'"{text}"', *([text] if len(text) >= SHORTEST_MASKED else [])):
            words = words.replace(quoted, f":{name}")
    return " ".join(mask.text(words).split())[:LONGEST_WORDS]
