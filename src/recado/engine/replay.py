"""Runs recorded turns again, and says where they come out differently: in the same flow versions, or in another flow.

A turn is a pure function of program, state and event, and the journal keeps every event whole (moment, luck, world).
So the states are not recorded: a session's first event makes the first state, and each turn makes the next.

On another flow the events are fed as they came, except that what names an asking (a tap, a timer, a settled send) is
aimed at the asking that stands in its place: the customer of the other flow would have tapped that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import structs

from recado.engine.advance import Turn, advance
from recado.engine.compile import Program
from recado.engine.effects import Effect
from recado.engine.events import Event, Json, Migrated, Replied, SendSettled, Started, TimerFired
from recado.engine.library import Library
from recado.engine.state import Frame, State
from recado.engine.trace import Trace

Place = tuple[str | None, str]  # flow, node


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A turn as the journal has it; `version` is the one that its session began with."""

    id: str
    session: str
    version: str | None
    event: Event
    trace: Trace
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Rerun:
    """A recorded turn and what became of it now; `turn` is None where it cannot run, and `reason` says why.

    `before` and `after` are the session around the turn, as the database would keep it.
    """

    recorded: Recorded
    turn: Turn | None
    after: State | None = None
    reason: str = ""


def versions(recorded: Sequence[Recorded]) -> set[str]:
    """Lists the flow versions that recorded turns may need: those they began or moved to, and those a jump found."""
    found: set[str | None] = set()
    for row in recorded:
        found.add(row.version)
        found.update(row.event.world.published.values())
        match row.event:
            case Started(version=version) | Migrated(version=version):
                found.add(version)
    return {version for version in found if version}


def rerun(
    recorded: Sequence[Recorded], library: Library, *, own: Sequence[Rerun] = ()
) -> list[Rerun]:
    """Runs turns again, in their order, session by session.

    `own` is the rerun of the same turns on their own versions; with it, events are aimed at this run's askings.
    """
    newest: dict[str, Rerun] = {}  # of each session
    originals: dict[str, State | None] = {}
    done: list[Rerun] = []
    for index, row in enumerate(recorded):
        before, event = newest.get(row.session), row.event
        original = originals.get(row.session)
        if original and before and before.after:
            event = _aimed(event, original, before.after)
        newest[row.session] = _again(row, event, before, library)
        done.append(newest[row.session])
        if own:
            originals[row.session] = own[index].after
    return done


def _again(row: Recorded, event: Event, before: Rerun | None, library: Library) -> Rerun:
    state = before.after if before else None
    if state is None and not isinstance(event, Started):
        return Rerun(row, None, reason=before.reason if before else "no_beginning")
    program = _program(row, event, state, library)
    if program is None:
        return Rerun(row, None, reason="no_version")
    turn = advance(program, state, event, library)
    return Rerun(row, turn, after=_as_kept(turn.state))


def _program(row: Recorded, event: Event, state: State | None, library: Library) -> Program | None:
    match event:
        case Started(version=version):
            return library.version(version or row.version)
        case Migrated(flow=flow, version=version) if state and state.flow == flow:
            return library.version(version)
    return library.version((state.version if state else None) or row.version)


def _aimed(event: Event, own: State, here: State) -> Event:
    """Aims an event at the asking of this run that stands where the recorded one stood."""
    match event:
        case TimerFired(token=token) | SendSettled(token=token):
            return structs.replace(event, token=_counterpart(token, own, here))
        case Replied(message=message) if message.tap and message.tap.visit:
            visit = _counterpart(message.tap.visit, own, here)
            tap = structs.replace(message.tap, visit=visit)
            return structs.replace(event, message=structs.replace(message, tap=tap))
    return event


def _counterpart(visit: str, own: State, here: State) -> str:
    """Finds the asking of this run for one of the recorded run: the current for the current, else the same node's."""
    if own.wait and own.wait.token == visit:
        return here.wait.token if here.wait else visit
    place = _askings(own).get(visit)
    if place is None:
        return visit
    # A node may have asked several times; ids of visits sort by age.
    age = sorted(_askings_at(own, place), reverse=True).index(visit)
    here_too = sorted(_askings_at(here, place), reverse=True)
    return here_too[min(age, len(here_too) - 1)] if here_too else visit


def _askings_at(state: State, place: Place) -> list[str]:
    return [visit for visit, at in _askings(state).items() if at == place]


def _askings(state: State) -> dict[str, Place]:
    """Says at which flow and node each asking stood that a tap can still name, in this flow and in its callers."""
    stands: list[Frame | State] = [*state.frames, state]
    return {visit: (at.flow, node) for at in stands for visit, node in at.asked.items()}


def _as_kept(state: State) -> State:
    """Gives a state as it comes back from the database, whose jsonb sorts the keys of objects by length and bytes."""
    return msgspec.convert(_sorted(msgspec.to_builtins(state)), State)


def _sorted(value: Json) -> Json:
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return {key: _sorted(value[key]) for key in keys}
        case list() | tuple():
            return [_sorted(item) for item in value]
    return value
