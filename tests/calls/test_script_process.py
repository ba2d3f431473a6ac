"""The process that runs scripts: it starts clean, can open nothing, ends with the server, and is not believed."""

import asyncio
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from recado.calls import script_process
from recado.calls.script import Scripts
from recado.calls.script_answer import Ran, read_answer

AMPLE = 30
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
READ = "import struct, sys; read = sys.stdin.buffer.read; write = sys.stdout.buffer.write\n"
HELLO = "read(struct.unpack('>I', read(4))[0]); write(struct.pack('>I', 0)); sys.stdout.flush()\n"
SERVER = """
import asyncio
from recado.calls.script import Scripts
async def main():
    scripts = Scripts(processes=1)
    await scripts.run("return 1", {}, timeout=30)
    print(*scripts.pids(), flush=True)
    await scripts.run("for (;;);", {}, timeout=300)
asyncio.run(main())
"""


@linux
@pytest.mark.asyncio
async def test_a_process_inherits_nothing_and_can_open_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECADO_SECRET_KEY", "canary")
    scripts = Scripts(processes=1)
    await scripts.run("return 1", {}, timeout=AMPLE)
    process = Path("/proc", str(scripts.pids()[0]))

    limits = {
        line[:26].strip(): line[26:46].strip()
        for line in (process / "limits").read_text().splitlines()
    }
    status = dict(
        line.split(":\t", 1)
        for line in (process / "status").read_text().splitlines()
        if ":\t" in line
    )
    streams = [os.readlink(process / "fd" / str(stream)) for stream in (0, 1, 2)]
    opened = [os.readlink(path) for path in (process / "fd").iterdir()]

    assert (process / "environ").read_bytes() == b""
    assert os.readlink(process / "cwd") == "/"
    assert streams == [os.devnull] * 3
    assert all(name.startswith(("/dev/null", "pipe:", "/memfd:wasm")) for name in opened)
    for door in ("Max open files", "Max file size", "Max core file size", "Max processes"):
        assert limits[door] == "0", door
    assert limits["Max data size"] == str(256 * 1024 * 1024)
    assert status["NoNewPrivs"] == "1"
    await scripts.close()


@linux
def test_a_process_ends_with_the_server_even_in_the_middle_of_a_bomb() -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE)
    assert server.stdout is not None
    pid = int(server.stdout.readline())
    watch = os.pidfd_open(pid)

    server.kill()
    server.wait()

    assert select.select([watch], [], [], AMPLE)[0] == [watch]
    os.close(watch)
    server.stdout.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "program",
    [
        pytest.param("", id="ends at once"),
        pytest.param("import sys; sys.exit(1)", id="fails"),
        pytest.param(READ + "write(b'\\xff' * 8)", id="greets with gigabytes"),
        pytest.param(READ + "write(b'abc')", id="greets and stops in the middle"),
        pytest.param(READ + HELLO + "read(10)", id="ends with a script"),
        pytest.param(READ + HELLO + "write(b'\\xff\\xff\\xff\\xff')", id="answers gigabytes"),
        pytest.param(READ + HELLO + "write(b'\\0\\0\\0\\x05hello')", id="answers with no word"),
        pytest.param(READ + HELLO + "write(b'\\0\\0\\0\\x08value\\n{{')", id="answers no JSON"),
        pytest.param(READ + HELLO + "write(b'\\0\\0\\0\\x03\\xff\\xfe\\n')", id="answers no text"),
    ],
)
async def test_a_process_that_lies_has_crashed(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_process, "COMMAND", (sys.executable, "-c", program))
    scripts = Scripts(processes=1)

    assert (await scripts.run("return 1", {}, timeout=AMPLE)).error == "crashed"
    assert scripts.pids() == []


@pytest.mark.asyncio
async def test_a_program_that_is_not_there_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_process, "COMMAND", (str(Path(__file__).parent / "nothing"),))

    ran = await Scripts().run("return 1", {}, timeout=AMPLE)

    assert ran == Ran(error="crashed", detail="the sandbox does not start")


@pytest.mark.asyncio
async def test_a_process_that_greets_never_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_process, "COMMAND", (sys.executable, "-c", READ + "read()"))
    monkeypatch.setattr(script_process, "START_SECONDS", 0.2)
    scripts = Scripts(processes=1)

    assert (await scripts.run("return 1", {}, timeout=AMPLE)).error == "crashed"
    assert scripts.pids() == []


@pytest.mark.asyncio
async def test_time_begins_when_the_process_is_ready() -> None:
    scripts = Scripts(processes=1)
    slow, quick = [scripts.run(code, {}, timeout=0.2) for code in ("for (;;);", "return 7")]

    ran = await asyncio.gather(slow, quick)

    assert list(ran) == [Ran(error="timeout"), Ran(value=7)]
    await scripts.close()


@pytest.mark.parametrize(
    ("answer", "ran"),
    [
        (b"value\n[1,2.5,null,true]", Ran(value=[1, 2.5, None, True])),
        (b"value\nNaN", Ran(error="bad_result", detail="NaN is not JSON")),
        (b"value\n1e999", Ran(error="bad_result", detail="a number is too large")),
        (
            b"value\n" + b"[" * 50_000,
            Ran(error="bad_result", detail="the result is nested too deep"),
        ),
        (b"timeout\n", Ran(error="crashed")),
        (b"exception\nnot json", Ran(error="crashed")),
        (b"exception\n[1]", Ran(error="exception", detail="[1]")),
        (b"memory\n", Ran(error="memory")),
        (b"", Ran(error="crashed")),
    ],
)
def test_an_answer_is_a_value_a_known_word_or_a_crash(answer: bytes, ran: Ran) -> None:
    assert read_answer(answer) == ran


def test_the_scripts_own_message_is_bounded() -> None:
    assert len(read_answer(b'exception\n"' + b"x" * 50_000 + b'"').detail) == 1_000
