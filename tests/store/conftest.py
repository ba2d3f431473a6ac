"""Data folders of a test's own."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recado.store.embedded import start
from recado.store.ids import new_id
from tests.conftest import execute
from tests.store.servers import kill_group


@pytest.fixture(scope="session")
def made_once(quick_place: Path) -> Path:
    """A data folder whose (durable) server has run and was stopped, to be copied."""
    data_dir = quick_place / "made-once"

    async def make() -> None:
        server = await start(data_dir)
        await execute(server.url, "create table kept (word text unique)")
        await server.stop()

    asyncio.run(make())
    return data_dir


@pytest.fixture
def data_dir(made_once: Path) -> Iterator[Path]:
    """A data folder of the test's own; whatever runs in it at the end is killed."""
    copy = made_once.with_name(f"data-{new_id().hex}")
    subprocess.run(["cp", "-a", str(made_once), str(copy)], check=True)
    yield copy
    pid = copy / "postgres" / "postmaster.pid"
    if pid.exists():
        kill_group(int(pid.read_text().splitlines()[0]))
    shutil.rmtree(copy)
