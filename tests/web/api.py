"""The API on a real port with people who are signed in; every answer is checked against the OpenAPI document."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import aiohttp
import uvicorn
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from recado.config import Settings
from recado.nodes import NODE_TYPES
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.store.secrets import Vault
from recado.store.sessions_web import insert_session
from recado.store.users import User, insert_user, insert_workspace
from recado.web.app import FakeMetaInfo, FakeNumber, create_app
from recado.web.passwords import new_token, token_hash
from recado.web.post_protocol import protocol_of
from recado.web.receiver import Receiver

Json = Any
PREFIX = "/api/v1"
PUBLIC_URL = "https://bot.example.com"
VAULT = Vault(bytes(32))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Json
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        code: str = self.body["code"]
        return code

    def fields(self) -> list[str]:
        """The fields that a problem names."""
        return [error["field"] for error in self.body["errors"]]


@dataclass(frozen=True)
class Api:
    """A client: somebody signed in by bearer token, or nobody."""

    url: str
    pool: Pool
    app: FastAPI
    http: aiohttp.ClientSession
    token: str | None = None
    user_id: UUID | None = None
    workspace_id: UUID | None = None
    registered: "list[FakeNumber] | None" = None

    async def get(self, path: str, **query: Any) -> Answer:
        """Reads."""
        return await self.request("GET", path, query=query)

    async def post(self, path: str, body: Json = None, **query: Any) -> Answer:
        """Makes, or does."""
        return await self.request("POST", path, body=body, query=query)

    async def put(self, path: str, body: Json, **query: Any) -> Answer:
        """Changes."""
        return await self.request("PUT", path, body=body, query=query)

    async def delete(self, path: str) -> Answer:
        """Removes."""
        return await self.request("DELETE", path)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        data: bytes | None = None,
        query: "dict[str, Any] | None" = None,
        headers: "dict[str, str] | None" = None,
    ) -> Answer:
        """Sends any request; a path without /api is one of the API's."""
        full = path if path.startswith(("/api", "/healthz", "/readyz")) else PREFIX + path
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        asked = {key: str(value) for key, value in (query or {}).items()}
        async with self.http.request(
            method,
            self.url + full,
            json=body if data is None else None,
            data=data,
            params=asked,
            headers=sent,
            allow_redirects=False,
        ) as response:
            text = await response.text()
            is_json = "json" in response.content_type
            answer = Answer(
                response.status,
                await response.json(content_type=None) if is_json and text else text,
                response.headers,
            )
        self._check(method, full, answer)
        return answer

    async def join(self, role: str, *, workspace_id: UUID | None = None) -> "Api":
        """Signs somebody else in, with a role in this client's workspace or another."""
        user_id, token = await sign_in(self.pool)
        there = workspace_id or self.workspace_id
        await self.pool.execute(
            "insert into memberships (workspace_id, user_id, role) values ($1, $2, $3)",
            there,
            user_id,
            role,
        )
        return replace(self, token=token, user_id=user_id, workspace_id=there)

    async def stranger(self) -> "Api":
        """Signs somebody in who owns another workspace."""
        user_id, token = await sign_in(self.pool)
        workspace_id = new_id()
        async with self.pool.acquire() as db:
            await insert_workspace(db, workspace_id, name="Outra", owner=user_id)
        return replace(self, token=token, user_id=user_id, workspace_id=workspace_id)

    def nobody(self) -> "Api":
        """Gives a client that is not signed in."""
        return replace(self, token=None)

    @cached_property
    def description(self) -> Json:
        """The OpenAPI document."""
        return self.app.openapi()

    def _check(self, method: str, path: str, answer: Answer) -> None:
        """Fails when an answer is not what the OpenAPI document says of it."""
        operation = operation_of(self.description, method, path)
        if operation is None or answer.status == 204:
            return
        responses = operation["responses"]
        described = responses.get(str(answer.status), responses["default"])
        content_type = answer.headers["Content-Type"].partition(";")[0]
        schema = described["content"][content_type]["schema"]
        whole = {**schema, "components": self.description["components"]}
        Draft202012Validator(whole).validate(answer.body)


def operation_of(description: Json, method: str, path: str) -> Json:
    """Finds the operation that serves a path; a fixed path beats one with parameters."""
    plain = path.rstrip("/") or path
    candidates = sorted(description["paths"].items(), key=lambda item: item[0].count("{"))
    for template, operations in candidates:
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, plain) and method.lower() in operations:
            return operations[method.lower()]
    return None


async def sign_in(pool: Pool) -> tuple[UUID, str]:
    """Makes a user without a usable password and a session; gives the user's id and the token."""
    user_id, token = new_id(), new_token()
    async with pool.acquire() as db:
        await insert_user(db, User(user_id, f"{user_id.hex}@example.com", "Ana", "!"))
        await insert_session(
            db,
            token_hash=token_hash(token),
            csrf_hash=token_hash("csrf"),
            user_id=user_id,
            lifetime=timedelta(hours=1),
        )
    return user_id, token


@asynccontextmanager
async def make_api(
    pool: Pool,
    *,
    receiver: Receiver | None = None,
    fake_meta: bool = False,
    settings: Settings | None = None,
) -> AsyncIterator[Api]:
    """Serves the API on a free port and signs in the owner of a fresh workspace."""
    registered: list[FakeNumber] = []

    async def register(number: FakeNumber) -> None:
        registered.append(number)

    app = create_app(
        pool,
        VAULT,
        settings or Settings(public_url=PUBLIC_URL),
        receiver=receiver,
        node_types=NODE_TYPES,
        fake_meta=FakeMetaInfo(
            "http://127.0.0.1:8025", "fake-token", "fake-secret", "900", register
        )
        if fake_meta
        else None,
    )
    user_id, token = await sign_in(pool)
    workspace_id = new_id()
    async with pool.acquire() as db:
        await insert_workspace(db, workspace_id, name="Padaria", owner=user_id)
    async with (
        _serving(app, receiver) as url,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        yield Api(url, pool, app, http, token, user_id, workspace_id, registered)


@asynccontextmanager
async def _serving(app: FastAPI, receiver: Receiver | None) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        http = "auto" if receiver is None else protocol_of(receiver)
        server = uvicorn.Server(
            uvicorn.Config(app, http=http, lifespan="off", log_level="error", access_log=False)
        )
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


def check_schema(schema: Json) -> None:
    """Fails when a JSON schema is not one."""
    validator_for(schema, default=Draft202012Validator).check_schema(schema)
