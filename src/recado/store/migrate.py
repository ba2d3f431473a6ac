"""Brings a database up to the schema of this version, and makes its coming partitions.

Many processes may start at once: one migrates under an advisory lock, the others wait for it. Alembic works out the
SQL text and its own bookkeeping, and our connection runs it. It is asked only when there is something to do, and in a
process of its own, because a server would keep the 20 MB that it imports.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path

from recado.store.partitions import ensure_partitions
from recado.store.pool import Db, connect

MIGRATIONS = Path(__file__).parent / "migrations"
LEAST_POSTGRES = 16
_LOCK = 0x7265_6361_646F  # "recado"


class MigrationError(Exception):
    """The database cannot be used by this version; the message is one sentence for the operator."""


async def migrate(url: str) -> bool:
    """Migrates the database at `url` and makes this and the next two months' partitions; tells whether it changed."""
    db = await connect(url, application_name="recado migrate")
    try:
        _refuse_old(db)
        changed = await _behind(db) and await _migrate_alone(db)
        await ensure_partitions(db, datetime.now(UTC).date())
    finally:
        await db.close()
    return changed


def revisions() -> list[str]:
    """Lists the revisions this version knows, oldest first; a revision is called like its file."""
    return sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def current_revision(db: Db) -> str | None:
    """Reads the revision that a database stands at; None when it was never migrated."""
    if await db.fetchval("select to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await db.fetchval("select version_num from alembic_version")
    return revision


async def upgrade_script(revision: str | None) -> str:
    """Gives the SQL that brings a database from a revision (None: empty) to this version, each step a transaction."""
    command = (sys.executable, "-m", "recado.store.migrations", revision or "base")
    child = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    script, complaint = await child.communicate()
    if child.returncode:
        reason = complaint.decode().strip().rpartition("\n")[2]
        raise MigrationError(f"The SQL of the new schema cannot be made: {reason}")
    return script.decode()


def _refuse_old(db: Db) -> None:
    version = db.get_server_version()
    if version.major < LEAST_POSTGRES:
        raise MigrationError(
            f"Recado needs PostgreSQL {LEAST_POSTGRES} or newer, and this server is {version.major}."
        )


async def _behind(db: Db) -> bool:
    revision, known = await current_revision(db), revisions()
    if revision is not None and revision not in known:
        raise MigrationError(
            f"The database is at revision {revision}, which this version of Recado does not know: "
            "start the version that migrated it, or a newer one."
        )
    return revision != known[-1]


async def _migrate_alone(db: Db) -> bool:
    """Migrates unless another process did so while this one waited for the lock, which ends with the connection."""
    await db.execute("select pg_advisory_lock($1)", _LOCK)
    if not await _behind(db):
        return False
    await db.execute(await upgrade_script(await current_revision(db)))
    return True
