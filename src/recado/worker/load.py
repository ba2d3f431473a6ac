"""Loads everything the turns of a batch need: what stands for longer from memory, the rest was read at once."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recado.engine.events import Message
from recado.engine.library import EMPTY
from recado.engine.routing import RunFlow, route
from recado.engine.settings import flows_named
from recado.store import pace, sessions, worlds
from recado.store.notices import Migrated
from recado.store.pool import Db
from recado.store.threads import Thread
from recado.store.worlds import Line
from recado.worker.lane import Lane
from recado.worker.shelf import Reach, Shelf
from recado.worker.standing import Standing, Standings
from recado.worker.world import settings_of
from recado.worker.write import Writes


@dataclass(frozen=True, slots=True)
class Taking:
    """A take-up: its time and luck, and what it writes."""

    at: datetime
    luck: Callable[[], int]
    writes: Writes


async def load(
    db: Db, standings: Standings, threads: Sequence[Thread], taking: Taking, *, paced: bool
) -> list[Lane]:
    """Makes the lanes of conversations; not `paced`: one turn may be made, whatever there were before."""
    plans = await _plans(db, standings, threads)
    tapped = [plan.id for plan in plans if plan.thread.session is None and plan.tapped]
    ended = await sessions.last_states(db, tapped) if tapped else {}
    return [
        Lane(
            conversation=plan.thread.conversation,
            line=plan.line,
            session=plan.thread.session,
            chatbots=plan.standing.chatbots,
            shelf=plan.shelf,
            at=taking.at,
            luck=taking.luck,
            writes=taking.writes,
            last=ended.get(plan.id),
            turned_at=plan.thread.turned_at,
            recent=pace.recent(plan.thread.turned_at, taking.at) if paced else [],
        )
        for plan in plans
    ]


async def _plans(db: Db, standings: Standings, threads: Sequence[Thread]) -> list["_Plan"]:
    known = [standings.of(each.conversation.workspace_id, each.epoch) for each in threads]
    numbers = [each.conversation.number_id for each in threads]
    await standings.read_lines(db, zip(known, numbers, strict=True))
    plans = [_Plan(*pair) for pair in zip(known, threads, strict=True)]
    await standings.read_chatbots(db, ((p.standing, id) for p in plans for id in p.chatbots))
    missing = {
        (id(plan.standing), plan.key): (plan.standing, plan.key, plan.reach())
        for plan in plans
        if plan.key not in plan.standing.shelves
    }
    if missing:
        await standings.read_shelves(db, missing.values())
    for plan in plans:
        plan.shelf = plan.standing.shelves[plan.key]
    if missing:
        standings.trim()  # only now: everybody has theirs
    return plans


async def load_bare(db: Db, ids: Sequence[UUID], taking: Taking) -> list[Lane]:
    """Reads only what the platform's own words need, nothing that an event may have failed of."""
    conversations = await worlds.conversations(db, ids)
    lines = await worlds.lines(db, list({each.number_id for each in conversations}))
    return [
        Lane(
            conversation=each,
            line=lines[each.number_id],
            session=None,
            chatbots={},
            shelf=Shelf(EMPTY),
            at=taking.at,
            luck=taking.luck,
            writes=taking.writes,
        )
        for each in conversations
    ]


class _Plan:
    """What a conversation's letters can lead to, as far as that must be read beforehand."""

    __slots__ = ("chatbots", "id", "key", "line", "shelf", "standing", "thread", "versions")

    shelf: Shelf

    def __init__(self, standing: Standing, thread: Thread) -> None:
        self.standing = standing
        self.thread = thread
        self.id = thread.conversation.id
        self.line: Line = standing.lines[thread.conversation.number_id]
        routed = set(self._routes())
        self.chatbots = {flow.chatbot_id for flow in routed}
        self.versions = {str(flow.version_id) for flow in routed}
        self._add_session()
        self.versions |= {
            each.notice.version for each in thread.letters if isinstance(each.notice, Migrated)
        }
        self.key: Hashable = (
            self.line.number_id,
            frozenset(self.chatbots),
            frozenset(self.versions),
        )

    @property
    def tapped(self) -> bool:
        """Says whether one of the letters is a tap: then the session that ended last may know it."""
        return any(letter.message and letter.message.tap for letter in self.thread.letters)

    def reach(self) -> Reach:
        """Gives the versions that are needed for certain, and the flows that settings lead to."""
        flows = flows_named(settings_of(self.line.settings))
        for id in self.chatbots:
            if chatbot := self.standing.chatbots[id]:
                flows |= flows_named(settings_of(chatbot.settings))
        versions = frozenset(UUID(version) for version in self.versions)
        return Reach(self.thread.conversation.workspace_id, versions, frozenset(flows))

    def _add_session(self) -> None:
        """Adds the chatbot that may speak already, and the flows that the session is in."""
        if session := self.thread.session:
            self.versions |= session.state.versions
            if session.chatbot_id:
                self.chatbots.add(session.chatbot_id)

    def _routes(self) -> Iterator[RunFlow]:
        """Finds the flows that may begin: the main one, and those that the letters' words call for."""
        line = self.line
        messages: list[Message | None] = [None]
        if any(chatbot and chatbot.triggered for chatbot in (line.own, line.fallback)):
            messages += [letter.message for letter in self.thread.letters if letter.message]
        for message in messages:
            match route(line.is_active, line.own, line.fallback, message=message):
                case RunFlow() as flow:
                    yield flow
