"""The one token that the first run prints, kept as a hash until the installation has an owner."""

from recado.store.pool import Db


async def put_setup_token(db: Db, token_hash: bytes) -> None:
    """Keeps the newest token; the one before it no longer opens anything."""
    await db.execute(
        """insert into setup_tokens (token_hash) values ($1)
           on conflict (only_one) do update set token_hash = excluded.token_hash, created_at = now()""",
        token_hash,
    )


async def lock_setup_token(db: Db) -> bytes | None:
    """Reads the token's hash and keeps others from using it meanwhile; None when there is none."""
    found: bytes | None = await db.fetchval("select token_hash from setup_tokens for update")
    return found


async def delete_setup_token(db: Db) -> None:
    """Forgets the token: the installation has an owner."""
    await db.execute("delete from setup_tokens")
