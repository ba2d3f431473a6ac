"""Puts believed messages into the inbox, each in its conversation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec

from recado.engine.identities import Sender, newest
from recado.store import contacts, inbox
from recado.store.ids import new_id
from recado.store.inbox import InboxRow
from recado.store.pool import Db
from recado.web.sorting import Arrival, SeenAs
from recado.web.threads import Key, Thread, Threads, key_of, open_threads
from recado.whatsapp.webhook import IdentityChange


@dataclass(slots=True)
class Stored:
    """What became of some messages: those that were new, and the threads to remember after the commit."""

    fresh: set[SeenAs] = field(default_factory=set)
    threads: dict[Key, Thread] = field(default_factory=dict)


class Storing:
    """The messages of one transaction on their way into the inbox."""

    def __init__(self, db: Db, threads: Threads) -> None:
        self._db = db
        self._threads = threads
        self._identities_moved = False

    async def store(self, arrivals: Sequence[Arrival]) -> Stored:
        """Stores messages in their order; news of a changed identity takes effect between its neighbours."""
        result = Stored()
        for run in _runs(arrivals):
            change = run[0].inbound.identity_change
            stored = await (self._store(run) if change is None else self._move(run[0], change))
            result.fresh |= stored.fresh
            result.threads |= stored.threads
        return result

    async def _store(self, arrivals: Sequence[Arrival]) -> Stored:
        known = {_key(each): self._known(each) for each in arrivals}
        strange = [each for each in arrivals if known[_key(each)] is None]
        seen: set[SeenAs] = set()
        if strange:  # what was taken before must not bring back a contact that is gone by now
            seen = await inbox.seen(self._db, {each.seen_as for each in strange})
        threads = {key: thread for key, thread in known.items() if thread is not None}
        wanted = {
            _key(each): (each.number, each.sender) for each in strange if each.seen_as not in seen
        }
        if wanted:
            threads |= await open_threads(self._db, list(wanted.values()))
        return await self._add([each for each in arrivals if _key(each) in threads], threads)

    async def _move(self, arrival: Arrival, change: IdentityChange) -> Stored:
        if await inbox.seen(self._db, {arrival.seen_as}):
            return Stored()
        workspace = arrival.number.workspace_id
        old_user = change.old_user_id or arrival.sender.user_id
        await contacts.change_identity(
            self._db,
            Sender(
                workspace,
                phone=change.old_wa_id,
                user_id=old_user if old_user != change.new_user_id else None,
            ),
            moved := Sender(workspace, phone=change.new_wa_id, user_id=change.new_user_id),
        )
        self._identities_moved = True
        arrival = msgspec.structs.replace(arrival, sender=moved)
        threads = await open_threads(self._db, [(arrival.number, moved)])
        return await self._add([arrival], threads)

    async def _add(self, arrivals: Sequence[Arrival], threads: dict[Key, Thread]) -> Stored:
        first = {each.seen_as: each for each in reversed(arrivals)}
        unique = [each for each in arrivals if first[each.seen_as] is each]
        rows = [_row(each, threads[_key(each)].conversation_id) for each in unique]
        fresh = await inbox.add_messages(self._db, rows) if rows else set()
        profiles: dict[UUID, Sender] = {}
        for arrival in unique:
            if arrival.seen_as in fresh:
                _tell(arrival, threads, profiles)
        if profiles:  # a turn that holds a contact must not hold everybody's posts: the next message tells it again
            held = await contacts.update_profiles(self._db, profiles, wait=False)
            threads = {key: thread.as_it_was(held) for key, thread in threads.items()}
        return Stored(fresh, threads)

    def _known(self, arrival: Arrival) -> Thread | None:
        if self._identities_moved:
            return None
        return self._threads.get(arrival.number, arrival.sender)


def _key(arrival: Arrival) -> Key:
    return key_of(arrival.number, arrival.sender)


def _runs(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    run: list[Arrival] = []
    for arrival in arrivals:
        if arrival.inbound.identity_change is None:
            run.append(arrival)
            continue
        if run:
            yield run
        yield [arrival]
        run = []
    if run:
        yield run


def _row(arrival: Arrival, conversation_id: UUID) -> InboxRow:
    return InboxRow(
        message_id=new_id(),
        workspace_id=arrival.number.workspace_id,
        conversation_id=conversation_id,
        phone_number_id=arrival.number.inbox_id,
        key=arrival.inbound.key,
        message=msgspec.json.encode(arrival.inbound.message),
        at=arrival.inbound.timestamp,
    )


def _tell(arrival: Arrival, threads: dict[Key, Thread], profiles: dict[UUID, Sender]) -> None:
    """Notes what a message tells about its sender, if it is anything new."""
    key = _key(arrival)
    thread = threads[key]
    now = newest(thread.sender, arrival.sender)
    if now != thread.sender:
        profiles[thread.contact_id] = newest(profiles.get(thread.contact_id), arrival.sender)
        threads[key] = replace(thread, sender=now)
