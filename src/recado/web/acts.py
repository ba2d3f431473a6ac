"""What people do to a conversation: take it over, give it back, close it, begin anew.

Taking over and closing hold at once, under the conversation's lock. What the flow must hear of goes through the
inbox, in line with the messages, and is answered with 202: the next turn does it.
"""

import asyncio
import time
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from recado.store import acts as store
from recado.store import inbox, notices, pace
from recado.store.acts import Held
from recado.store.notices import Notice, Posting
from recado.store.pool import Db
from recado.store.withdraw import is_sending, withdraw_lane
from recado.web.conversation_answers import Mode
from recado.web.conversations import threads
from recado.web.errors import Refusal, not_found
from recado.web.inputs import Input, Line
from recado.web.serving import Served, Serving, Tx
from recado.web.viewer import Agent, Viewer

router = APIRouter(prefix="/conversations/{conversation}", tags=["conversations"])

PATIENCE = 5.0  # seconds that a takeover waits for what is on its way
LOOK_EVERY = 0.05


class Release(Input):
    """How the bot goes on: where it stood, from the start, or at a node of the flow it is in."""

    to: Literal["continue", "restart", "node"] = "continue"
    node: Line | None = Field(default=None, description="Where `to` is node.")


class TakenOver(BaseModel):
    """The bot is silent. `in_flight`: one of its messages was still on its way after 5 seconds."""

    mode: Mode
    in_flight: bool


class Closed(BaseModel):
    """Nobody has the conversation; the next message begins it anew with the bot."""

    mode: Mode


class Ordered(BaseModel):
    """What the next turn will do, usually within a second."""

    to: Literal["continue", "restart", "node"]
    mode: Mode = Field(description="Who has the conversation until that turn; then the bot.")


@router.post("/takeover", response_model=TakenOver)
async def take_over(conversation: str, viewer: Agent, db: Tx, served: Served) -> Response:
    """Gives the conversation to you: the bot's waiting messages are cancelled, its timers stand still.

    Answers when nothing of the bot's is on its way any more, at the latest after 5 seconds.
    """
    held = await _hold(db, viewer, conversation)
    await _silence(db, held, mode="human", assignee_id=viewer.user_id)
    return _WhenQuiet(served, held.id)


@router.post("/release", status_code=202)
async def release(
    conversation: str, viewer: Agent, db: Tx, order: Release | None = None
) -> Ordered:
    """Gives the conversation back to the bot. A question in whose middle it was taken over is asked again."""
    wanted = order or Release()
    held = await _hold(db, viewer, conversation)
    if held.mode == "closed" and wanted.to == "continue":
        raise Refusal(409, "conversation_closed", field="to")
    if wanted.to == "node":
        await _check_node(db, held, wanted.node)
    if held.with_a_person or wanted.to != "continue":
        notice = notices.Released(wanted.to, wanted.node if wanted.to == "node" else None)
        await _tell(db, viewer, held, notice, key=f"{wanted.to}:{wanted.node or ''}")
    return Ordered(to=wanted.to, mode=_mode(held))


@router.post("/restart", status_code=202)
async def restart(conversation: str, viewer: Agent, db: Tx) -> Ordered:
    """Ends what runs and lets the bot begin anew, at once where WhatsApp's 24 hours are open, else when they write."""
    held = await _hold(db, viewer, conversation)
    session = str(held.session_id) if held.session_id else None
    notice = notices.Stopped("restarted", session=session, again=True)
    await _tell(db, viewer, held, notice, key="restart")
    return Ordered(to="restart", mode=_mode(held))


@router.post("/close")
async def close(conversation: str, viewer: Agent, db: Tx) -> Closed:
    """Ends the conversation as it stands: its session, and what the bot still had to say."""
    held = await _hold(db, viewer, conversation)
    await _silence(db, held, mode="closed", assignee_id=None)
    if held.session_id:
        notice = notices.Stopped("closed", session=str(held.session_id))
        await _tell(db, viewer, held, notice, key=str(held.session_id))
    return Closed(mode="closed")


class _WhenQuiet(Response):
    """Answers once nothing of a conversation is on its way; sent after the request's transaction was committed."""

    def __init__(self, served: Serving, conversation_id: UUID) -> None:
        super().__init__()
        self._served = served
        self._conversation_id = conversation_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Waits, holding nothing meanwhile, and answers."""
        in_flight = await self._is_sending()
        until = time.monotonic() + PATIENCE
        while in_flight and time.monotonic() < until:
            await asyncio.sleep(LOOK_EVERY)
            in_flight = await self._is_sending()
        answer = TakenOver(mode="human", in_flight=in_flight)
        await JSONResponse(answer.model_dump(mode="json"))(scope, receive, send)

    async def _is_sending(self) -> bool:
        async with self._served.transaction() as db:
            return await is_sending(db, self._conversation_id)


async def _hold(db: Db, viewer: Viewer, reference: str) -> Held:
    thread, *_ = await threads(db, viewer, reference)
    held = await store.hold(db, viewer.workspace_id, thread.id)
    if held is None:
        raise not_found()
    await pace.let_go(db, held.id)
    return held


async def _silence(
    db: Db, held: Held, *, mode: Literal["human", "closed"], assignee_id: UUID | None
) -> None:
    """Takes the conversation from the bot: what it had to say, what it was ordered before, and its timers."""
    await store.set_mode(db, held, mode=mode, assignee_id=assignee_id)
    await store.call_back_orders(db, held)
    await store.rest(db, held)
    await withdraw_lane(db, held.id)


async def _check_node(db: Db, held: Held, node: str | None) -> None:
    if node is None:
        raise Refusal(422, "node_missing", field="node")
    if held.flow_version_id is None:
        raise Refusal(409, "no_session", field="to")
    if not await store.has_node(db, held.flow_version_id, node):
        raise Refusal(422, "unknown_node", field="node", node=node)


async def _tell(db: Db, viewer: Viewer, held: Held, notice: Notice, *, key: str) -> None:
    """Puts a notice into the conversation's line and wakes whoever takes turns, once this is committed."""
    await notices.post(db, [Posting(viewer.workspace_id, held.id, key, notice)])
    await inbox.notify(db, turns=True, statuses=False)


def _mode(held: Held) -> Mode:
    match held.mode:
        case "bot" | "waiting" | "human" | "closed":
            return held.mode
    raise ValueError(held.mode)
