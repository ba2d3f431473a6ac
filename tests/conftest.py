"""One PostgreSQL a test run, one migrated template, and a clone of it for each test that asks."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from recado.store.embedded import Server, start
from recado.store.ids import new_id
from recado.store.migrate import migrate
from recado.store.pool import Pool, create_pool

TEMPLATE = "recado_template"
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3  # bytes
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CLONE = "create database {name} template {template} strategy file_copy"


@pytest.fixture(scope="session")
def quick_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A private folder for databases, in memory where there is room: cloning one is several times faster there."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield tmp_path_factory.mktemp("quick")
        return
    _clear_memory()
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix=f"recado-tests-{os.getpid()}-") as place:
        yield Path(place)


@pytest.fixture(scope="session")
def postgres_server(quick_place: Path) -> Iterator[Server]:
    """The run's server, without durability."""
    server = asyncio.run(start(quick_place / "server", settings=QUICK))
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Server) -> str:
    """The URL of the run's server."""
    return postgres_server.url


@pytest.fixture(scope="session")
def template(postgres_url: str) -> str:
    """The name of a migrated database that nobody is connected to."""
    asyncio.run(execute(postgres_url, f"create database {TEMPLATE}"))
    asyncio.run(migrate(database(postgres_url, TEMPLATE)))
    return TEMPLATE


@pytest.fixture
def database_url(postgres_url: str, template: str) -> Iterator[str]:
    """The URL of a fresh, migrated database; it is dropped after the test."""
    name = f"test_{new_id().hex}"
    asyncio.run(execute(postgres_url, CLONE.format(name=name, template=template)))
    yield database(postgres_url, name)
    asyncio.run(execute(postgres_url, f"drop database {name} with (force)"))


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """The URL of a fresh database without any table."""
    name = f"test_{new_id().hex}"
    asyncio.run(execute(postgres_url, f"create database {name}"))
    yield database(postgres_url, name)
    asyncio.run(execute(postgres_url, f"drop database {name} with (force)"))


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """A pool on the test's own database."""
    pool = await create_pool(database_url, min_size=1, max_size=8)
    yield pool
    await asyncio.wait_for(pool.close(), timeout=10)


def database(url: str, name: str) -> str:
    """Gives the same server's URL for another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def execute(url: str, statement: str) -> None:
    """Runs one statement outside any transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _clear_memory() -> None:
    """Removes what killed test runs left; their servers end when they miss their lock file."""
    for left in MEMORY.glob("recado-tests-*"):
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
