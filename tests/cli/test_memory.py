"""A server keeps little in memory: it imports only what it needs, and the garbage collector leaves the rest alone."""

import subprocess
import sys

NOT_NEEDED = (
    *("recado.whatsapp.fake", "recado.cli.talk", "recado.cli.replay", "rich.progress"),
    *("alembic", "sqlalchemy", "aiomysql", "aiosqlite", "openai", "wasmtime", "holidays"),
)


def run(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_server_starts_without_what_it_does_not_need() -> None:
    run(f"import sys, recado.cli.serving; assert not set({NOT_NEEDED}) & set(sys.modules)")


def test_the_command_line_starts_without_the_server() -> None:
    run("import sys, recado.cli; assert not {'fastapi', 'recado.worker.run'} & set(sys.modules)")


def test_what_was_loaded_is_frozen_once() -> None:
    run(
        "import gc; from recado.cli.memory import settle; settle()\n"
        "assert gc.get_freeze_count() > 10_000 and gc.get_threshold()[0] > 10_000"
    )
