"""Started as root, the bundled server runs as somebody else, wherever its data and programs are."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recado.store import postgres_binaries
from recado.store.embedded import start
from recado.store.postgres_binaries import copy_for, find_binaries, reachable
from tests.store.servers import line_of, pid_of, start_user

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="only root runs the server as somebody else"
)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody can reach, where copies of programs go."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        monkeypatch.setattr(postgres_binaries, "_SHARED_PLACE", place)
        yield place


def test_root_runs_a_copy_of_programs_that_the_servers_user_cannot_reach(
    tmp_path: Path, data_dir: Path, public: Path
) -> None:
    package = find_binaries(None, cluster_major=None).folder.parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, tmp_path / "private" / part.name)
    (tmp_path / "private").chmod(0o700)
    private = tmp_path / "private" / package.name / "pginstall" / "bin"

    async def run() -> Path:
        server = await start(data_dir, pg_bin=private)
        program = os.readlink(f"/proc/{pid_of(server)}/exe")
        await server.stop()
        return Path(program)

    program = asyncio.run(run())

    assert program.is_relative_to(public)
    again = copy_for(find_binaries(private, cluster_major=None), uid=65534, gid=65534)
    assert again.folder == program.parent


def test_root_runs_the_server_as_the_owner_of_its_folder(data_dir: Path) -> None:
    user = start_user(data_dir)
    pid = int(line_of(user))

    owner, runs_as = (data_dir / "postgres").stat().st_uid, Path(f"/proc/{pid}").stat().st_uid
    user.communicate("", timeout=60)

    assert owner == runs_as != 0
    assert not reachable(
        data_dir, uid=owner, gid=owner
    )  # pytest's folders are private: it works all the same
