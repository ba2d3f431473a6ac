"""What the endpoints work with: the pool, the vault, the addresses, handed over by the composition root."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from recado.calls.allow import NONE, Allow
from recado.calls.script import Scripts
from recado.engine.node import NodeTypes
from recado.store.pool import Db, Pool, borrow
from recado.store.secrets import Vault
from recado.web.attempts import Logins

ACQUIRE_WITHIN = 5.0  # seconds; then 503 with Retry-After
STATEMENT_TIMEOUT = "5s"
TRIALS = 3  # of connections and AI accounts at once


@dataclass(frozen=True, slots=True)
class FakeNumber:
    """A number of ours as the fake Meta must know it."""

    phone_number_id: str
    waba_id: str
    phone_number: str
    display_name: str
    access_token: str
    app_secret: str | None
    webhook_url: str
    webhook_verify_token: str


@dataclass(frozen=True, slots=True)
class FakeMetaInfo:
    """A fake Meta that runs beside us: its address, the credentials it takes, and how it learns of a number."""

    graph_url: str
    access_token: str
    app_secret: str | None
    waba_id: str
    register: Callable[[FakeNumber], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Serving:
    """Everything the endpoints need besides the request itself."""

    pool: Pool
    vault: Vault
    node_types: NodeTypes
    graph_url: str
    graph_version: str
    public_url: str | None = None
    fake_meta: FakeMetaInfo | None = None
    logins: Logins = field(default_factory=Logins)
    scripts: Scripts = field(default_factory=Scripts)
    allow: Allow = NONE
    sqlite_dir: Path = Path("data/sqlite")
    trials: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TRIALS))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Db]:
        """Opens a transaction whose statements end after 5 s; raises PoolBusy when no connection is free."""
        async with borrow(self.pool, within=ACQUIRE_WITHIN) as db, db.transaction():
            await db.execute(f"set local statement_timeout = '{STATEMENT_TIMEOUT}'")
            yield db

    def base_url(self, request: Request) -> str:
        """Gives the address under which we are reached: as set, else as this request came in."""
        return self.public_url or str(request.base_url).rstrip("/")


def serving(request: Request) -> Serving:
    """Finds what the composition root handed over."""
    found: Serving = request.app.state.serving
    return found


Served = Annotated[Serving, Depends(serving)]


async def _transaction(served: Served) -> AsyncIterator[Db]:
    async with served.transaction() as db:
        yield db


# One transaction a request: committed before the answer is sent, rolled back when anything is raised.
Tx = Annotated[Db, Depends(_transaction, scope="function")]
