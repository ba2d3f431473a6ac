"""The database for commands that only look: one connection, one snapshot, no workers, no migration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from recado.cli.serving import database
from recado.config import Settings
from recado.store.migrate import MigrationError, current_revision, revisions
from recado.store.pool import Db, connect


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[Db]:
    """Opens the settings' database to read from; it may be in use by servers meanwhile."""
    _refuse_missing(settings)
    async with database(settings) as url:
        db = await connect(url, application_name="recado read")
        try:
            await _refuse_other_schema(db)
            async with db.transaction(isolation="repeatable_read", readonly=True):
                yield db
        finally:
            await db.close()


def _refuse_missing(settings: Settings) -> None:
    """A command that only looks makes no database."""
    if settings.database_url is None and not (settings.data_dir / "postgres").exists():
        raise MigrationError(
            f"There is no database in {settings.data_dir}: "
            "is RECADO_DATA_DIR (or RECADO_DATABASE_URL) set as for the server?"
        )


async def _refuse_other_schema(db: Db) -> None:
    found, wanted = await current_revision(db), revisions()[-1]
    if found != wanted:
        raise MigrationError(
            f"The database is at revision {found or 'none'} and this version reads {wanted}: "
            "run `recado migrate` first."
        )
