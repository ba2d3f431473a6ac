"""Reads the templates of accounts at Meta and keeps them; a failure at Meta is part of the report, not of ours."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog
from pydantic import BaseModel, Field

from recado.store import secrets
from recado.store.pool import Db
from recado.store.templates import AccountAccess, SeenTemplate, replace_templates
from recado.web.serving import Serving
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.outcomes import NotSent, Refused, Unknown
from recado.whatsapp.templates import ListedTemplate, list_templates

log = structlog.get_logger(__name__)

# The request's transaction is open meanwhile, and PostgreSQL ends one that does nothing for 30 s.
WITHIN = 20.0
EACH_REQUEST = 10.0


class SyncProblem(BaseModel):
    """Why an account could not be read."""

    code: int | None = Field(description="Meta's, if she refused.")
    message: str


class AccountSynced(BaseModel):
    """What came of one account; with a problem nothing of it was changed."""

    whatsapp_business_account_id: str
    synced: int
    removed: int
    problem: SyncProblem | None


async def sync_accounts(
    db: Db, workspace_id: UUID, accounts: Sequence[AccountAccess], *, served: Serving
) -> list[AccountSynced]:
    """Reads the accounts side by side, then keeps what was read, one after the other."""
    tokens = await secrets.reveal(db, served.vault, [each.access_token_id for each in accounts])
    async with GraphClient(total_seconds=EACH_REQUEST) as client:
        listings = await asyncio.gather(
            *(_read(client, each, tokens.get(each.access_token_id), served) for each in accounts)
        )
    return [
        await _keep(db, workspace_id, account.waba_id, listing)
        for account, listing in zip(accounts, listings, strict=True)
    ]


async def _read(
    client: GraphClient, access: AccountAccess, token: str | None, served: Serving
) -> list[ListedTemplate] | Refused | NotSent | Unknown:
    account = Account(
        access.phone_number_id,
        token or "",
        access.graph_url or served.graph_url,
        served.graph_version,
    )
    try:
        async with asyncio.timeout(WITHIN):
            return await list_templates(client, account, access.waba_id)
    except TimeoutError:
        return NotSent("timeout")


async def _keep(
    db: Db,
    workspace_id: UUID,
    waba_id: str,
    listing: list[ListedTemplate] | Refused | NotSent | Unknown,
) -> AccountSynced:
    match listing:
        case Refused(code=code, message=message, details=details):
            return _failed(waba_id, code, details or message)
        case NotSent(reason=reason) | Unknown(reason=reason):
            return _failed(waba_id, None, reason)
        case list():
            seen = [_seen(template) for template in listing]
            removed = await replace_templates(db, workspace_id, waba_id, seen)
            log.info("templates_synced", account=waba_id, count=len(seen), removed=removed)
            return AccountSynced(
                whatsapp_business_account_id=waba_id,
                synced=len(seen),
                removed=removed,
                problem=None,
            )


def _failed(waba_id: str, code: int | None, message: str) -> AccountSynced:
    log.warning("templates_not_synced", account=waba_id, code=code)
    return AccountSynced(
        whatsapp_business_account_id=waba_id,
        synced=0,
        removed=0,
        problem=SyncProblem(code=code, message=message),
    )


def _seen(template: ListedTemplate) -> SeenTemplate:
    return SeenTemplate(
        meta_id=template.id,
        name=template.name,
        language=template.language,
        category=template.category,
        status=template.status,
        quality=template.quality,
        rejected_reason=template.rejected_reason,
        parameter_format=template.parameter_format,
        components=template.components,
    )
