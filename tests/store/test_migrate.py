"""A database is brought to this version once, by one of many, and never one of the future."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries

from recado.store import migrate as module
from recado.store.migrate import (
    MIGRATIONS,
    MigrationError,
    current_revision,
    migrate,
    revisions,
    upgrade_script,
)
from recado.store.pool import Db, connect

PROCESS = "import asyncio, sys; from recado.store.migrate import migrate; print(asyncio.run(migrate(sys.argv[1])))"


@pytest.mark.asyncio
async def test_an_empty_database_is_migrated_once(empty_database_url: str) -> None:
    first = await migrate(empty_database_url)
    second = await migrate(empty_database_url)

    assert (first, second) == (True, False)
    db = await connect(empty_database_url)
    assert await current_revision(db) == revisions()[-1]
    tables = await db.fetchval(
        "select count(*) from pg_inherits where inhparent = 'messages'::regclass"
    )
    assert tables == 3
    await db.close()


def test_of_four_processes_one_migrates(empty_database_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, empty_database_url], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]

    answers = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert sorted(answers) == ["False", "False", "False", "True"]


def test_a_process_that_migrates_keeps_no_alembic(empty_database_url: str) -> None:
    check = PROCESS + "; assert not {'alembic', 'sqlalchemy'} & set(sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", check, empty_database_url], timeout=60, check=False
    )

    assert done.returncode == 0


@pytest.mark.asyncio
async def test_a_failing_revision_changes_nothing(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = await upgrade_script(None)

    async def broken(_: str | None) -> str:
        return script.replace("create table alerts", "create tabel alerts", 1)

    monkeypatch.setattr(module, "upgrade_script", broken)

    with pytest.raises(Exception, match="syntax error"):
        await migrate(empty_database_url)

    db = await connect(empty_database_url)
    assert await db.fetchval("select to_regclass('workspaces')") is None
    await db.close()


@pytest.mark.asyncio
async def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    db = await connect(database_url)
    await db.execute("update alembic_version set version_num = '9999_future'")
    await db.close()

    with pytest.raises(MigrationError, match="9999_future"):
        await migrate(database_url)


@pytest.mark.asyncio
async def test_an_old_postgresql_is_refused_in_one_sentence(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect_to_old(url: str, *, application_name: str) -> object:
        return _Old(await connect(url, application_name=application_name))

    monkeypatch.setattr(module, "connect", connect_to_old)

    with pytest.raises(MigrationError, match=r"PostgreSQL 16 or newer, and this server is 15\.$"):
        await migrate(database_url)


def test_revisions_are_called_like_their_files_and_follow_each_other() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    script = ScriptDirectory.from_config(config)

    assert [step.revision for step in script.walk_revisions()] == revisions()[::-1]
    assert script.get_heads() == revisions()[-1:]


@pytest.mark.asyncio
async def test_the_installed_pgqueuer_wants_no_other_tables(database_url: str) -> None:
    db = await connect(database_url)
    queries = Queries(AsyncpgDriver(db))

    assert await queries.schema_is_installed()
    assert (await queries.plan_upgrade()).statements == ()
    await db.close()


@pytest.mark.asyncio
async def test_an_upgrade_script_keeps_the_sql_as_it_is_written() -> None:
    script = await upgrade_script(None)

    for revision in revisions():
        assert (MIGRATIONS / "sql" / f"{revision}.sql").read_text().strip() in script


class _Old:
    """A connection to a server that says it is PostgreSQL 15."""

    def __init__(self, db: Db) -> None:
        self.close = db.close

    def get_server_version(self) -> SimpleNamespace:
        return SimpleNamespace(major=15)
