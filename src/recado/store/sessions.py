"""Sessions (table conversation_states): the engine's State in columns people ask for, the rest in `engine`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.state import State
from recado.store.pool import Db

# State's fields that have a column of their own; `session` is the row's id.
_COLUMNS = (
    *("session", "flow", "version", "status", "node", "variables", "path", "expires_at", "outcome"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The current question's first asking: when its sending began, or that it still waits to be sent."""

    message_id: UUID
    began_at: datetime | None
    queued: bool


@dataclass(frozen=True, slots=True)
class Session:
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

    def at(self, state: State) -> "Session":
        """Gives the session as a turn left it; its flow follows the state, into another flow too."""
        if state.flow is None or state.version is None:
            return replace(self, state=state)
        return replace(
            self, state=state, flow_id=UUID(state.flow), flow_version_id=UUID(state.version)
        )


async def open_sessions(db: Db, conversation_ids: Sequence[UUID]) -> dict[UUID, Session]:
    """Reads the open session of each conversation that has one, by conversation."""
    rows = await db.fetch(
        """select s.*, m.id as message_id, coalesce(o.first_sending_at, m.sending_at) as began_at,
                  o.id is not null as queued
             from conversation_states s
             left join messages m on m.id = s.asked_message_id
             left join outbox o on o.id = s.asked_message_id
            where s.conversation_id = any ($1::uuid[]) and s.status in ('active', 'handed_off')""",
        conversation_ids,
    )
    return {row["conversation_id"]: _session(row) for row in rows}


async def last_states(db: Db, conversation_ids: Sequence[UUID]) -> dict[UUID, State]:
    """Reads where the newest session of each conversation stands, open or not."""
    rows = await db.fetch(
        """select s.* from unnest($1::uuid[]) c (id) cross join lateral (
               select * from conversation_states where conversation_id = c.id
                order by id desc limit 1) s""",
        conversation_ids,
    )
    return {row["conversation_id"]: state_of(row) for row in rows}


def _session(row: Any) -> Session:
    asked = row["message_id"]
    return Session(
        id=row["id"],
        workspace_id=row["workspace_id"],
        conversation_id=row["conversation_id"],
        chatbot_id=row["chatbot_id"],
        flow_id=row["flow_id"],
        flow_version_id=row["flow_version_id"],
        state=state_of(row),
        asked=Asked(asked, row["began_at"], row["queued"]) if asked else None,
        last_message_at=row["last_message_at"],
    )


def state_of(row: Any) -> State:
    """Puts a row's columns together to the engine's State."""
    columns = {
        "session": str(row["id"]),
        "flow": str(row["flow_id"]),
        "version": str(row["flow_version_id"]),
        "status": row["status"],
        "node": row["current_node_id"],
        "variables": row["variables"],
        "path": row["execution_path"],
        "expires_at": row["session_expires_at"],
        "outcome": row["outcome"],
    }
    # A session of before flows could call flows has only ever been in one.
    first = {"first_flow": columns["flow"], "first_version": columns["version"]}
    return msgspec.convert({**first, **row["engine"], **columns}, State)


async def save(db: Db, sessions: Sequence[Session]) -> None:
    """Writes sessions, new or changed. An ended one comes before the one that follows it: ids sort by time."""
    if not sessions:
        return
    await db.execute(
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
        *zip(*(_row(s) for s in sorted(sessions, key=lambda s: s.id)), strict=True),
    )


def _row(s: Session) -> tuple[object, ...]:
    state: dict[str, Any] = msgspec.to_builtins(s.state)
    rest = {key: value for key, value in state.items() if key not in _COLUMNS}
    return (
        s.id,
        s.workspace_id,
        s.conversation_id,
        s.chatbot_id,
        s.flow_id,
        s.flow_version_id,
        s.state.status.value,
        s.state.node,
        state.get("variables", {}),
        state.get("path", ()),
        rest,
        s.asked.message_id if s.asked else None,
        s.state.outcome,
        None if s.rests else s.state.wake_at,
        s.state.expires_at,
        s.last_message_at,
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
