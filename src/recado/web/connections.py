"""Connections: databases that flows ask by name. The password is given once and never shown again."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from starlette.requests import Request

from recado.calls import sql
from recado.calls.egress_errors import EgressRefused
from recado.calls.sql_files import is_file_name
from recado.calls.urls import read_host
from recado.engine.requests import Sql
from recado.store import connections as store
from recado.store import secrets
from recado.store.connections import ConnectionRecord, Kind
from recado.store.ids import new_id
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.web.errors import Refusal, not_found
from recado.web.inputs import Input, Name, absent, storable
from recado.web.lists import Page, Paged
from recado.web.sentences import spoken
from recado.web.serving import Served, Serving, Tx
from recado.web.trials import WITHIN, TrialAnswer, opened, tried
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(prefix="/connections", tags=["connections"])

Word = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(storable),
]
Password = Annotated[
    str, StringConstraints(min_length=1, max_length=1_000), AfterValidator(storable)
]
Port = Annotated[int, Field(ge=1, le=65_535)]
_DATABASE = "The database's name; for `sqlite` the name of a file in the folder `sqlite` of the data folder."
_ELSEWHERE = ("kind", "host", "port")
# What a trial asks; SQLite opens a file without looking into it.
_QUESTIONS = {"sqlite": "select count(*) from sqlite_schema"}


class ConnectionFields(Input):
    """What can be set on a connection. Absent fields stay, null clears."""

    read_only: ClassVar[frozenset[str]] = Input.read_only | {"has_password"}

    host: Word | None = None
    port: Port | None = Field(default=None, description="Null: the usual one of the kind.")
    username: Word | None = None
    password: Password | None = Field(default=None, description="Never shown again.")
    tls: bool = Field(
        default_factory=lambda: True, description="With a certificate for the host's name."
    )
    allow_writes: bool = Field(
        default_factory=lambda: False, description="Lets nodes of mode `execute` change data."
    )


class NewConnection(ConnectionFields):
    """A connection to make."""

    name: Name
    kind: Kind
    database: Word = Field(description=_DATABASE)


class ConnectionChange(ConnectionFields):
    """What changes on a connection. Who changes where it leads gives the password again."""

    name: Name = absent()
    kind: Kind = absent()
    database: Word = absent()
    tls: bool = absent()
    allow_writes: bool = absent()


class ConnectionAnswer(BaseModel):
    """A connection."""

    id: UUID
    name: str
    kind: Kind
    host: str | None
    port: int | None
    database: str = Field(description=_DATABASE)
    username: str | None
    has_password: bool
    tls: bool
    allow_writes: bool
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_connections(viewer: Reader, db: Tx, paging: Paged) -> Page[ConnectionAnswer]:
    """Lists the workspace's connections."""
    found = await store.list_connections(
        db, viewer.workspace_id, limit=paging.limit + 1, after=after(paging.after)
    )
    total = await store.count_connections(db, viewer.workspace_id)
    return paging.page(found, total, shape=_shape, place=lambda each: Place(each.id))


@router.post("", status_code=201)
async def make_connection(
    connection: NewConnection, viewer: Editor, db: Tx, served: Served
) -> ConnectionAnswer:
    """Makes a connection; flows call it by its name."""
    connection_id = new_id()
    try:
        await store.insert_connection(
            db,
            connection_id,
            workspace_id=viewer.workspace_id,
            name=connection.name,
            kind=connection.kind,
            database=connection.database,
        )
    except asyncpg.UniqueViolationError as taken:
        raise _taken(connection.name) from taken
    made = await _found(db, viewer, connection_id)
    return await _changed(db, viewer, made, connection.given(), served)


@router.get("/{connection_id}")
async def get_connection(connection_id: UUID, viewer: Reader, db: Tx) -> ConnectionAnswer:
    """Shows a connection, but for its password."""
    return _shape(await _found(db, viewer, connection_id))


@router.put("/{connection_id}")
@router.patch("/{connection_id}")
async def change_connection(
    connection_id: UUID, change: ConnectionChange, viewer: Editor, db: Tx, served: Served
) -> ConnectionAnswer:
    """Changes the fields that are given; flows see it at their next query."""
    connection = await _found(db, viewer, connection_id)
    return await _changed(db, viewer, connection, change.given(), served)


@router.delete("/{connection_id}", status_code=204)
async def delete_connection(connection_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes a connection; flows that ask by it leave by *error*."""
    if not await store.delete_connection(db, viewer.workspace_id, connection_id):
        raise not_found()


@router.post("/{connection_id}/test")
async def test_connection(
    connection_id: UUID, viewer: Editor, db: Tx, served: Served, request: Request
) -> TrialAnswer:
    """Connects and asks for nothing in particular; says why where that does not work."""
    found = await _found(db, viewer, connection_id)
    connection = sql.Connection(
        kind=found.kind,
        database=found.database,
        host=found.host,
        port=found.port,
        username=found.username,
        password=await opened(db, served, found.password_id),
        tls=found.tls,
    )
    asked = Sql(found.name, _QUESTIONS.get(found.kind, "select 1"), mode="scalar")
    asking = partial(
        sql.perform, asked, connection, {}, timeout=WITHIN, sqlite_dir=served.sqlite_dir
    )
    language = spoken(request)
    return await tried(served, asking, language)


async def _changed(
    db: Db, viewer: Viewer, old: ConnectionRecord, given: Mapping[str, Any], served: Serving
) -> ConnectionAnswer:
    changes = {name: value for name, value in given.items() if name != "password"}
    now = {name: getattr(old, name) for name in store.SETTABLE} | changes
    _check(now)
    if old.password_id is not None and "password" not in given and _leads_elsewhere(old, now):
        # Else whoever may edit would have the password sent to a server of their own.
        raise Refusal(422, "password_again", field="password")
    if "password" in given:
        changes["password_id"] = await secrets.swap(
            db,
            served.vault,
            workspace_id=viewer.workspace_id,
            purpose="connection_password",
            old=old.password_id,
            value=given["password"],
        )
    try:
        await store.update_connection(db, viewer.workspace_id, old.id, changes=changes)
    except asyncpg.UniqueViolationError as taken:
        raise _taken(given["name"]) from taken
    return _shape(await _found(db, viewer, old.id))


def _check(connection: Mapping[str, Any]) -> None:
    """Refuses a connection that could never work."""
    if connection["kind"] == "sqlite":
        if not is_file_name(connection["database"]):
            raise Refusal(422, "bad_file_name", field="database")
        return
    if connection["host"] is None:
        raise Refusal(422, "host_missing", field="host")
    try:
        read_host(connection["host"])
    except EgressRefused as refused:
        raise Refusal(422, "bad_host", field="host") from refused


def _leads_elsewhere(old: ConnectionRecord, now: Mapping[str, Any]) -> bool:
    moved = any(getattr(old, name) != now[name] for name in _ELSEWHERE)
    return moved or (old.tls and not now["tls"])


async def _found(db: Db, viewer: Viewer, connection_id: UUID) -> ConnectionRecord:
    connection = await store.find_connection(db, viewer.workspace_id, connection_id)
    if connection is None:
        raise not_found()
    return connection


def _taken(name: str) -> Refusal:
    return Refusal(409, "connection_exists", field="name", name=name)


def _shape(connection: ConnectionRecord) -> ConnectionAnswer:
    has_password = connection.password_id is not None
    fields = asdict(connection)
    return ConnectionAnswer.model_validate({**fields, "has_password": has_password})
