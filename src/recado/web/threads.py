"""From who wrote to which conversation: a cache in front of contacts and conversations.

An entry is only kept after the commit that made it true, and only believed while no identity of its workspace has
changed hands since (`identity_epoch`).
"""

from collections import OrderedDict
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from recado.engine.identities import Sender
from recado.engine.phones import canonical
from recado.store import contacts, receiving
from recado.store.pool import Db
from recado.store.receiving import Number

Key = tuple[UUID, str, str | None]


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation and its contact, and the epoch in which they were found.

    `sender` is the contact's profile as the database has it; None when we have not looked.
    """

    contact_id: UUID
    conversation_id: UUID
    sender: Sender | None
    epoch: int

    def as_it_was(self, held: Container[UUID]) -> "Thread":
        """Forgets the profile of a contact that could not be written."""
        return replace(self, sender=None) if self.contact_id in held else self


def key_of(number: Number, sender: Sender) -> Key:
    """Gives what a thread is found by, the same for every spelling of a phone."""
    return number.id, canonical(sender.phone or ""), sender.user_id


class Threads:
    """The cache; the oldest entries go first."""

    def __init__(self, size: int = 50_000) -> None:
        self._size = size
        self._kept: OrderedDict[Key, Thread] = OrderedDict()

    def get(self, number: Number, sender: Sender) -> Thread | None:
        """Gives the thread if it is known and still true."""
        thread = self._kept.get(key_of(number, sender))
        return thread if thread and thread.epoch == number.identity_epoch else None

    def keep(self, threads: Mapping[Key, Thread]) -> None:
        """Remembers threads, after their commit."""
        for key, thread in threads.items():
            self._kept[key] = thread
            self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forgets everything, because something turned out to be untrue."""
        self._kept.clear()


async def open_threads(db: Db, wanted: Collection[tuple[Number, Sender]]) -> dict[Key, Thread]:
    """Finds or makes the contacts and conversations of people that the cache does not know."""
    owners = await contacts.resolve(db, [sender for _, sender in wanted])
    pairs = [(number, sender, owners[sender.identities[0]]) for number, sender in wanted]
    conversations = await receiving.open_conversations(
        db, {(number.id, number.workspace_id, contact) for number, _, contact in pairs}
    )
    return {
        key_of(number, sender): Thread(
            contact_id=contact,
            conversation_id=conversations[number.id, contact],
            sender=None,
            epoch=number.identity_epoch,
        )
        for number, sender, contact in pairs
    }
