"""Finds what a call names by name, in its own workspace: after that only the world outside is needed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from recado.calls import ai, email, http, script, sql
from recado.engine.events import CallResult
from recado.engine.requests import Ai, Email, Http, Request, Script, Sql, names_of
from recado.store import ai_usage, call_targets, secrets
from recado.store.calls import Calling
from recado.store.exchanges import before
from recado.store.pool import Db
from recado.store.secrets import SecretError, Vault
from recado.worker.exchanges import exchanges
from recado.worker.outside import Outside

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that only needs to be made; `hidden` are the secrets in it, `account_id` whose tokens it uses."""

    ask: Callable[[], Awaitable[CallResult]]
    hidden: tuple[str, ...] = ()
    account_id: UUID | None = None


class Missing(Exception):
    """A call names what its workspace does not have, or has used up; `error` is the word for it (`engine/reasons.py`)."""

    def __init__(self, error: str, name: str = "") -> None:
        super().__init__(name)
        self.error = error
        self.name = name


@dataclass(frozen=True, slots=True)
class Preparing:
    """What a call is prepared with: a connection to read by, the key of secrets, and the ways out."""

    db: Db
    vault: Vault
    outside: Outside
    now: datetime

    async def ready(self, call: Calling, request: Request) -> Ready:
        """Makes a call ready; raises `Missing`."""
        known = await self._secrets(call.workspace_id, names_of(request))
        out, timeout = self.outside, float(call.timeout)
        match request:
            case Http():
                asking = partial(
                    http.perform, request, known, out.egress, key=call.key, now=self.now
                )
                return Ready(partial(asking, timeout=timeout), tuple(known.values()))
            case Sql():
                return await self._database(call, request, known)
            case Ai():
                return await self._model(call, request, known)
            case Script():
                return Ready(partial(script.perform, request, out.scripts, timeout=timeout))
            case Email():
                return Ready(partial(email.perform, request, out.smtp, timeout=timeout))

    async def _database(self, call: Calling, request: Sql, known: Mapping[str, str]) -> Ready:
        found = await call_targets.connection(self.db, call.workspace_id, request.connection)
        if found is None:
            raise Missing("connection_missing", request.connection)
        password = await self._opened(found.password_id)
        connection = sql.Connection(
            kind=found.kind,
            database=found.database,
            host=found.host,
            port=found.port,
            username=found.username,
            password=password,
            tls=found.tls,
            allow_writes=found.allow_writes,
        )
        asking = partial(sql.perform, request, connection, known, self.outside.egress)
        folder = self.outside.sqlite_dir
        hidden = (*known.values(), password or "")
        return Ready(partial(asking, timeout=float(call.timeout), sqlite_dir=folder), hidden)

    async def _model(self, call: Calling, request: Ai, known: Mapping[str, str]) -> Ready:
        found = await call_targets.account(self.db, call.workspace_id, request.account)
        if found is None:
            raise Missing("account_missing", request.account)
        if not await ai_usage.within_budget(self.db, call.workspace_id, found.id, call.contact_id):
            raise Missing("budget", request.account)
        key = await self._opened(found.key_id)
        account = ai.Account(found.base_url, found.model, key)
        spoken = await before(
            self.db, call.conversation_id, key=call.heard, exchanges=request.history
        )
        history = exchanges(spoken, request.history)
        asking = partial(ai.perform, request, account, known, history, self.outside.egress)
        hidden = (*known.values(), key or "")
        return Ready(partial(asking, timeout=float(call.timeout)), hidden, found.id)

    async def _secrets(self, workspace_id: UUID, names: Iterable[str]) -> Mapping[str, str]:
        """Opens the secrets that a request names; one that does not open is as good as none."""
        wanted = set(names)
        if not wanted:
            return {}
        try:
            known = await secrets.reveal_named(self.db, self.vault, workspace_id, wanted)
        except SecretError as problem:
            log.error("secret_does_not_open", workspace=str(workspace_id), reason=str(problem))
            raise Missing("secret_missing") from problem
        for name in sorted(wanted - known.keys()):
            raise Missing("secret_missing", name)
        return known

    async def _opened(self, secret_id: UUID | None) -> str | None:
        """Opens the password or key of what a call is made by."""
        if secret_id is None:
            return None
        try:
            return (await secrets.reveal(self.db, self.vault, [secret_id])).get(secret_id)
        except SecretError as problem:
            log.error("secret_does_not_open", secret=str(secret_id), reason=str(problem))
            raise Missing("secret_missing") from problem
