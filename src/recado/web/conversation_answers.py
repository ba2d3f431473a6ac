"""Conversations, sessions and messages as answers show them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from recado.store.conversations import Conversation, SessionState
from recado.store.history import LogLine, Message

Mode = Literal["bot", "waiting", "human", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Status = Literal["active", "handed_off", "completed", "expired", "failed", "stopped"]


class ContactAnswer(BaseModel):
    """The person who writes to us."""

    id: UUID
    name: str | None
    phone_number: str | None = Field(description="Digits, with the country code.")
    user_id: str | None
    username: str | None
    tags: list[str]
    fields: dict[str, Any]


class NumberOfConversation(BaseModel):
    """Our number in a conversation."""

    id: UUID
    phone_number: str
    display_name: str | None


class ConversationAnswer(BaseModel):
    """A thread with its newest session in short; `status` is null when no flow ever ran in it."""

    id: UUID
    contact: ContactAnswer
    number: NumberOfConversation
    phone_number: str | None
    whatsapp_number_id: UUID
    mode: Mode
    status: Status | None
    is_active: bool
    flow_id: UUID | None
    chatbot_id: UUID | None
    current_node_id: str | None
    unread: int
    assignee_id: UUID | None
    team: str | None = Field(description="Who should take it, as the flow's handoff said.")
    agent: str | None
    priority: Priority
    handoff_note: str | None = Field(description="The flow's words for whoever takes it.")
    last_inbound_at: datetime | None
    last_message_at: datetime | None
    window_expires_at: datetime | None
    created_at: datetime


class StateAnswer(BaseModel):
    """Where the newest session of a conversation stands."""

    session_id: UUID
    current_node_id: str | None
    variables: dict[str, Any]
    execution_path: list[str]
    status: Status
    is_active: bool
    flow_id: UUID
    flow_version: int | None
    chatbot_id: UUID | None
    phone_number: str | None
    outcome: str | None
    wake_at: datetime | None
    session_expires_at: datetime | None
    last_message_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MessageAnswer(BaseModel):
    """One message, either way. `content` is ours for what we send and Meta's for what came."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    direction: Literal["in", "out"]
    type: str
    text: str
    content: dict[str, Any]
    status: str | None
    status_at: datetime | None
    error: dict[str, Any] | None
    wamid: str | None
    context_id: str | None
    session_id: UUID | None
    flow_id: UUID | None
    node_id: str | None
    reply_to: UUID | None
    at: datetime


class ConversationDetail(ConversationAnswer):
    """A thread with its state and its newest messages, the oldest of them first."""

    state: StateAnswer | None
    messages: list[MessageAnswer]
    others: list[ConversationAnswer] = Field(
        description="Asked by phone: the contact's threads with other numbers of ours."
    )


class LogAnswer(BaseModel):
    """One line of the log: what the contact said or what the bot answered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    phone_number: str | None
    flow_id: UUID | None
    node_id: str | None
    user_message: str | None
    bot_response: str | None
    timestamp: datetime


def shape(thread: Conversation) -> ConversationAnswer:
    """Gives a conversation as lists show it."""
    return ConversationAnswer(
        id=thread.id,
        contact=ContactAnswer(
            id=thread.contact_id,
            name=thread.contact_name,
            phone_number=thread.contact_phone,
            user_id=thread.contact_user_id,
            username=thread.contact_username,
            tags=thread.contact_tags,
            fields=thread.contact_fields,
        ),
        number=NumberOfConversation(
            id=thread.number_id, phone_number=thread.number_phone, display_name=thread.number_name
        ),
        phone_number=thread.contact_phone,
        whatsapp_number_id=thread.number_id,
        mode=thread.mode,
        status=thread.status,
        is_active=_is_active(thread.status),
        flow_id=thread.flow_id,
        chatbot_id=thread.chatbot_id,
        current_node_id=thread.current_node_id,
        unread=thread.unread,
        assignee_id=thread.assignee_id,
        team=thread.team,
        agent=thread.agent,
        priority=thread.priority,
        handoff_note=thread.handoff_note,
        last_inbound_at=thread.last_inbound_at,
        last_message_at=thread.last_message_at,
        window_expires_at=thread.window_expires_at,
        created_at=thread.created_at,
    )


def shape_state(state: SessionState, thread: Conversation) -> StateAnswer:
    """Gives a session as people look at it."""
    return StateAnswer(
        session_id=state.id,
        current_node_id=state.current_node_id,
        variables=state.variables,
        execution_path=state.execution_path,
        status=state.status,
        is_active=_is_active(state.status),
        flow_id=state.flow_id,
        flow_version=state.flow_version,
        chatbot_id=state.chatbot_id,
        phone_number=thread.contact_phone,
        outcome=state.outcome,
        wake_at=state.wake_at,
        session_expires_at=state.session_expires_at,
        last_message_at=state.last_message_at,
        created_at=state.created_at,
        updated_at=state.updated_at,
    )


def shape_message(message: Message) -> MessageAnswer:
    """Gives a message as people read it."""
    return MessageAnswer.model_validate(message)


def shape_log(line: LogLine) -> LogAnswer:
    """Gives a line of the log."""
    return LogAnswer.model_validate(line)


def _is_active(status: str | None) -> bool:
    return status in ("active", "handed_off")
