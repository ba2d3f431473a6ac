"""A receiving desk for tests: our webhook routes on a real port, workspaces and numbers, and Meta's way of writing."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import uvicorn
from starlette.applications import Starlette

from recado.store import secrets
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.store.secrets import Vault
from recado.web.edge import Edge
from recado.web.group_commit import Limits
from recado.web.post_protocol import protocol_of
from recado.web.uploads import UploadLimits
from recado.web.webhook import Receiver, webhook_routes
from recado.whatsapp.signature import sign

VAULT = Vault(bytes(32))
NOW = int(time.time())
PATH = "/api/v1/whatsapp/webhook"
Json = dict[str, Any]


@dataclass
class Desk:
    """A running receiver and a client that posts to it."""

    url: str
    receiver: Receiver
    session: aiohttp.ClientSession
    server: uvicorn.Server
    woken: list[str] = field(default_factory=list)

    async def post(
        self, body: bytes | Json, *, secret: str | None = None, path: str = PATH
    ) -> tuple[int, Json]:
        """Posts as Meta does, signed if a secret is given; answers status and JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["X-Hub-Signature-256"] = sign(secret, raw)
        async with self.session.post(self.url + path, data=raw, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str = PATH, **query: str) -> tuple[int, str, str]:
        """Asks as Meta's handshake does; answers status, text and content type."""
        async with self.session.get(self.url + path, params=query) as answer:
            return answer.status, await answer.text(), answer.content_type


@asynccontextmanager
async def open_desk(
    pool: Pool,
    *,
    wake: bool = True,
    limits: Limits | None = None,
    commit_within: float = 5.0,
    read_within: float = 15.0,
    upload_limits: UploadLimits | None = None,
) -> AsyncIterator[Desk]:
    """Runs a desk on a port of its own."""
    woken: list[str] = []
    receiver = Receiver(
        pool,
        VAULT,
        wake_turns=(lambda: woken.append("turns")) if wake else None,
        wake_statuses=(lambda: woken.append("statuses")) if wake else None,
        limits=limits,
        commit_within=commit_within,
    )
    routes = webhook_routes(receiver, read_within=read_within, upload_limits=upload_limits)
    app = Edge(Starlette(routes=routes))
    http = protocol_of(receiver)
    config = uvicorn.Config(app, http=http, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(512)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        receiver.start()
        async with aiohttp.ClientSession() as session:
            yield Desk(url, receiver, session, server, woken)
        await receiver.stop()
        server.should_exit = True
        await serving


@dataclass(frozen=True)
class Ours:
    """A number of ours, as a test made it."""

    id: UUID
    workspace_id: UUID
    phone_number_id: str
    waba_id: str
    secret: str | None
    webhook_token: str
    verify_token: str


async def add_workspace(pool: Pool) -> UUID:
    """Makes a workspace."""
    workspace = new_id()
    await pool.execute("insert into workspaces (id, name) values ($1, 'Loja')", workspace)
    return workspace


async def add_number(
    pool: Pool,
    *,
    workspace: UUID | None = None,
    phone_number_id: str | None = "106540352242922",
    waba_id: str | None = "102290129340398",
    secret: str | None = None,
    is_active: bool | None = True,
) -> Ours:
    """Makes a number, in a workspace of its own unless one is given."""
    workspace = workspace or await add_workspace(pool)
    number = new_id()
    token, verify = f"hook-{number.hex}", f"verify-{number.hex}"
    async with pool.acquire() as db:
        secret_id = secret and await secrets.put(
            db, VAULT, workspace_id=workspace, purpose="app_secret", value=secret
        )
        await db.execute(
            """insert into whatsapp_numbers (id, workspace_id, phone_number, phone_shown, connection_type, is_active,
                      phone_number_id, waba_id, webhook_token, webhook_verify_token, app_secret_id)
               values ($1, $2, $3, $3, 'official', $4, $5, $6, $7, $8, $9)""",
            number,
            workspace,
            f"+{number.int % 10**14}",
            is_active,
            phone_number_id,
            waba_id,
            token,
            verify,
            secret_id or None,
        )
    return Ours(number, workspace, phone_number_id or "", waba_id or "", secret, token, verify)


def text(
    body: str = "Olá",
    *,
    key: str | None = None,
    phone: str | None = "5511987654321",
    user_id: str | None = None,
    at: int = NOW,
) -> Json:
    """Writes a text message as Meta does."""
    message: Json = {"id": key or f"wamid.{new_id().hex}", "timestamp": str(at), "type": "text"}
    message["text"] = {"body": body}
    if phone is not None:
        message["from"] = phone
    if user_id is not None:
        message["from_user_id"] = user_id
    return message


def status(wamid: str, word: str = "delivered", *, opaque: str | None = None) -> Json:
    """Writes a status as Meta does."""
    told: Json = {"id": wamid, "status": word, "timestamp": str(NOW), "recipient_id": "55"}
    return told if opaque is None else {**told, "biz_opaque_callback_data": opaque}


def change(
    number: Ours,
    messages: Sequence[Json] = (),
    *,
    statuses: Sequence[Json] = (),
    names: dict[str, str] | None = None,
) -> Json:
    """Writes a change of the field `messages`."""
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "15550783881",
            "phone_number_id": number.phone_number_id,
        },
    }
    if names:
        value["contacts"] = [
            {"wa_id": phone, "profile": {"name": name}} for phone, name in names.items()
        ]
    if messages:
        value["messages"] = list(messages)
    if statuses:
        value["statuses"] = list(statuses)
    return {"field": "messages", "value": value}


def post(*changes: Json, waba_id: str = "102290129340398") -> Json:
    """Writes a post with one entry."""
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": waba_id, "changes": list(changes)}],
    }


def message_post(number: Ours, *messages: Json, names: dict[str, str] | None = None) -> Json:
    """Writes a post with messages of one number."""
    return post(change(number, messages, names=names), waba_id=number.waba_id)
