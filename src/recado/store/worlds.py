"""What a turn reads besides its own session: conversation, contact, number, workspace, chatbots, flow versions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.routing import Answerer, MainFlow, TriggeredFlow
from recado.store.calendars import MOST_CALENDARS
from recado.store.pool import Db


class Contact(msgspec.Struct, frozen=True):
    """The person who writes to us."""

    id: UUID
    name: str | None
    phone: str | None
    user_id: str | None
    username: str | None
    tags: list[str]
    fields: dict[str, Any]
    opted_out: bool = False


class Conversation(msgspec.Struct, frozen=True):
    """A thread as it stood when its turn began."""

    id: UUID
    workspace_id: UUID
    number_id: UUID
    mode: str
    waiting_reason: str | None
    assignee_id: UUID | None
    window_expires_at: datetime | None
    notified_at: datetime | None
    contact: Contact


class Line(msgspec.Struct, frozen=True):
    """A number, its workspace and who could answer on it."""

    number_id: UUID
    is_active: bool | None
    phone_number: str
    display_name: str | None
    locale: str
    timezone: str
    texts: dict[str, str]
    settings: dict[str, Any]
    calendars: dict[str, Any]
    own: Answerer | None
    fallback: Answerer | None
    phone_number_id: str | None
    access_token_id: UUID | None
    graph_url: str | None


class Chatbot(msgspec.Struct, frozen=True):
    """What a flow may read of the chatbot that runs it."""

    id: UUID
    name: str
    is_active: bool
    variables: dict[str, Any]
    settings: dict[str, Any]


async def conversations(db: Db, ids: Sequence[UUID]) -> list[Conversation]:
    """Reads conversations with their contacts."""
    rows = await db.fetch(
        """select v.id, v.workspace_id, v.number_id, v.mode, v.waiting_reason, v.assignee_id,
                  v.window_expires_at, v.notified_at, c.id as contact_id, c.name, c.phone, c.user_id,
                  c.username, c.tags, c.fields, c.opted_out
             from conversations v join contacts c on c.id = v.contact_id
            where v.id = any ($1::uuid[]) order by v.id""",
        ids,
    )
    return [conversation_of(row) for row in rows]


def conversation_of(row: Any) -> Conversation:
    """Makes a conversation with its contact, whose id is `contact_id` in the row."""
    contact = Contact(
        row["contact_id"],
        row["name"],
        row["phone"],
        row["user_id"],
        row["username"],
        row["tags"],
        row["fields"],
        row["opted_out"],
    )
    return Conversation(
        row["id"],
        row["workspace_id"],
        row["number_id"],
        row["mode"],
        row["waiting_reason"],
        row["assignee_id"],
        row["window_expires_at"],
        row["notified_at"],
        contact,
    )


# A chatbot's published flows that have triggers, the main one first.
_TRIGGERED = """(select jsonb_agg(jsonb_build_object('flow_id', f.id, 'version_id', v.id,
                                                      'triggers', v.triggers)
                                   order by l.is_main desc, f.id)
                   from chatbot_flows l
                   join flows f on f.id = l.flow_id
                   join flow_versions v on v.id = f.published_version_id
                  where l.chatbot_id = {} and v.triggers <> '[]')"""


async def lines(db: Db, number_ids: Sequence[UUID]) -> dict[UUID, Line]:
    """Reads numbers with their workspaces, their own chatbots and the workspaces' fallbacks."""
    rows = await db.fetch(
        f"""select n.id, n.is_active, n.phone_number, n.display_name,
                  n.phone_number_id, n.access_token_id, n.graph_url,
                  w.locale, w.timezone, w.texts, w.settings,
                  o.id as own_id, o.is_active as own_active, of.id as own_flow,
                  of.published_version_id as own_version,
                  b.id as fallback_id, b.is_active as fallback_active, bf.id as fallback_flow,
                  bf.published_version_id as fallback_version,
                  coalesce((select jsonb_object_agg(k.name, k.definition)
                              from (select name, definition from calendars
                                     where workspace_id = n.workspace_id
                                     order by id limit {MOST_CALENDARS}) k), '{{}}') as calendars,
                  {_TRIGGERED.format("o.id")} as own_triggered,
                  {_TRIGGERED.format("b.id")} as fallback_triggered
             from whatsapp_numbers n
             join workspaces w on w.id = n.workspace_id
             left join chatbots o on o.id = n.default_chatbot_id
             left join chatbot_flows ol on ol.chatbot_id = o.id and ol.is_main
             left join flows of on of.id = ol.flow_id
             left join chatbots b on b.workspace_id = n.workspace_id and b.is_fallback
             left join chatbot_flows bl on bl.chatbot_id = b.id and bl.is_main
             left join flows bf on bf.id = bl.flow_id
            where n.id = any ($1::uuid[])""",
        number_ids,
    )
    return {row["id"]: _line(row) for row in rows}


def _line(row: Any) -> Line:
    return Line(
        number_id=row["id"],
        is_active=row["is_active"],
        phone_number=row["phone_number"],
        display_name=row["display_name"],
        locale=row["locale"],
        timezone=row["timezone"],
        texts=row["texts"],
        settings=row["settings"],
        calendars=row["calendars"],
        own=_answerer(row, "own"),
        fallback=_answerer(row, "fallback"),
        phone_number_id=row["phone_number_id"],
        access_token_id=row["access_token_id"],
        graph_url=row["graph_url"],
    )


def _answerer(row: Any, role: str) -> Answerer | None:
    if row[f"{role}_id"] is None:
        return None
    flow = row[f"{role}_flow"]
    main = MainFlow(flow, row[f"{role}_version"]) if flow else None
    triggered = msgspec.convert(row[f"{role}_triggered"] or (), tuple[TriggeredFlow, ...])
    return Answerer(row[f"{role}_id"], row[f"{role}_active"], main, triggered)


async def chatbots(db: Db, ids: Sequence[UUID]) -> dict[UUID, Chatbot]:
    """Reads chatbots as flows see them."""
    rows = await db.fetch(
        """select id, name, is_active, variables, settings from chatbots
            where id = any ($1::uuid[])""",
        ids,
    )
    return {row["id"]: Chatbot(**row) for row in rows}


async def published(db: Db, flows: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], UUID]:
    """Reads the published version of flows, by (workspace, flow); what is another workspace's is not found."""
    wanted = list(flows)
    rows = await db.fetch(
        """select f.workspace_id, f.id, f.published_version_id
             from unnest($1::uuid[], $2::uuid[]) w (workspace_id, id)
             join flows f on f.id = w.id and f.workspace_id = w.workspace_id
            where f.published_version_id is not null""",
        [workspace for workspace, _ in wanted],
        [flow for _, flow in wanted],
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def documents(db: Db, version_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """Reads the documents of flow versions."""
    rows = await db.fetch(
        "select id, document from flow_versions where id = any ($1::uuid[])", version_ids
    )
    return {row["id"]: row["document"] for row in rows}
