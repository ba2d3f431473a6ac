"""The composition root and the `recado` command: the only room that knows all the others.

Each command imports what it runs when it runs: a server does without what people use in a terminal (5 MB, 0.2 s), and
they without the server (60 MB, 1.5 s).
"""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from rich.console import Console

from recado.cli.logs import set_up_logs
from recado.config import Settings, SettingsError, load_settings
from recado.engine.problems import Language
from recado.store.migrate import MigrationError
from recado.store.postgres_binaries import EmbeddedError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="WhatsApp chatbots drawn as flows."
)
flow = typer.Typer(no_args_is_help=True, help="Work with flow documents.")
app.add_typer(flow, name="flow")

FlowFile = Annotated[Path, typer.Argument(help="a flow document, JSON", metavar="FLOW.json")]
Result = TypeVar("Result")
ALL_ROLES = "web,turn,send,call,settle,jobs"


@app.command()
def up() -> None:
    """Run everything on this machine, with a WhatsApp of its own and a demo bot; print the URL."""
    from recado.cli.up import up as run_up

    _run(run_up(load_settings()))


@app.command()
def serve(
    roles: Annotated[str, typer.Option(help="what this process does")] = ALL_ROLES,
    reuse_port: Annotated[bool, typer.Option(help="let several processes share the port")] = False,
) -> None:
    """Run the server for real numbers."""
    from recado.cli import serving

    wanted = frozenset(role.strip() for role in roles.split(",") if role.strip())
    if unknown := wanted - frozenset(ALL_ROLES.split(",")):
        raise SettingsError(
            f"--roles does not know {', '.join(sorted(unknown))}; it takes {ALL_ROLES}."
        )
    _run(serving.serve(load_settings(), roles=wanted, reuse_port=reuse_port))


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date, and leave."""
    from recado.cli import serving

    _run(serving.migrate_only(load_settings()))


@app.command()
def fake_meta() -> None:
    """Run only the WhatsApp for tests and demos."""
    from recado.cli.up import fake_only

    _run(fake_only(load_settings()))


@app.command()
def talk(
    file: FlowFile,
    trace: Annotated[
        bool, typer.Option("--trace", help="show why the bot says what it says")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(help="write the conversation down as a story", metavar="STORY.json"),
    ] = None,
) -> None:
    """Play a flow in the terminal."""
    from recado.cli import documents
    from recado.cli.record import RecordedPlay, write_story
    from recado.cli.scripts import script_runner
    from recado.cli.talk import Talk

    console = _console()
    if record and not record.resolve().parent.is_dir():
        console.print(f"Cannot write {record}: there is no folder {record.resolve().parent}.")
        raise typer.Exit(1)
    document = documents.read(file, console)
    program = documents.ready(document, console) if document else None
    if program is None or document is None:
        raise typer.Exit(1)
    play = RecordedPlay(program, world=documents.WORLD)
    with script_runner() as perform:
        Talk(play, console, show_trace=trace, perform=perform).run()
    if record:
        write_story(record, play, document.dump())
        console.print(f"The conversation is in {record}.")


@app.command()
def why(
    message: Annotated[str, typer.Argument(help="a message's id, ours or Meta's")],
    language: Annotated[
        Language | None, typer.Option(help="pt-BR or en; else the workspace's")
    ] = None,
) -> None:
    """Tell in plain words what led to a message."""
    from recado.cli.why import why as tell_why

    if not _run(tell_why(_quiet_settings(), message, _console(), language=language)):
        raise typer.Exit(1)


@app.command()
def replay(
    conversation: Annotated[str, typer.Argument(help="a conversation's id, or a phone")],
    file: Annotated[
        Path | None, typer.Option("--flow", help="run on this flow document", metavar="FLOW.json")
    ] = None,
    version: Annotated[int | None, typer.Option(help="run on this version of the flow")] = None,
) -> None:
    """Run a conversation's journal again, and list what comes out differently."""
    from recado.cli.replay import Instead
    from recado.cli.replay import replay as run_again

    code = _run(run_again(_quiet_settings(), conversation, Instead(file, version), _console()))
    if code:
        raise typer.Exit(code)


@flow.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help="flow documents, JSON", metavar="FLOW.json...")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="apply the remedies of errors, write the files")
    ] = False,
    language: Annotated[
        Language | None, typer.Option(help="pt-BR or en; else both are told")
    ] = None,
) -> None:
    """Say what is wrong with flows."""
    from recado.cli.checks import check_flows

    if not check_flows(files, _console(), as_json=as_json, fix=fix, language=language):
        raise typer.Exit(1)


@flow.command()
def test(
    paths: Annotated[
        list[Path], typer.Argument(help="stories, or folders of them", metavar="DIR...")
    ],
) -> None:
    """Play stories against their flows: what the customer says, what must come back."""
    from recado.cli.flow_tests import run_stories

    if not _run(run_stories(paths, _console())):
        raise typer.Exit(1)


@flow.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="flow documents, JSON", metavar="FILE...")],
    out: Annotated[Path, typer.Option(help="where the documents go", metavar="DIR")],
    language: Annotated[Language, typer.Option(help="the reports' language")] = "pt-BR",
) -> None:
    """Read flows of other builders into our own form, each with a report of what changed and what is lost."""
    from recado.cli.flow_import import import_files

    if not import_files(files, out, _console(), language=language):
        raise typer.Exit(1)


@flow.command()
def nodes(
    type: Annotated[str | None, typer.Argument(help="a node type; else all are listed")] = None,
    out: Annotated[Path | None, typer.Option(help="write a page per type", metavar="DIR")] = None,
) -> None:
    """Say what a node type takes, and where it leads."""
    from recado.cli.node_pages import pages
    from recado.nodes import NODE_TYPES

    found = pages()
    if type is not None and type not in found:
        print(f"There is no node type {type}. There are: {', '.join(found)}.")
        raise typer.Exit(1)
    for name, text in found.items():
        if out:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{name}.md").write_text(text, encoding="utf-8")
        elif type is None:
            print(f"{name:22}{NODE_TYPES[name].about.help['en']}")
    if type is not None:
        print(found[type], end="")


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs a command that needs the event loop, on uvloop where there is one."""
    factory = None if sys.platform == "win32" else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def _quiet_settings() -> Settings:
    """Reads the settings for a command whose output people read; log lines go to standard error."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    return settings


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Runs the command; a wrong setting or database ends it with one sentence."""
    try:
        app()
    except (SettingsError, EmbeddedError, MigrationError) as error:
        sys.stderr.write(f"recado: {error}\n")
        sys.exit(2)
