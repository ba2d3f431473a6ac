"""The composition root and the `recado` command: the only room that knows all the others."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from recado.cli import documents, serving
from recado.cli.talk import Talk
from recado.config import SettingsError, load_settings
from recado.engine.play import Play
from recado.store.migrate import MigrationError
from recado.store.postgres_binaries import EmbeddedError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="WhatsApp chatbots drawn as flows."
)
flow = typer.Typer(no_args_is_help=True, help="Work with flow documents.")
app.add_typer(flow, name="flow")

FlowFile = Annotated[Path, typer.Argument(help="a flow document, JSON", metavar="FLOW.json")]
ALL_ROLES = "web,turn,send,settle,jobs"


@app.command()
def up() -> None:
    """Run everything on this machine, with a WhatsApp of its own and a demo bot; print the URL."""
    _run(serving.up(load_settings()))


@app.command()
def serve(
    roles: Annotated[str, typer.Option(help="what this process does")] = ALL_ROLES,
    reuse_port: Annotated[bool, typer.Option(help="let several processes share the port")] = False,
) -> None:
    """Run the server for real numbers."""
    wanted = frozenset(role.strip() for role in roles.split(",") if role.strip())
    if unknown := wanted - frozenset(ALL_ROLES.split(",")):
        raise SettingsError(
            f"--roles does not know {', '.join(sorted(unknown))}; it takes {ALL_ROLES}."
        )
    _run(serving.serve(load_settings(), roles=wanted, reuse_port=reuse_port))


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date, and leave."""
    _run(serving.migrate_only(load_settings()))


@app.command()
def fake_meta() -> None:
    """Run only the WhatsApp for tests and demos."""
    _run(serving.fake_only(load_settings()))


@app.command()
def talk(
    file: FlowFile,
    trace: Annotated[
        bool, typer.Option("--trace", help="show why the bot says what it says")
    ] = False,
) -> None:
    """Play a flow in the terminal."""
    console = Console(highlight=False, soft_wrap=True)
    program = documents.program_from(file, console)
    if program is None:
        raise typer.Exit(1)
    Talk(Play(program, world=documents.WORLD), console, show_trace=trace).run()


@flow.command()
def check(file: FlowFile) -> None:
    """Say what is wrong with a flow."""
    if documents.program_from(file, Console(highlight=False, soft_wrap=True), quiet=False) is None:
        raise typer.Exit(1)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a command that serves, on uvloop where there is one."""
    factory = None if sys.platform == "win32" else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


def main() -> None:
    """Runs the command; a wrong setting or database ends it with one sentence."""
    try:
        app()
    except (SettingsError, EmbeddedError, MigrationError) as error:
        sys.stderr.write(f"recado: {error}\n")
        sys.exit(2)
