"""The bundled server: starts, is shared, and survives kill -9."""

import asyncio
import os
import signal
import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from recado.store import embedded as store_embedded
from recado.store.embedded import Server, embedded, start
from recado.store.postgres_cluster import open_cluster, running_pid
from recado.store.postgres_process import answers
from tests.conftest import QUICK, execute
from tests.store.servers import (
    kill_group,
    line_of,
    lives,
    pid_of,
    sleeper_beside,
    start_user,
    value_of,
)


@pytest.mark.asyncio
async def test_a_new_folder_gets_a_durable_private_server(tmp_path: Path) -> None:
    async with embedded(tmp_path / "data") as url:
        shown = {
            name: await value_of(url, f"show {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
        }
        listens = await value_of(url, "show listen_addresses")
        upper = await value_of(url, "select upper('ação')")

    assert set(shown.values()) == {"on"}
    assert listens == ""
    assert upper == "AÇÃO"
    assert stat.S_IMODE((tmp_path / "data/postgres.password").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data/postgres").stat().st_mode) == 0o700


@pytest.mark.asyncio
async def test_what_is_stored_is_there_after_stop_and_start(data_dir: Path) -> None:
    first = await start(data_dir)
    await execute(first.url, "insert into kept values ('stored')")
    await first.stop()
    await first.stop()
    ended = first.pid is None

    second = await start(data_dir)
    words = await value_of(second.url, "select array_agg(word) from kept")
    await second.stop()

    assert ended
    assert words == ["stored"]


@pytest.mark.asyncio
async def test_a_killed_server_comes_back_with_all_that_was_committed(data_dir: Path) -> None:
    first = await start(data_dir)
    await execute(first.url, "insert into kept values ('committed')")
    kill_group(pid_of(first))

    second = await start(data_dir)

    assert await value_of(second.url, "select array_agg(word) from kept") == ["committed"]
    await second.stop()
    await first.stop()


@pytest.mark.asyncio
async def test_a_server_that_is_killed_alone_is_started_again_at_the_same_address(
    data_dir: Path,
) -> None:
    async with embedded(data_dir) as url:
        await execute(url, "insert into kept values ('committed')")
        kill_group(running_pid(open_cluster(data_dir)) or 0)

        async with asyncio.timeout(30):
            while not await answers(url):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
        pid = running_pid(open_cluster(data_dir)) or 0
        words = await value_of(url, "select array_agg(word) from kept")

    assert words == ["committed"]
    assert not lives(pid)


@pytest.mark.asyncio
async def test_no_failure_ends_the_watch_over_the_server(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def fail_once(*given: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ValueError
        return await started(*given)

    started = store_embedded._start
    async with embedded(data_dir) as url:
        monkeypatch.setattr(store_embedded, "_start", fail_once)
        monkeypatch.setattr(store_embedded, "_LOOK", 0.05)
        kill_group(running_pid(open_cluster(data_dir)) or 0)
        async with asyncio.timeout(30):
            while not await answers(url):  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)

    assert tries == 2


@pytest.mark.asyncio
async def test_a_server_that_is_just_being_started_again_is_stopped_at_the_end(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, may_start = asyncio.Event(), asyncio.Event()

    async def start_late(*given: Any) -> Any:
        asked.set()
        await may_start.wait()
        return await started(*given)

    started = store_embedded._start
    async with embedded(data_dir):
        monkeypatch.setattr(store_embedded, "_start", start_late)
        kill_group(running_pid(open_cluster(data_dir)) or 0)
        async with asyncio.timeout(30):
            await asked.wait()
        asyncio.get_running_loop().call_later(0.1, may_start.set)  # the end has begun by then

    assert may_start.is_set()
    assert running_pid(open_cluster(data_dir)) is None


@pytest.mark.asyncio
async def test_orphans_of_a_killed_server_are_waited_for(data_dir: Path) -> None:
    first = await start(data_dir)
    idle = await asyncpg.connect(first.url)
    os.kill(pid_of(first), signal.SIGKILL)

    second = await start(data_dir)

    assert await value_of(second.url, "select 1") == 1
    idle.terminate()
    await second.stop()
    await first.stop()


@pytest.mark.asyncio
async def test_a_lock_file_with_the_id_of_another_program_is_no_server(data_dir: Path) -> None:
    first = await start(data_dir)
    lock = data_dir / "postgres" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    kill_group(pid_of(first))
    sleeper = sleeper_beside(data_dir)
    lock.write_text("\n".join([str(sleeper.pid), *lines[1:]]) + "\n")

    second = await start(data_dir)

    assert pid_of(second) != sleeper.pid
    sleeper.kill()
    sleeper.wait()
    await second.stop()
    await first.stop()


@pytest.mark.asyncio
async def test_a_left_over_socket_does_not_matter(data_dir: Path) -> None:
    first = await start(data_dir)
    kill_group(pid_of(first))
    (data_dir / "postgres" / "postmaster.pid").unlink()

    second = await start(data_dir)

    assert await value_of(second.url, "select 1") == 1
    await second.stop()
    await first.stop()


def test_two_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    users = [start_user(data_dir), start_user(data_dir)]
    pids = {int(line_of(user)) for user in users}

    first, last = users
    first.communicate("", timeout=60)
    alive = [lives(pid) for pid in pids]
    last.communicate("", timeout=60)

    assert len(pids) == 1
    assert alive == [True]
    assert not any(lives(pid) for pid in pids)
    assert (first.returncode, last.returncode) == (0, 0)


@pytest.mark.asyncio
async def test_the_server_of_a_killed_process_is_taken_over(data_dir: Path) -> None:
    user = await asyncio.to_thread(start_user, data_dir)
    pid = int(await asyncio.to_thread(line_of, user))
    user.kill()
    user.communicate()

    server = await start(data_dir)
    taken_over = server.pid
    await server.stop()

    assert taken_over == pid
    assert not lives(pid)


def test_ctrl_c_in_our_terminal_does_not_reach_the_server(postgres_server: Server) -> None:
    assert os.getpgid(pid_of(postgres_server)) != os.getpgid(0)
    assert os.getsid(pid_of(postgres_server)) != os.getsid(0)


@pytest.mark.asyncio
async def test_nobody_gets_in_without_the_password(postgres_server: Server) -> None:
    secret = urlsplit(postgres_server.url).password or ""

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_server.url.replace(secret, "guess"))


@pytest.mark.asyncio
async def test_the_log_holds_no_values(postgres_server: Server, empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("create table kept (word text unique)")
    insert = "insert into kept values ($1)"
    await connection.execute(insert, "segredo")

    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(insert, "segredo")

    await connection.close()
    log = postgres_server.cluster.log.read_text()
    assert "duplicate key" in log
    assert "segredo" not in log


@pytest.mark.asyncio
async def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    draft = tmp_path / "data" / "postgres.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")

    server = await start(tmp_path / "data", settings=QUICK)

    assert await value_of(server.url, "select 1") == 1
    await server.stop()


def test_a_folder_with_a_long_path_works(data_dir: Path) -> None:
    deep = data_dir.with_name("a" * 60) / ("b" * 60)
    deep.parent.mkdir()
    data_dir.rename(deep)

    user = start_user(deep)
    pid = int(line_of(user))
    user.communicate("", timeout=60)

    assert user.returncode == 0
    assert not lives(pid)
    deep.rename(data_dir)
