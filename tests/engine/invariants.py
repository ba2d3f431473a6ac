"""What must hold of a session between any two turns, whatever happened to it."""

import msgspec

from recado.engine.bursts import MOST_GATHERED, PENDING_MESSAGES
from recado.engine.callers import DEEPEST
from recado.engine.compile import Program
from recado.engine.events import Json
from recado.engine.limits import MESSAGES_SINCE_INBOUND, SESSION_VISITS, VISITS_SINCE_INBOUND
from recado.engine.run import PATH_KEPT
from recado.engine.state import State, Status, Wait


def check_state(program: Program, state: State) -> None:
    """Checks a session against the program it is in."""
    if state.status is not Status.HANDED_OFF:
        assert (state.wait is not None) == (state.status is Status.ACTIVE)
    elif state.wait is not None:
        assert state.wait.kind == "person"
    assert state.wait is not None or state.wake_at is None
    if state.status.open:
        # Who asked for a person with the very first word stands nowhere yet.
        assert state.node in program.nodes or (state.status is Status.HANDED_OFF and not state.node)
    else:
        assert len(state.frames) + len(state.pending) + len(state.gathered) == 0
    if state.wait:
        _check_wait(program, state, state.wait)
    else:
        assert state.expires_at is None
    _check_bounds(state)


def stored(state: State) -> State:
    """Gives a state as it comes back from the database, whose jsonb sorts the keys of objects."""
    return msgspec.convert(sorted_keys(msgspec.to_builtins(state)), State)


def sorted_keys(value: Json) -> Json:
    """Orders the keys of objects as PostgreSQL's jsonb does: by length, then by bytes."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return {key: sorted_keys(value[key]) for key in keys}
        case list() | tuple():
            return [sorted_keys(item) for item in value]
    return value


def _check_wait(program: Program, state: State, wait: Wait) -> None:
    if wait.kind == "reply":
        assert state.expires_at is not None
        assert state.asked[wait.token] == state.node
        assert program.nodes[state.node or ""].waits
    else:
        assert state.expires_at is None, "a delay does not expire"
        assert (wait.until is not None) == (wait.kind in ("time", "person"))
    assert (wait.round > 0) == (wait.kind == "call")
    assert bool(state.gathered) == (wait.gather_until is not None)
    assert (state.wake_at is None) == (not wait.moments())


def _check_bounds(state: State) -> None:
    assert len(state.pending) <= PENDING_MESSAGES
    assert len(state.late) <= PENDING_MESSAGES
    assert len(state.gathered) < MOST_GATHERED
    assert len(state.frames) <= DEEPEST
    assert len(state.path) <= PATH_KEPT
    assert state.messages_since_inbound <= MESSAGES_SINCE_INBOUND
    assert state.visits_since_inbound <= VISITS_SINCE_INBOUND
    assert state.visits <= SESSION_VISITS
