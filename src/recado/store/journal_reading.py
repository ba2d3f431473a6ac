"""The journal, read: turns of a conversation for people, and all of them in order to run them again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.effects import Effect
from recado.engine.events import Event
from recado.engine.phones import canonical, digits
from recado.engine.replay import Recorded
from recado.engine.trace import Trace
from recado.store.paging import COUNT_LIMIT
from recado.store.pool import Db

_COLUMNS = """j.id, j.session_id, j.flow_version_id, j.message_id, j.sent, j.event, j.trace, j.effects,
              j.created_at, v.flow_id, v.number as flow_version, f.name as flow_name"""
_TABLES = """journal j left join flow_versions v on v.id = j.flow_version_id
             left join flows f on f.id = v.flow_id"""

_EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_TRACE = msgspec.json.Decoder(Trace)
_EFFECTS: msgspec.json.Decoder[tuple[Effect, ...]] = msgspec.json.Decoder(tuple[Effect, ...])


@dataclass(frozen=True, slots=True)
class JournalTurn:
    """A turn: the message it took up, the messages it sent, and where its session's flow stands in the library."""

    id: UUID
    session_id: UUID
    flow_version_id: UUID
    message_id: UUID | None
    sent: tuple[UUID, ...]
    event: Event
    trace: Trace
    effects: tuple[Effect, ...]
    created_at: datetime
    flow_id: UUID | None
    flow_version: int | None
    flow_name: str | None


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message that somebody asks about, with its thread and the people of it."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    direction: str
    text: str
    at: datetime
    session_id: UUID | None
    phone: str | None
    contact: str | None
    locale: str
    timezone: str


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """A thread that somebody wants to run again, and the flow of its newest session."""

    id: UUID
    workspace_id: UUID
    locale: str
    timezone: str
    flow_id: UUID | None
    flow_name: str | None


async def list_turns(
    db: Db, workspace_id: UUID, conversation_id: UUID, *, limit: int, before: UUID | None
) -> list[JournalTurn]:
    """Lists a conversation's turns, the newest first."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where j.workspace_id = $1 and j.conversation_id = $2
               and ($4::uuid is null or j.seq < (select seq from journal where id = $4))
             order by j.seq desc limit $3""",
        workspace_id,
        conversation_id,
        limit,
        before,
    )
    return [_turn(row) for row in rows]


async def count_turns(db: Db, workspace_id: UUID, conversation_id: UUID) -> int:
    """Counts a conversation's turns, up to the limit of counting."""
    count: int = await db.fetchval(
        f"""select count(*) from (select from journal
             where workspace_id = $1 and conversation_id = $2 limit {COUNT_LIMIT}) x""",
        workspace_id,
        conversation_id,
    )
    return count


async def turns_of_message(db: Db, message: FoundMessage) -> list[JournalTurn]:
    """Lists the turn that sent a message, or those that took it up, in order."""
    rows = await db.fetch(
        f"""select {_COLUMNS} from {_TABLES}
             where j.workspace_id = $1 and j.conversation_id = $2
               and (j.message_id = $3 or j.sent @> to_jsonb(($3::uuid)::text))
             order by j.seq""",
        message.workspace_id,
        message.conversation_id,
        message.id,
    )
    return [_turn(row) for row in rows]


async def turns_before(db: Db, message: FoundMessage, turn: JournalTurn) -> list[JournalTurn]:
    """Lists a session's turns before a turn, from the customer's last message on, in order; the newest ten."""
    rows = await db.fetch(
        f"""with own as (select seq, session_id, message_id from journal
                         where workspace_id = $1 and conversation_id = $2),
                 here as (select seq, session_id from own
                           where seq = (select seq from journal where id = $3))
            select {_COLUMNS} from {_TABLES}, here
             where j.workspace_id = $1 and j.conversation_id = $2
               and j.session_id = here.session_id and j.seq < here.seq
               and j.seq >= coalesce((select max(own.seq) from own
                                       where own.session_id = here.session_id
                                         and own.message_id is not null
                                         and own.seq < here.seq), 0)
             order by j.seq desc limit 10""",
        message.workspace_id,
        message.conversation_id,
        turn.id,
    )
    return [_turn(row) for row in reversed(rows)]


