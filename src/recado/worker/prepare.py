"""Finds what a call names by name, in its own workspace: after that only the world outside is needed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from recado.calls import email, http, script
from recado.engine.events import CallResult
from recado.engine.requests import Email, Http, Request, Script, names_of
from recado.store import secrets
from recado.store.calls import Calling
from recado.store.pool import Db
from recado.store.secrets import SecretError, Vault
from recado.worker.outside import Outside

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that only needs to be made; `hidden` are the secrets in it, `account_id` whose tokens it uses."""

    ask: Callable[[], Awaitable[CallResult]]
    hidden: tuple[str, ...] = ()
    account_id: UUID | None = None


class Missing(Exception):
    """A call names what its workspace does not have; `error` is the word for it (`engine/reasons.py`)."""

    def __init__(self, error: str, name: str = "") -> None:
        super().__init__(name)
        self.error = error
        self.name = name


async def prepare(
    db: Db, vault: Vault, outside: Outside, call: Calling, request: Request, *, now: datetime
) -> Ready:
    """Makes a call ready; raises `Missing`."""
    known = await _secrets(db, vault, call.workspace_id, names_of(request))
    hidden, timeout = tuple(known.values()), float(call.timeout)
    match request:
        case Http():
            egress = outside.egress
            asking = partial(
                http.perform, request, known, egress, timeout=timeout, key=call.key, now=now
            )
            return Ready(asking, hidden)
        case Script():
            return Ready(partial(script.perform, request, outside.scripts, timeout=timeout))
        case Email():
            return Ready(partial(email.perform, request, outside.smtp, timeout=timeout))
    raise NotImplementedError


async def _secrets(
    db: Db, vault: Vault, workspace_id: UUID, names: Iterable[str]
) -> Mapping[str, str]:
    """Opens the secrets that a request names; one that does not open is as good as none."""
    wanted = set(names)
    if not wanted:
        return {}
    try:
        known = await secrets.reveal_named(db, vault, workspace_id, wanted)
    except SecretError as problem:
        log.error("secret_does_not_open", workspace=str(workspace_id), reason=str(problem))
        raise Missing("secret_missing") from problem
    for name in sorted(wanted - known.keys()):
        raise Missing("secret_missing", name)
    return known
