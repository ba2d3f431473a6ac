"""AI accounts: language models that flows ask by name. The key is given once and never shown again."""

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

from recado.calls import ai
from recado.calls.egress import Egress
from recado.calls.egress_errors import EgressRefused
from recado.calls.urls import read_url
from recado.engine.events import CallResult
from recado.engine.requests import Ai
from recado.store import ai_accounts as store
from recado.store import secrets
from recado.store.ai_accounts import AccountRecord, Today
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

router = APIRouter(prefix="/ai-accounts", tags=["ai-accounts"])

Model = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(storable),
]
# It goes into a header: signs without blanks.
Key = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[!-~]+$", min_length=4, max_length=1_000),
]
Tokens = Annotated[int, Field(ge=1, le=10**15)]
_ADDRESS = "Where OpenAI's protocol is spoken, such as https://api.openai.com/v1."
_QUESTION = ("Answer with the word ok.",)


class AccountFields(Input):
    """What can be set on an account. Absent fields stay, null clears."""

    read_only: ClassVar[frozenset[str]] = Input.read_only | {"has_key", "used_today"}

    key: Key | None = Field(default=None, description="Never shown again.")
    daily_tokens: Tokens | None = Field(
        default=None, description="Budget of the account for a day of the workspace; null: none."
    )
    daily_tokens_per_contact: Tokens | None = Field(
        default=None, description="Budget of each contact for a day; null: none."
    )


class NewAccount(AccountFields):
    """An account to make."""

    name: Name
    base_url: Model = Field(description=_ADDRESS)
    model: Model = Field(description="The model where a node names none.")


class AccountChange(AccountFields):
    """What changes on an account. Who changes the address gives the key again."""

    name: Name = absent()
    base_url: Model = absent()
    model: Model = absent()


class UsedToday(BaseModel):
    """What was used since midnight in the workspace's time zone."""

    calls: int
    tokens_in: int
    tokens_out: int


class AccountAnswer(BaseModel):
    """An account."""

    id: UUID
    name: str
    base_url: str = Field(description=_ADDRESS)
    model: str
    has_key: bool
    daily_tokens: int | None
    daily_tokens_per_contact: int | None
    used_today: UsedToday
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_ai_accounts(viewer: Reader, db: Tx, paging: Paged) -> Page[AccountAnswer]:
    """Lists the workspace's accounts, with what they used today."""
    found = await store.list_accounts(
        db, viewer.workspace_id, limit=paging.limit + 1, after=after(paging.after)
    )
    used = await store.used_today(db, viewer.workspace_id, [account.id for account in found])
    return paging.page(
        found,
        await store.count_accounts(db, viewer.workspace_id),
        shape=lambda account: _shape(account, used),
        place=lambda account: Place(account.id),
    )


@router.post("", status_code=201)
async def make_ai_account(
    account: NewAccount, viewer: Editor, db: Tx, served: Served
) -> AccountAnswer:
    """Makes an account; flows call it by its name."""
    account_id = new_id()
    try:
        await store.insert_account(
            db,
            account_id,
            workspace_id=viewer.workspace_id,
            name=account.name,
            base_url=account.base_url,
            model=account.model,
        )
    except asyncpg.UniqueViolationError as taken:
        raise _taken(account.name) from taken
    made = await _found(db, viewer, account_id)
    return await _changed(db, viewer, made, account.given(), served)


@router.get("/{account_id}")
async def get_ai_account(account_id: UUID, viewer: Reader, db: Tx) -> AccountAnswer:
    """Shows an account, but for its key."""
    return await _shown(db, viewer, account_id)


@router.put("/{account_id}")
@router.patch("/{account_id}")
async def change_ai_account(
    account_id: UUID, change: AccountChange, viewer: Editor, db: Tx, served: Served
) -> AccountAnswer:
    """Changes the fields that are given; flows see it at their next call."""
    account = await _found(db, viewer, account_id)
    return await _changed(db, viewer, account, change.given(), served)


@router.delete("/{account_id}", status_code=204)
async def delete_ai_account(account_id: UUID, viewer: Editor, db: Tx) -> None:
    """Removes an account and its counts; flows that ask it leave by *error*."""
    if not await store.delete_account(db, viewer.workspace_id, account_id):
        raise not_found()


@router.post("/{account_id}/test")
async def test_ai_account(
    account_id: UUID, viewer: Editor, db: Tx, served: Served, request: Request
) -> TrialAnswer:
    """Asks the model for one word; says why where that does not work."""
    found = await _found(db, viewer, account_id)
    key = await opened(db, served, found.key_id)
    account = ai.Account(found.base_url, found.model, key)
    ask = partial(_ask, Ai(found.name, _QUESTION), account)
    return await tried(served, ask, spoken(request))


async def _ask(asked: Ai, account: ai.Account, egress: Egress) -> CallResult:
    return await ai.perform(asked, account, {}, (), egress, timeout=WITHIN)


async def _changed(
    db: Db, viewer: Viewer, old: AccountRecord, given: Mapping[str, Any], served: Serving
) -> AccountAnswer:
    changes = {name: value for name, value in given.items() if name != "key"}
    address = changes.get("base_url", old.base_url)
    _check_address(address)
    if old.key_id is not None and "key" not in given and address != old.base_url:
        # Else whoever may edit would have the key sent to a server of their own.
        raise Refusal(422, "key_again", field="key")
    if "key" in given:
        changes["key_id"] = await secrets.swap(
            db,
            served.vault,
            workspace_id=viewer.workspace_id,
            purpose="ai_key",
            old=old.key_id,
            value=given["key"],
        )
    try:
        await store.update_account(db, viewer.workspace_id, old.id, changes=changes)
    except asyncpg.UniqueViolationError as taken:
        raise _taken(given["name"]) from taken
    return await _shown(db, viewer, old.id)


def _check_address(address: str) -> None:
    try:
        url = read_url(address)
    except EgressRefused as refused:
        raise Refusal(422, "bad_base_url", field="base_url") from refused
    if url.query_string or "#" in address:
        raise Refusal(422, "bad_base_url", field="base_url")


async def _found(db: Db, viewer: Viewer, account_id: UUID) -> AccountRecord:
    account = await store.find_account(db, viewer.workspace_id, account_id)
    if account is None:
        raise not_found()
    return account


async def _shown(db: Db, viewer: Viewer, account_id: UUID) -> AccountAnswer:
    account = await _found(db, viewer, account_id)
    return _shape(account, await store.used_today(db, viewer.workspace_id, [account_id]))


def _taken(name: str) -> Refusal:
    return Refusal(409, "ai_account_exists", field="name", name=name)


def _shape(account: AccountRecord, used: Mapping[UUID, Today]) -> AccountAnswer:
    today = used.get(account.id, Today())
    fields = asdict(account)
    counts = UsedToday(calls=today.calls, tokens_in=today.tokens_in, tokens_out=today.tokens_out)
    return AccountAnswer.model_validate(
        {**fields, "has_key": account.key_id is not None, "used_today": counts}
    )
