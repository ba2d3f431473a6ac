"""The journal of a conversation: what each turn did and why, in plain words."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, Field

from recado.engine.events import Event, Message, Replied, Started
from recado.engine.explain import Names, explain
from recado.engine.happened import happened
from recado.engine.problems import Language
from recado.engine.trace import Trace
from recado.store import journal_reading as store
from recado.store.journal_reading import JournalTurn
from recado.store.paging import Place, after
from recado.web.conversations import threads
from recado.web.lists import Page, Paged
from recado.web.sentences import language_of
from recado.web.serving import Tx
from recado.web.viewer import Reader

router = APIRouter(prefix="/conversations", tags=["conversations"])


class EventAnswer(BaseModel):
    """What a turn took up, in short."""

    kind: Literal[
        "started",
        "replied",
        "timer_fired",
        "call_finished",
        "send_settled",
        "released",
        "migrated",
        "stopped",
    ]
    summary: str
    at: datetime = Field(description="The database's time at take-up.")
    message_type: str | None = Field(description="Meta's word, where the event is a message.")
    message_text: str | None
    late: bool = Field(description="The message came before the question was sent.")


class VisitAnswer(BaseModel):
    """One node inside a turn, as the engine traced it."""

    node: str
    label: str | None = Field(description="The author's name for the node, where it has one.")
    type: str
    visit: str
    flow_version_id: UUID | None
    port: str | None
    facts: list[dict[str, Any]]
    set: dict[str, Any]
    sends: int
    warnings: list[str]


class TraceAnswer(BaseModel):
    """Why a turn did what it did: remarks about the event, and the nodes in order."""

    notes: list[str]
    visits: list[VisitAnswer]


class TurnAnswer(BaseModel):
    """One turn of a conversation; `explanation` tells it in sentences, in the language asked for."""

    id: UUID
    session_id: UUID
    flow_id: UUID | None
    flow_name: str | None
    flow_version: int | None
    message_id: UUID | None = Field(description="The message that the turn took up.")
    sent_message_ids: list[UUID]
    event: EventAnswer
    trace: TraceAnswer
    effects: list[dict[str, Any]]
    explanation: list[str]
    created_at: datetime


def _language(
    language: Annotated[
        Language | None, Query(description="Of the sentences; else what the browser asks for.")
    ] = None,
    accept_language: Annotated[str, Header()] = "",
) -> Language:
    return language or language_of(accept_language)


@router.get("/{conversation}/journal")
async def list_journal(
    conversation: str,
    viewer: Reader,
    db: Tx,
    paging: Paged,
    language: Annotated[Language, Depends(_language)],
) -> Page[TurnAnswer]:
    """Lists a conversation's turns, the newest first, each with what led to it."""
    thread, *_ = await threads(db, viewer, conversation)
    turns = await store.list_turns(
        db, viewer.workspace_id, thread.id, limit=paging.limit + 1, before=after(paging.after)
    )
    total = await store.count_turns(db, viewer.workspace_id, thread.id)
    names = await store.node_labels(db, viewer.workspace_id, store.visited_versions(turns))
    return paging.page(
        turns,
        total,
        shape=lambda turn: _shape(turn, language, names),
        place=lambda turn: Place(turn.id),
    )


def _shape(turn: JournalTurn, language: Language, names: Names) -> TurnAnswer:
    told = explain(turn.event, turn.trace, turn.effects, language=language, names=names)
    return TurnAnswer(
        id=turn.id,
        session_id=turn.session_id,
        flow_id=turn.flow_id,
        flow_name=turn.flow_name,
        flow_version=turn.flow_version,
        message_id=turn.message_id,
        sent_message_ids=list(turn.sent),
        event=_event(turn.event, language),
        trace=_trace(turn.trace, names),
        effects=[msgspec.to_builtins(effect) for effect in turn.effects],
        explanation=[line.text for line in told],
        created_at=turn.created_at,
    )


def _event(event: Event, language: Language) -> EventAnswer:
    message, late = _heard(event)
    return EventAnswer(
        kind=event.__struct_config__.tag,
        summary=happened(event, language),
        at=event.at,
        message_type=message.type if message else None,
        message_text=message.text if message else None,
        late=late,
    )


def _heard(event: Event) -> tuple[Message | None, bool]:
    match event:
        case Started(message=message):
            return message, False
        case Replied(message=message, late=late):
            return message, late
    return None, False


def _trace(trace: Trace, names: Names) -> TraceAnswer:
    visits = [
        VisitAnswer(
            node=visit.node,
            label=names.get((version, visit.node)),
            type=visit.type,
            visit=visit.visit,
            flow_version_id=UUID(version) if version else None,
            port=visit.port,
            facts=visit.facts,
            set=visit.set,
            sends=visit.sends,
            warnings=visit.warnings,
        )
        for visit in trace.visits
        for version in [trace.version_of(visit)]
    ]
    return TraceAnswer(notes=trace.notes, visits=visits)
