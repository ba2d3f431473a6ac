"""Secrets at rest: AES-256-GCM, each bound to its row, so that a ciphertext copied elsewhere does not open.

A key is known by a short hash (`key_id`), kept with each secret, which tells a wrong key from a damaged row. Only this
file reads secrets; the API never shows one again.
"""

import hashlib
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recado.store.ids import new_id
from recado.store.pool import Db

Purpose = Literal["access_token", "app_secret", "author", "connection_password", "ai_key"]
MOST_NAMED = 500  # of one workspace
_NONCE_BYTES = 12


class SecretError(Exception):
    """A secret does not open: another key sealed it, or its row was changed. The message holds no secret."""


@dataclass(frozen=True)
class Place:
    """Where a secret belongs; it opens nowhere else."""

    workspace_id: UUID
    secret_id: UUID
    purpose: str

    def bound(self) -> bytes:
        """Gives the bytes that are authenticated with the ciphertext (both ids have a fixed length)."""
        return self.workspace_id.bytes + self.secret_id.bytes + self.purpose.encode()


@dataclass(frozen=True)
class Sealed:
    """An encrypted value, as its row keeps it."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class Vault:
    """Seals and opens with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self.key_id = hashlib.sha256(b"recado key id\0" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"

    def seal(self, value: str, place: Place) -> Sealed:
        """Encrypts a value for its place, with a nonce of its own."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._cipher.encrypt(nonce, value.encode(), place.bound())
        return Sealed(key_id=self.key_id, nonce=nonce, ciphertext=ciphertext)

    def open(self, sealed: Sealed, place: Place) -> str:
        """Decrypts a value; raises `SecretError` when the key or the place is another."""
        if sealed.key_id != self.key_id:
            raise SecretError(
                f"The secret {place.secret_id} was sealed with the key {sealed.key_id} and RECADO_SECRET_KEY is"
                f" {self.key_id}: restore the old key, or enter the secret again."
            )
        try:
            return self._cipher.decrypt(sealed.nonce, sealed.ciphertext, place.bound()).decode()
        except InvalidTag as problem:
            raise SecretError(
                f"The secret {place.secret_id} was changed in the database."
            ) from problem


async def put(
    db: Db,
    vault: Vault,
    *,
    workspace_id: UUID,
    purpose: Purpose,
    value: str,
    name: str | None = None,
) -> UUID:
    """Stores a new secret and gives its id."""
    secret_id = new_id()
    sealed = vault.seal(value, Place(workspace_id, secret_id, purpose))
    await db.execute(
        """insert into secrets (id, workspace_id, purpose, name, key_id, nonce, ciphertext)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        secret_id,
        workspace_id,
        purpose,
        name,
        sealed.key_id,
        sealed.nonce,
        sealed.ciphertext,
    )
    return secret_id


async def reveal(db: Db, vault: Vault, secret_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Opens secrets by id; an id without a row is missing from the answer."""
    rows = await db.fetch(
        """select id, workspace_id, purpose, key_id, nonce, ciphertext
             from secrets where id = any ($1::uuid[])""",
        secret_ids,
    )
    return {
        row["id"]: vault.open(
            Sealed(row["key_id"], row["nonce"], row["ciphertext"]),
            Place(row["workspace_id"], row["id"], row["purpose"]),
        )
        for row in rows
    }


async def forget(db: Db, *, workspace_id: UUID, secret_id: UUID) -> bool:
    """Deletes a secret of a workspace; tells whether there was one."""
    done = await db.execute(
        "delete from secrets where workspace_id = $1 and id = $2", workspace_id, secret_id
    )
    return bool(done == "DELETE 1")


async def swap(
    db: Db,
    vault: Vault,
    *,
    workspace_id: UUID,
    purpose: Purpose,
    old: UUID | None,
    value: str | None,
) -> UUID | None:
    """Forgets a secret and keeps another value in its place, under an id of its own; without a value none."""
    if old is not None:
        await forget(db, workspace_id=workspace_id, secret_id=old)
    if value is None:
        return None
    return await put(db, vault, workspace_id=workspace_id, purpose=purpose, value=value)


# The secrets that authors name in their flows: kept by name, and never read but by the calls that use them.


@dataclass(frozen=True, slots=True)
class Named:
    """An author's secret as the API shows it: everything but its value."""

    id: UUID
    name: str
    created_at: datetime
    updated_at: datetime


_NAMED = "id, name, created_at, updated_at"


async def list_named(db: Db, workspace_id: UUID, *, limit: int, after: UUID | None) -> list[Named]:
    """Lists a workspace's secrets, the oldest first."""
    rows = await db.fetch(
        f"""select {_NAMED} from secrets
             where workspace_id = $1 and purpose = 'author' and ($3::uuid is null or id > $3)
             order by id limit $2""",
        workspace_id,
        limit,
        after,
    )
    return [Named(**row) for row in rows]


async def find_named(db: Db, workspace_id: UUID, secret_id: UUID) -> Named | None:
    """Finds an author's secret of a workspace."""
    row = await db.fetchrow(
        f"select {_NAMED} from secrets where workspace_id = $1 and id = $2 and purpose = 'author'",
        workspace_id,
        secret_id,
    )
    return None if row is None else Named(**row)


async def names(db: Db, workspace_id: UUID) -> set[str]:
    """Gives the names of a workspace's secrets."""
    rows = await db.fetch(
        "select name from secrets where workspace_id = $1 and purpose = 'author'", workspace_id
    )
    return {row["name"] for row in rows}


async def replace_value(
    db: Db, vault: Vault, *, workspace_id: UUID, secret_id: UUID, value: str
) -> None:
    """Replaces the value of an author's secret, which keeps its id and name."""
    sealed = vault.seal(value, Place(workspace_id, secret_id, "author"))
    await db.execute(
        """update secrets set key_id = $3, nonce = $4, ciphertext = $5, updated_at = clock_timestamp()
            where workspace_id = $1 and id = $2 and purpose = 'author'""",
        workspace_id,
        secret_id,
        sealed.key_id,
        sealed.nonce,
        sealed.ciphertext,
    )


async def forget_named(db: Db, workspace_id: UUID, secret_id: UUID) -> bool:
    """Deletes an author's secret; tells whether there was one."""
    done = await db.execute(
        "delete from secrets where workspace_id = $1 and id = $2 and purpose = 'author'",
        workspace_id,
        secret_id,
    )
    return bool(done == "DELETE 1")


async def reveal_named(
    db: Db, vault: Vault, workspace_id: UUID, wanted: Collection[str]
) -> dict[str, str]:
    """Opens an author's secrets by name; a name that the workspace does not have is missing from the answer."""
    rows = await db.fetch(
        """select id, name from secrets
            where workspace_id = $1 and purpose = 'author' and name = any ($2::text[])""",
        workspace_id,
        list(wanted),
    )
    opened = await reveal(db, vault, [row["id"] for row in rows])
    return {row["name"]: opened[row["id"]] for row in rows if row["id"] in opened}
