"""A secret opens with its key and in its place only."""

import dataclasses
from uuid import UUID, uuid4

import pytest

from recado.store.ids import new_id
from recado.store.pool import Db, Pool
from recado.store.secrets import Place, SecretError, Vault, forget, put, reveal

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
PLACE = Place(uuid4(), uuid4(), "access_token")


def test_a_sealed_value_opens_again_and_shows_nothing() -> None:
    vault = Vault(KEY)

    sealed = vault.seal("EAAG-ação", PLACE)

    assert vault.open(sealed, PLACE) == "EAAG-ação"
    assert b"EAAG" not in sealed.ciphertext + sealed.nonce
    assert vault.seal("EAAG-ação", PLACE) != sealed


def test_another_key_is_named_and_does_not_open() -> None:
    sealed = Vault(KEY).seal("value", PLACE)

    with pytest.raises(SecretError, match=Vault(KEY).key_id):
        Vault(OTHER_KEY).open(sealed, PLACE)


def test_a_forged_key_id_does_not_help() -> None:
    other = Vault(OTHER_KEY)
    sealed = dataclasses.replace(Vault(KEY).seal("value", PLACE), key_id=other.key_id)

    with pytest.raises(SecretError, match="changed"):
        other.open(sealed, PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        dataclasses.replace(PLACE, workspace_id=uuid4()),
        dataclasses.replace(PLACE, secret_id=uuid4()),
        dataclasses.replace(PLACE, purpose="app_secret"),
    ],
)
def test_a_secret_opens_nowhere_else(elsewhere: Place) -> None:
    sealed = Vault(KEY).seal("value", PLACE)

    with pytest.raises(SecretError, match="changed"):
        Vault(KEY).open(sealed, elsewhere)


def test_a_vault_does_not_print_its_key() -> None:
    assert KEY.hex() not in repr(vars(Vault(KEY)))
    assert repr(Vault(KEY)) == f"Vault({Vault(KEY).key_id})"


@pytest.mark.asyncio
async def test_secrets_are_stored_sealed_and_revealed_by_id(pool: Pool) -> None:
    vault = Vault(KEY)
    async with pool.acquire() as db:
        workspace = await _workspace(db)
        token = await put(db, vault, workspace_id=workspace, purpose="access_token", value="EAAG1")
        author = await put(
            db, vault, workspace_id=workspace, purpose="author", value="EAAG2", name="crm"
        )
        stored = await db.fetch("select * from secrets")

        assert await reveal(db, vault, [token, author, uuid4()]) == {
            token: "EAAG1",
            author: "EAAG2",
        }
        assert "EAAG" not in repr([dict(row) for row in stored])


@pytest.mark.asyncio
async def test_a_row_moved_to_another_workspace_does_not_open(pool: Pool) -> None:
    vault = Vault(KEY)
    async with pool.acquire() as db:
        token = await put(
            db, vault, workspace_id=await _workspace(db), purpose="access_token", value="EAAG"
        )
        await db.execute("update secrets set workspace_id = $1", await _workspace(db))

        with pytest.raises(SecretError):
            await reveal(db, vault, [token])


@pytest.mark.asyncio
async def test_only_its_workspace_forgets_a_secret(pool: Pool) -> None:
    vault = Vault(KEY)
    async with pool.acquire() as db:
        mine, theirs = await _workspace(db), await _workspace(db)
        token = await put(db, vault, workspace_id=mine, purpose="app_secret", value="value")

        assert not await forget(db, workspace_id=theirs, secret_id=token)
        assert await forget(db, workspace_id=mine, secret_id=token)
        assert await reveal(db, vault, [token]) == {}


async def _workspace(db: Db) -> UUID:
    workspace = new_id()
    await db.execute("insert into workspaces (id, name) values ($1, 'test')", workspace)
    return workspace
