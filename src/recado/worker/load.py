"""Loads everything the turns of a batch need, a statement per table: one Lane per conversation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from recado.engine.events import Message
from recado.engine.library import EMPTY
from recado.engine.routing import RunFlow, route
from recado.engine.settings import flows_named
from recado.store import sessions, worlds
from recado.store.mail import Mail
from recado.store.pool import Db
from recado.store.sessions import Session
from recado.store.worlds import Chatbot, Conversation, Line
from recado.worker.lane import Lane
from recado.worker.programs import Programs
from recado.worker.shelf import Reach, Shelf, shelves
from recado.worker.world import settings_of
from recado.worker.write import Writes


@dataclass(frozen=True, slots=True)
class Taking:
    """A take-up: its time and luck, and of each conversation the letters and the times of its recent turns."""

    at: datetime
    luck: Callable[[], int]
    writes: Writes
    letters: Mapping[UUID, Sequence[Mail]] = field(default_factory=dict)
    recent: Mapping[UUID, list[datetime]] = field(default_factory=dict)


async def load(db: Db, programs: Programs, ids: Sequence[UUID], taking: Taking) -> list[Lane]:
    """Reads conversations that this transaction has locked."""
    threads = await _threads(db, ids)
    running = await sessions.open_sessions(db, ids)
    plans = [
        _Plan(thread, line, running.get(thread.id), taking.letters.get(thread.id, ()))
        for thread, line in threads
    ]
    tapped = [plan.thread.id for plan in plans if plan.session is None and plan.tapped]
    ended = await sessions.last_states(db, tapped) if tapped else {}
    bots = {id for plan in plans for id in plan.chatbots}
    chatbots = await worlds.chatbots(db, list(bots)) if bots else {}
    reaches = {plan.thread.id: plan.reach(chatbots) for plan in plans}
    found = await shelves(db, programs, reaches.values())
    return [
        Lane(
            conversation=plan.thread,
            line=plan.line,
            session=plan.session,
            chatbots=chatbots,
            shelf=found[reaches[plan.thread.id]],
            at=taking.at,
            luck=taking.luck,
            writes=taking.writes,
            last=ended.get(plan.thread.id),
            recent=taking.recent.get(plan.thread.id, []),
        )
        for plan in plans
    ]


async def load_bare(db: Db, ids: Sequence[UUID], taking: Taking) -> list[Lane]:
    """Reads only what the platform's own words need, nothing that an event may have failed of."""
    return [
        Lane(
            conversation=thread,
            line=line,
            session=None,
            chatbots={},
            shelf=Shelf(EMPTY),
            at=taking.at,
            luck=taking.luck,
            writes=taking.writes,
        )
        for thread, line in await _threads(db, ids)
    ]


async def _threads(db: Db, ids: Sequence[UUID]) -> list[tuple[Conversation, Line]]:
    threads = await worlds.conversations(db, ids)
    lines = await worlds.lines(db, list({thread.number_id for thread in threads}))
    return [(thread, lines[thread.number_id]) for thread in threads]


class _Plan:
    """What a conversation's letters can lead to, as far as that must be read beforehand."""

    def __init__(
        self, thread: Conversation, line: Line, session: Session | None, letters: Sequence[Mail]
    ) -> None:
        self.thread = thread
        self.line = line
        self.session = session
        self._letters = letters
        self._routed = set(self._routes())

    @property
    def tapped(self) -> bool:
        """Says whether one of the letters is a tap: then the session that ended last may know it."""
        return any(letter.message and letter.message.get("tap") for letter in self._letters)

    @property
    def chatbots(self) -> set[UUID]:
        """Gives the chatbots that may speak."""
        own = {self.session.chatbot_id} if self.session and self.session.chatbot_id else set()
        return own | {flow.chatbot_id for flow in self._routed}

    def reach(self, chatbots: Mapping[UUID, Chatbot]) -> Reach:
        """Gives the versions that are needed for certain, and the flows that settings lead to."""
        flows = flows_named(settings_of(self.line.settings))
        for id in self.chatbots & chatbots.keys():
            flows |= flows_named(settings_of(chatbots[id].settings))
        return Reach(self.thread.workspace_id, frozenset(self._versions()), frozenset(flows))

    def _versions(self) -> Iterator[UUID]:
        yield from (flow.version_id for flow in self._routed)
        if self.session:
            yield self.session.flow_version_id
            yield from (UUID(version) for version in self.session.state.versions)
        for letter in self._letters:
            if letter.kind == "migrated":
                yield UUID(letter.event["version"])

    def _routes(self) -> Iterator[RunFlow]:
        """Finds the flows that may begin: the main one, and those that the letters' words call for."""
        line = self.line
        messages: list[Message | None] = [None]
        if any(chatbot and chatbot.triggered for chatbot in (line.own, line.fallback)):
            messages += [
                msgspec.convert(letter.message, Message)
                for letter in self._letters
                if letter.kind == "message"
            ]
        for message in messages:
            match route(line.is_active, line.own, line.fallback, message=message):
                case RunFlow() as flow:
                    yield flow
