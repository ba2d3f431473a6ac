"""What the bundled server refuses, and how it says so."""

from pathlib import Path

import pytest

from recado.store.embedded import start
from recado.store.postgres_binaries import EmbeddedError, find_binaries


@pytest.mark.asyncio
async def test_data_of_another_major_version_is_refused_with_advice(tmp_path: Path) -> None:
    _of_version(tmp_path, 15)

    with pytest.raises(EmbeddedError, match=r"PostgreSQL 15 database.*RECADO_PG_BIN"):
        await start(tmp_path)


@pytest.mark.asyncio
async def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "data" / "postgres" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    with pytest.raises(EmbeddedError, match="not a PostgreSQL database"):
        await start(tmp_path / "data")

    assert mine.read_text() == "mine"


@pytest.mark.asyncio
async def test_a_lost_password_is_not_replaced_silently(tmp_path: Path) -> None:
    _of_version(tmp_path, find_binaries(None, cluster_major=None).major)

    with pytest.raises(EmbeddedError, match=r"postgres\.password is missing"):
        await start(tmp_path)


@pytest.mark.asyncio
async def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    with (data_dir / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = 'many'\n")

    with pytest.raises(EmbeddedError, match="shared_buffers"):
        await start(data_dir)


def test_a_folder_without_programs_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=f"RECADO_PG_BIN must be .*{tmp_path}"):
        find_binaries(tmp_path, cluster_major=None)


def test_old_programs_are_refused(tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.9'\n")
        program.chmod(0o755)

    with pytest.raises(EmbeddedError, match="PostgreSQL 16 or newer"):
        find_binaries(tmp_path, cluster_major=None)


def _of_version(data_dir: Path, major: int) -> None:
    """Makes a data folder look like one that a PostgreSQL of this version made."""
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text(f"{major}\n")