async def list_recorded(db: Db, workspace_id: UUID, conversation_id: UUID) -> list[Recorded]:
    """Lists a conversation's turns as they can be run again, the oldest first."""
    rows = await db.fetch(
        """select id, session_id, flow_version_id, event, trace, effects from journal
            where workspace_id = $1 and conversation_id = $2 order by seq""",
        workspace_id,
        conversation_id,
    )
    return [_recorded(row) for row in rows]


async def find_message(db: Db, reference: str) -> FoundMessage | None:
    """Finds a message of any workspace by our id or Meta's: for the operator at the terminal, who may see all."""
    if (id := _uuid(reference)) is not None:
        return await _find_message(db, "m.id = $1", id)
    # Only what we send has an index of Meta's ids; what came in is searched for when nothing was found there.
    sent = await _find_message(db, "m.wamid = $1", reference)
    return sent or await _find_message(db, "m.key = $1", reference)


async def _find_message(db: Db, where: str, value: UUID | str) -> FoundMessage | None:
    row = await db.fetchrow(
        f"""select m.id, m.workspace_id, m.conversation_id, m.direction, m.text, m.at, m.session_id,
                   c.phone, c.name as contact, w.locale, w.timezone
              from messages m
              join conversations v on v.id = m.conversation_id
              join contacts c on c.id = v.contact_id
              join workspaces w on w.id = m.workspace_id
             where {where} order by m.id desc limit 1""",
        value,
    )
    return None if row is None else FoundMessage(**row)


async def find_conversation(db: Db, reference: str) -> FoundConversation | None:
    """Finds a conversation of any workspace, a contact's newest by phone: for the operator, who may see all."""
    row = await db.fetchrow(
        """select v.id, v.workspace_id, w.locale, w.timezone, s.flow_id, f.name as flow_name
             from conversations v join workspaces w on w.id = v.workspace_id
             left join lateral (select flow_id from conversation_states
                                 where conversation_id = v.id order by id desc limit 1) s on true
             left join flows f on f.id = s.flow_id
            where v.id = $1 or v.contact_id in (
                  select contact_id from contact_identities where kind = 'phone' and value = $2)
            order by v.last_message_at desc nulls last, v.id desc limit 1""",
        _uuid(reference),
        canonical(digits(reference)) or None,
    )
    return None if row is None else FoundConversation(**row)


async def versions_of_flow(db: Db, workspace_id: UUID, flow_id: UUID) -> dict[UUID, int]:
    """Gives the numbers of a flow's versions by their ids."""
    rows = await db.fetch(
        "select id, number from flow_versions where workspace_id = $1 and flow_id = $2",
        workspace_id,
        flow_id,
    )
    return {row["id"]: row["number"] for row in rows}


async def node_labels(
    db: Db, workspace_id: UUID, version_ids: Collection[UUID]
) -> dict[tuple[str | None, str], str]:
    """Gives the names that authors gave to nodes, by flow version and node id."""
    rows = await db.fetch(
        """select v.id, n ->> 'id' as node, n -> 'data' ->> 'label' as label
             from flow_versions v, jsonb_array_elements(v.document -> 'nodes') n
            where v.workspace_id = $1 and v.id = any ($2::uuid[]) and n -> 'data' ->> 'label' <> ''""",
        workspace_id,
        list(version_ids),
    )
    return {(str(row["id"]), row["node"]): row["label"] for row in rows}


def visited_versions(turns: Sequence[JournalTurn]) -> set[UUID]:
    """Lists the flow versions whose nodes turns visited."""
    visited = [(turn.trace, visit) for turn in turns for visit in turn.trace.visits]
    return {
        UUID(version)
        for trace, visit in visited
        if (version := trace.version_of(visit)) is not None
    }


def _turn(row: Any) -> JournalTurn:
    read = {
        "sent": tuple(UUID(id) for id in row["sent"]),
        "event": _EVENT.decode(row["event"]),
        "trace": _TRACE.decode(row["trace"]),
        "effects": _EFFECTS.decode(row["effects"]),
    }
    return JournalTurn(**{**row, **read})


def _recorded(row: Any) -> Recorded:
    return Recorded(
        id=str(row["id"]),
        session=str(row["session_id"]),
        version=str(row["flow_version_id"]),
        event=_EVENT.decode(row["event"]),
        trace=_TRACE.decode(row["trace"]),
        effects=_EFFECTS.decode(row["effects"]),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
