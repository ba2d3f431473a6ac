"""Loads everything the turns of a batch need, a statement per table: one Lane per conversation."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from recado.engine.routing import RunFlow, route
from recado.store import sessions, worlds
from recado.store.pool import Db
from recado.store.worlds import Line
from recado.worker.lane import Lane
from recado.worker.programs import Programs
from recado.worker.write import Writes


async def load(
    db: Db,
    programs: Programs,
    ids: Sequence[UUID],
    *,
    at: datetime,
    luck: Callable[[], int],
    writes: Writes,
    with_sessions: bool = True,
) -> list[Lane]:
    """Reads conversations that this transaction has locked; without sessions, only what platform texts need."""
    conversations = await worlds.conversations(db, ids)
    lines = await worlds.lines(db, list({each.number_id for each in conversations}))
    running = await sessions.open_sessions(db, ids) if with_sessions else {}
    routed = list(_routed(lines.values())) if with_sessions else []
    bots = {flow.chatbot_id for flow in routed}
    bots |= {session.chatbot_id for session in running.values() if session.chatbot_id}
    chatbots = await worlds.chatbots(db, list(bots)) if bots else {}
    versions = {flow.version_id for flow in routed}
    versions |= {session.flow_version_id for session in running.values()}
    ready = await programs.load(db, versions)
    return [
        Lane(
            conversation=each,
            line=lines[each.number_id],
            session=running.get(each.id),
            chatbots=chatbots,
            programs=ready,
            at=at,
            luck=luck,
            writes=writes,
        )
        for each in conversations
    ]


def _routed(lines: Iterable[Line]) -> Iterable[RunFlow]:
    for line in lines:
        match route(line.is_active, line.own, line.fallback):
            case RunFlow() as flow:
                yield flow
