"""What a rerun of recorded turns does differently, turn by turn: says, goes, keeps, does.

Against the record every part of a turn must be the same. Between two flows only what people can see counts: what the
bot says, the nodes and ports, the values of variables, and the effects; ids of visits may differ.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from recado.engine.effects import Effect, Send
from recado.engine.events import Json
from recado.engine.options import WIRE_ID
from recado.engine.replay import Recorded, Rerun
from recado.engine.state import State
from recado.engine.trace import Trace

Kind = Literal["says", "way", "variables", "effects", "trace", "cannot_run"]


class Difference(msgspec.Struct, frozen=True):
    """One thing that is different in a turn: as it was, and as it is now."""

    recorded: Recorded
    kind: Kind
    before: Json
    now: Json


def from_record(runs: Sequence[Rerun]) -> list[Difference]:
    """Compares a rerun on the recorded versions with the record; a sound engine gives nothing."""
    return [difference for run in runs if run.turn for difference in _from_record(run)]


def between(own: Sequence[Rerun], other: Sequence[Rerun]) -> list[Difference]:
    """Compares two reruns of the same turns; a variable that stays different is told once."""
    told: dict[str, Mapping[str, Json]] = {}
    found: list[Difference] = []
    for before, now in zip(own, other, strict=True):
        if before.turn is None:
            continue
        found += _between(before, now, told)
    return found


def _from_record(run: Rerun) -> list[Difference]:
    row, turn = run.recorded, run.turn
    if turn is None:
        return []
    was = {**_face(row.trace, row.effects), "variables": _kept(row.trace)}
    now = {**_face(turn.trace, turn.effects), "variables": _kept(turn.trace)}
    found = _pairs(row, was, now)
    if found or _plain((row.trace, row.effects)) == _plain((turn.trace, turn.effects)):
        return found
    return [Difference(row, "trace", _plain(row.trace), _plain(turn.trace))]


def _between(before: Rerun, now: Rerun, told: dict[str, Mapping[str, Json]]) -> list[Difference]:
    row, was, turn = before.recorded, before.turn, now.turn
    if was is None or turn is None:
        return [Difference(row, "cannot_run", None, now.reason)]
    faces = [_without_visits(_face(each.trace, each.effects)) for each in (was, turn)]
    found = _pairs(row, *faces)
    apart = _apart(before.after, now.after)
    news = {
        name: pair for name, pair in apart.items() if told.get(row.session, {}).get(name) != pair
    }
    told[row.session] = apart
    if news:
        first, second = ({name: pair[side] for name, pair in news.items()} for side in (0, 1))
        found.append(Difference(row, "variables", first, second))
    return found


def _pairs(row: Recorded, was: Mapping[Kind, Json], now: Mapping[Kind, Json]) -> list[Difference]:
    return [Difference(row, kind, was[kind], now[kind]) for kind in was if was[kind] != now[kind]]


def _face(trace: Trace, effects: Sequence[Effect]) -> dict[Kind, Json]:
    return {
        "says": [_plain(effect.content) for effect in effects if isinstance(effect, Send)],
        "way": [[visit.node, visit.port] for visit in trace.visits],
        "effects": [_plain(effect) for effect in effects if not isinstance(effect, Send)],
    }


def _kept(trace: Trace) -> dict[str, Json]:
    return {name: value for visit in trace.visits for name, value in visit.set.items()}


def _apart(own: State | None, other: State | None) -> dict[str, Json]:
    """Gives the variables that two states have differently, as pairs."""
    first, second = (state.variables if state else {} for state in (own, other))
    names = [*first, *(name for name in second if name not in first)]
    return {
        name: (first.get(name), second.get(name))
        for name in names
        if first.get(name) != second.get(name)
    }


def _plain(value: object) -> Json:
    """Gives a value as JSON has it, so that what was read back equals what was just made."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _without_visits(value: Json) -> Json:
    """Takes the visits out of the ids that go over the wire."""
    match value:
        case dict():
            return {
                key: _option(item) if key == "id" else _without_visits(item)
                for key, item in value.items()
            }
        case list():
            return [_without_visits(item) for item in value]
    return value


def _option(id: Json) -> Json:
    found = WIRE_ID.fullmatch(id) if isinstance(id, str) else None
    return found["option"] if found else id
