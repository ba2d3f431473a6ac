"""Sessions (table conversation_states): the engine's State in columns people ask for, the rest in `engine`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.state import State, Status
from recado.store.pool import Db
from recado.store.together import Part, columns

_STATE = msgspec.json.Decoder(State)
_VARIABLES: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_PATH: msgspec.json.Decoder[tuple[str, ...]] = msgspec.json.Decoder(tuple[str, ...])

# What `state_of` reads of a session.
STATE = """s.id as session_id, s.flow_id, s.flow_version_id, s.status, s.current_node_id, s.variables::text,
           s.execution_path::text, s.engine::text, s.session_expires_at, s.outcome"""

_encode = msgspec.json.encode
_replace = msgspec.structs.replace


class Asked(msgspec.Struct, frozen=True):
    """The current question's first asking: when its sending began, or that it still waits to be sent."""

    message_id: UUID
    began_at: datetime | None
    queued: bool


class Session(msgspec.Struct, frozen=True):
    """One run of a flow in a conversation; the flow and version are those that it is in, as `state` says too.

    `rests`: its timers stand still, because a person has the conversation; it is saved without a time to wake.
    """

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    chatbot_id: UUID | None
    flow_id: UUID
    flow_version_id: UUID
    state: State
    asked: Asked | None
    last_message_at: datetime | None
    rests: bool = False

    def at(self, state: State, *, last_message_at: datetime | None) -> "Session":
        """Gives the session as a turn left it; its flow follows the state, into another flow too."""
        flow_id, version_id = self.flow_id, self.flow_version_id
        moved = state.version != self.state.version or state.flow != self.state.flow
        if moved and state.flow is not None and state.version is not None:
            flow_id, version_id = UUID(state.flow), UUID(state.version)
        return _replace(
            self,
            state=state,
            flow_id=flow_id,
            flow_version_id=version_id,
            last_message_at=last_message_at,
        )


async def last_states(db: Db, conversation_ids: Sequence[UUID]) -> dict[UUID, State]:
    """Reads where the newest session of each conversation stands, open or not."""
    rows = await db.fetch(
        f"""select l.* from unnest($1::uuid[]) c (id) cross join lateral (
               select s.conversation_id, {STATE} from conversation_states s
                where s.conversation_id = c.id order by s.id desc limit 1) l""",
        conversation_ids,
    )
    return {row["conversation_id"]: state_of(row) for row in rows}


def session_of(row: Any) -> Session:
    """Makes the session of a conversation's row (store/threads.py)."""
    asked = row["asked_id"]
    return Session(
        row["session_id"],
        row["workspace_id"],
        row["id"],
        row["chatbot_id"],
        row["flow_id"],
        row["flow_version_id"],
        state_of(row),
        Asked(asked, row["began_at"], row["queued"]) if asked else None,
        row["last_message_at"],
    )


def state_of(row: Any) -> State:
    """Puts a row's columns together to the engine's State; jsonb comes as text, to be read as what it is at once."""
    state = _STATE.decode(row["engine"])
    flow, version = str(row["flow_id"]), str(row["flow_version_id"])
    return _replace(
        state,
        session=str(row["session_id"]),
        flow=flow,
        version=version,
        # A session of before flows could call flows has only ever been in one.
        first_flow=state.first_flow or flow,
        first_version=state.first_version or version,
        status=Status(row["status"]),
        node=row["current_node_id"],
        variables=_VARIABLES.decode(row["variables"]),
        path=_PATH.decode(row["execution_path"]),
        expires_at=row["session_expires_at"],
        outcome=row["outcome"],
    )


def save(sessions: Sequence[Session]) -> Part:
    """Writes sessions, new or changed. An ended one comes before the one that follows it: ids sort by time."""
    ordered = sorted(sessions, key=lambda session: session.id.int)
    return Part(
        """insert into conversation_states as s
                  (id, workspace_id, conversation_id, chatbot_id, flow_id, flow_version_id, status,
                   current_node_id, variables, execution_path, engine, asked_message_id, outcome, wake_at,
                   session_expires_at, last_message_at)
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[],
                  $7::text[], $8::text[], $9::jsonb[], $10::jsonb[], $11::jsonb[], $12::uuid[],
                  $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[])
           on conflict (id) do update set
                  flow_id = excluded.flow_id, flow_version_id = excluded.flow_version_id,
                  status = excluded.status, current_node_id = excluded.current_node_id,
                  variables = excluded.variables, execution_path = excluded.execution_path,
                  engine = excluded.engine, asked_message_id = excluded.asked_message_id,
                  outcome = excluded.outcome, wake_at = excluded.wake_at, tries = 0,
                  session_expires_at = excluded.session_expires_at,
                  last_message_at = excluded.last_message_at, updated_at = clock_timestamp()""",
        columns(_row(session) for session in ordered),
    )


def _row(s: Session) -> tuple[object, ...]:
    state = s.state
    return (
        s.id,
        s.workspace_id,
        s.conversation_id,
        s.chatbot_id,
        s.flow_id,
        s.flow_version_id,
        state.status.value,
        state.node,
        _encode(state.variables),
        _encode(state.path),
        _encode(_rest(state)),
        s.asked.message_id if s.asked else None,
        state.outcome,
        None if s.rests else state.wake_at,
        state.expires_at,
        s.last_message_at,
    )


def _rest(state: State) -> State:
    """Leaves out what has a column of its own."""
    return _replace(
        state,
        flow=None,
        version=None,
        status=Status.ACTIVE,
        node=None,
        variables={},
        path=(),
        expires_at=None,
        outcome=None,
    )


async def fail(db: Db, conversation_id: UUID) -> None:
    """Ends the open session of a conversation as failed, without reading what it holds."""
    await db.execute(
        """update conversation_states
              set status = 'failed', wake_at = null, session_expires_at = null, tries = 0,
                  updated_at = clock_timestamp()
            where conversation_id = $1 and status in ('active', 'handed_off')""",
        conversation_id,
    )
