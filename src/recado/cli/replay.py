"""`recado replay`: runs a conversation's journal again and lists what comes out differently, turn by turn."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.markup import escape

from recado.cli import documents
from recado.cli.reading import reading
from recado.config import Settings
from recado.engine.compile import Program
from recado.engine.content import Content, words
from recado.engine.differences import Difference, between, from_record
from recado.engine.events import Json
from recado.engine.happened import happened, quoted
from recado.engine.library import Library
from recado.engine.options import rows_of
from recado.engine.replay import Recorded, Rerun, rerun, versions
from recado.engine.values import as_text
from recado.nodes import NODE_TYPES
from recado.store import journal_reading as store
from recado.store.journal_reading import FoundConversation
from recado.store.pool import Db
from recado.worker.programs import Programs

NOT_RUN = {
    "no_beginning": "the beginning of their session is no longer kept",
    "no_version": "a flow version that they need is gone",
}
SAME, DIFFERENT, IMPOSSIBLE = 0, 1, 2


class CannotReplay(Exception):
    """What was asked for is not there; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Instead:
    """The flow to run on: a document, or another version of the flow that the newest session runs; or neither."""

    file: Path | None = None
    version: int | None = None

    def __bool__(self) -> bool:
        return self.file is not None or self.version is not None


async def replay(settings: Settings, reference: str, instead: Instead, console: Console) -> int:
    """Replays and prints; gives the exit code: 0 without differences, 1 with, 2 when it cannot be done."""
    try:
        async with reading(settings) as db:
            thread = await store.find_conversation(db, reference)
            if thread is None:
                raise CannotReplay(f"There is no conversation {reference}.")
            recorded = await store.list_recorded(db, thread.workspace_id, thread.id)
            programs = await _programs(db, versions(recorded))
            swapped = await _swapped(db, thread, instead, console) if instead else None
    except CannotReplay as problem:
        console.print(escape(str(problem)))
        return IMPOSSIBLE
    own = rerun(recorded, Library(programs))
    found = from_record(own)
    if swapped is not None:
        found = between(own, rerun(recorded, Library(programs | swapped), own=own))
    ran = [run.recorded for run in own if run.turn]
    for line in report(recorded, ran, found, timezone=thread.timezone):
        console.print(escape(line))
    for line in _mention(own, found):
        console.print(escape(line))
    if recorded and not ran:
        return IMPOSSIBLE
    return DIFFERENT if found else SAME


async def _programs(db: Db, ids: set[str]) -> dict[str, Program]:
    wanted = {UUID(id) for id in ids}
    programs = await Programs(NODE_TYPES, kept=max(len(wanted), 1)).load(db, wanted)
    return {str(id): program for id, program in programs.items()}


async def _swapped(
    db: Db, thread: FoundConversation, instead: Instead, console: Console
) -> dict[str, Program]:
    """Gives the program that takes the place of every version of the newest session's flow."""
    if thread.flow_id is None:
        raise CannotReplay("No flow ever ran in this conversation.")
    numbers = await store.versions_of_flow(db, thread.workspace_id, thread.flow_id)
    if instead.file is None:
        program = await _version(db, numbers, instead.version)
    elif (drawn := documents.program_from(instead.file, console)) is not None:
        program = drawn
    else:
        raise CannotReplay(f"{instead.file} cannot run.")
    return dict.fromkeys(map(str, numbers), program)


async def _version(db: Db, numbers: dict[UUID, int], wanted: int | None) -> Program:
    ids = {str(id) for id, number in numbers.items() if number == wanted}
    programs = await _programs(db, ids)
    if not programs:
        raise CannotReplay(f"The flow has no version {wanted} that can run.")
    return programs[ids.pop()]


def report(
    recorded: Sequence[Recorded],
    ran: Sequence[Recorded],
    found: Sequence[Difference],
    *,
    timezone: str,
) -> Iterator[str]:
    """Tells the differences, turn by turn, and how many of the turns that ran are different."""
    places = {row.id: place for place, row in enumerate(recorded, start=1)}
    told: str | None = None
    for difference in found:
        row = difference.recorded
        if row.id != told:
            at = row.event.at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")
            yield f"Turn {places[row.id]}, {at}: {happened(row.event, 'en')}"
            told = row.id
        yield from (f"  {line}" for line in _lines(difference))
    if recorded and not ran:
        return
    sessions = len({row.session for row in ran})
    scope = f"{_count(len(ran), 'turn')} in {_count(sessions, 'session')}"
    different = len({difference.recorded.id for difference in found})
    yield f"{scope}: {f'{different} different' if found else 'no difference'}."


def _lines(difference: Difference) -> Iterator[str]:
    was, now = difference.before, difference.now
    match difference.kind:
        case "says":
            first, second = _spoken(was), _spoken(now)
            exact = (
                first == second
            )  # only what is not read aloud is different, such as an option's id
            yield f"said      {_json(was) if exact else first}"
            yield f"says now  {_json(now) if exact else second}"
        case "way":
            yield f"went      {_way(was)}"
            yield f"goes now  {_way(now)}"
        case "variables":
            for name in {**was, **now}:
                yield f"{name}: {_value(was.get(name))} → {_value(now.get(name))}"
        case "effects" | "trace":
            yield f"{difference.kind} were  {_json(was)}"
            yield f"{difference.kind} are   {_json(now)}"
        case "cannot_run":
            yield f"cannot run: {NOT_RUN[now]}"


def _spoken(contents: list[Any]) -> str:
    return ", ".join(_said(msgspec.convert(each, Content)) for each in contents) or "nothing"


def _said(content: Content) -> str:
    return " ".join([quoted(words(content)), *(f"[{row.title}]" for row in rows_of(content))])


def _way(way: list[Any]) -> str:
    steps = [f"{node} ({port})" if port not in (None, "next") else node for node, port in way]
    return " → ".join(steps) or "nowhere"


def _value(value: Json) -> str:
    return "unset" if value is None else quoted(as_text(value))


def _json(value: Json) -> str:
    return msgspec.json.encode(value).decode()


def _mention(own: Sequence[Rerun], found: Sequence[Difference]) -> Iterator[str]:
    """Says which turns could not run, and where the comparison with another flow stands on unsure ground."""
    for reason, count in Counter(run.reason for run in own if run.turn is None).items():
        yield f"{_count(count, 'turn')} left out: {NOT_RUN[reason]}."
    unsure = {each.recorded.id for each in from_record(own)} - {each.recorded.id for each in found}
    if unsure:
        yield (
            f"{_count(len(unsure), 'more turn')} not as recorded even on their own versions; "
            "run the replay without --flow and --version to see how."
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
