"""Secrets that flows name as `{{secret.NAME}}`: given once, used by calls, never shown again."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from recado.store import secrets as store
from recado.store.paging import Place, after
from recado.store.pool import Db
from recado.store.secrets import MOST_NAMED, Named
from recado.web.errors import Refusal, not_found
from recado.web.inputs import Input, absent, storable
from recado.web.lists import Page, Paged
from recado.web.serving import Served, Tx
from recado.web.viewer import Editor, Reader, Viewer

router = APIRouter(prefix="/secrets", tags=["secrets"])

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
# Answers are searched for the value to mask it: what is shorter would be found everywhere.
Value = Annotated[str, StringConstraints(min_length=4, max_length=10_000), AfterValidator(storable)]
_NAME = "How flows call it, as in `{{secret.NAME}}`."
_VALUE = "Never shown again; masked wherever a service repeats it."


class NewSecret(Input):
    """A secret to keep."""

    name: SecretName = Field(description=_NAME)
    value: Value = Field(description=_VALUE)


class SecretChange(Input):
    """A new value; the name stays, because flows know the secret by it."""

    read_only: ClassVar[frozenset[str]] = Input.read_only | {"name"}
    value: Value = absent()


class SecretAnswer(BaseModel):
    """A secret without its value; `updated_at` is when it got the present one."""

    id: UUID
    name: str = Field(description=_NAME)
    created_at: datetime
    updated_at: datetime


@router.get("")
async def list_secrets(viewer: Reader, db: Tx, paging: Paged) -> Page[SecretAnswer]:
    """Lists the workspace's secrets by name."""
    found = await store.list_named(
        db, viewer.workspace_id, limit=paging.limit + 1, after=after(paging.after)
    )
    total = len(await store.names(db, viewer.workspace_id))
    return paging.page(found, total, shape=_shape, place=lambda secret: Place(secret.id))


@router.post("", status_code=201)
async def make_secret(secret: NewSecret, viewer: Editor, db: Tx, served: Served) -> SecretAnswer:
    """Keeps a secret, encrypted."""
    if len(await store.names(db, viewer.workspace_id)) >= MOST_NAMED:
        raise Refusal(409, "too_many_secrets", limit=MOST_NAMED)
    try:
        secret_id = await store.put(
            db,
            served.vault,
            workspace_id=viewer.workspace_id,
            purpose="author",
            value=secret.value,
            name=secret.name,
        )
    except asyncpg.UniqueViolationError as taken:
        raise Refusal(409, "secret_exists", field="name", name=secret.name) from taken
    return _shape(await _found(db, viewer, secret_id))


@router.get("/{secret_id}")
async def get_secret(secret_id: UUID, viewer: Reader, db: Tx) -> SecretAnswer:
    """Shows that there is a secret; nobody is shown its value."""
    return _shape(await _found(db, viewer, secret_id))


@router.put("/{secret_id}")
@router.patch("/{secret_id}")
async def change_secret(
    secret_id: UUID, change: SecretChange, viewer: Editor, db: Tx, served: Served
) -> SecretAnswer:
    """Replaces the value where one is given; the next call uses the new one."""
    await _found(db, viewer, secret_id)
    if "value" in change.given():
        await store.replace_value(
            db,
            served.vault,
            workspace_id=viewer.workspace_id,
            secret_id=secret_id,
            value=change.value,
        )
    return _shape(await _found(db, viewer, secret_id))


@router.delete("/{secret_id}", status_code=204)
async def delete_secret(secret_id: UUID, viewer: Editor, db: Tx) -> None:
    """Deletes a secret; calls that name it fail with `secret_missing`, nodes leave by *error*."""
    if not await store.forget_named(db, viewer.workspace_id, secret_id):
        raise not_found()


async def _found(db: Db, viewer: Viewer, secret_id: UUID) -> Named:
    secret = await store.find_named(db, viewer.workspace_id, secret_id)
    if secret is None:
        raise not_found()
    return secret


def _shape(secret: Named) -> SecretAnswer:
    return SecretAnswer.model_validate(secret, from_attributes=True)
