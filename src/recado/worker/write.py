"""What a batch of turns writes: gathered in memory, then what every turn writes at once, the rest a statement per table."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from recado.store import (
    alerts,
    calls,
    changes,
    consents,
    journal,
    mail,
    messages,
    outbox,
    pace,
    sessions,
    together,
    tracked,
    withdraw,
)
from recado.store.alerts import NewAlert
from recado.store.calls import NewCall
from recado.store.changes import ContactChange, ConversationChange, Touch
from recado.store.consents import Consent
from recado.store.journal import Entry
from recado.store.mail import Mail
from recado.store.messages import NewMessage
from recado.store.outbox import NO_OFFER, NewSend, Offer, Sending
from recado.store.pool import Db
from recado.store.sessions import Session
from recado.store.together import Part
from recado.store.tracked import Tracked
from recado.store.worlds import Conversation
from recado.worker.node_times import NodeTimes
from recado.worker.seen import Receipt


@dataclass(frozen=True, slots=True)
class Turned:
    """A turn that was made: whose, where, and the message that it heard if there was one."""

    session: UUID
    conversation: Conversation
    heard: Mail | None

    @property
    def ids(self) -> dict[str, str]:
        """Gives what a line of the log says it is about."""
        ids = {
            "workspace": str(self.conversation.workspace_id),
            "number": str(self.conversation.number_id),
            "conversation": str(self.conversation.id),
            "session": str(self.session),
        }
        if self.heard:
            ids |= {"message": str(self.heard.message_id), "wamid": self.heard.key}
        return ids


@dataclass(slots=True)
class Writes:
    """Everything a batch will write; `turns`, `receipts` and `nodes` are for after the commit, and never stored.

    `offer` says which of the sends may begin with the commit, `begun` which do.
    """

    taken: list[int] = field(default_factory=list)
    sessions: dict[UUID, Session] = field(default_factory=dict)
    messages: list[NewMessage] = field(default_factory=list)
    sends: list[NewSend] = field(default_factory=list)
    calls: list[NewCall] = field(default_factory=list)
    tracked: list[Tracked] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)
    contacts: dict[UUID, ContactChange] = field(default_factory=dict)
    touches: dict[UUID, Touch] = field(default_factory=dict)
    conversations: dict[UUID, ConversationChange] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)
    holds: dict[UUID, datetime] = field(default_factory=dict)
    alerts: list[NewAlert] = field(default_factory=list)
    turns: list[Turned] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    nodes: NodeTimes = field(default_factory=NodeTimes)
    offer: Offer = NO_OFFER
    begun: list[Sending] = field(default_factory=list)

    @property
    def numbers(self) -> set[UUID]:
        """Gives the numbers that have something to send which has not begun."""
        if len(self.begun) == len(self.sends):
            return set()
        begun = {sending.id for sending in self.begun}
        return {send.number_id for send in self.sends if send.id not in begun}

    def touch(self, id: UUID) -> Touch:
        """Gives what every turn changes on a conversation, to add to."""
        touch = self.touches.get(id)
        if touch is None:
            touch = self.touches[id] = Touch()
        return touch

    def contact(self, id: UUID) -> ContactChange:
        """Gives the change of a contact, to add to."""
        return self.contacts.setdefault(id, ContactChange())

    def conversation(self, id: UUID) -> ConversationChange:
        """Gives the change of a conversation, to add to."""
        return self.conversations.setdefault(id, ConversationChange())


async def write(db: Db, writes: Writes, at: datetime) -> None:
    """Writes a batch. Alerts come last, because their rows are shared by everybody."""
    await together.write(db, list(_parts(writes, at)))
    writes.begun = await outbox.insert(db, writes.sends, writes.offer)
    await calls.insert(db, writes.calls)
    await tracked.insert(db, writes.tracked)
    await changes.change_contacts(db, writes.contacts)
    await changes.change_conversations(db, writes.conversations)
    await consents.insert(db, writes.consents)
    await withdraw.withdraw_begun(db, [c.contact_id for c in writes.consents if not c.granted])
    await pace.hold(db, writes.holds)
    await alerts.raise_alerts(db, writes.alerts)


def _parts(writes: Writes, at: datetime) -> Iterator[Part]:
    if writes.sessions:
        yield sessions.save(list(writes.sessions.values()))
    if writes.messages:
        yield messages.insert(writes.messages)
    if writes.journal:
        yield journal.append(writes.journal)
    if writes.touches:
        yield changes.touch(writes.touches, at)
    if writes.taken:
        yield mail.take(writes.taken)
