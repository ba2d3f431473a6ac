"""The short way through the database: plain posts are sorted by what we remember, and stored in one statement.

What is remembered of a number is believed only as long as the database says so in that very statement. Whatever is not
plain, or not as we remember it, is left to the careful transaction (`web/reception.py`), which also teaches us.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from recado.engine.identities import Sender, newest
from recado.engine.phones import canonical
from recado.store import plain_posts
from recado.store.ids import new_id
from recado.store.plain_posts import MessageRow, Plain, PostRow, StrangerRow, ToldRow, Written
from recado.store.pool import Db
from recado.store.receiving import Number
from recado.web.posts import Post, Received
from recado.web.seldom import Seldom
from recado.web.threads import Key, Thread, Threads, key_of
from recado.web.trust import Directory
from recado.whatsapp.signature import verify
from recado.whatsapp.webhook import Change, Inbound, StatusUpdate

MOST_NUMBERS = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A number as it was looked up, with those whose secrets may speak for it."""

    number: Number
    signers: tuple[tuple[Number, str], ...]


class Numbers:
    """What we remember of numbers, by Meta's id. It may be out of date, and whoever uses it must ask whether it is."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def learn(self, directory: Directory, posts: Iterable[Post]) -> None:
        """Remembers what was looked up for some posts, and forgets the numbers that they name and that are gone.

        Otherwise every post for such a number would send all posts of its moment the careful way, for ever.
        """
        for change in (each for post in posts for each in post.payload.changes):
            if change.phone_number_id not in directory.by_id:
                self._known.pop(change.phone_number_id or "", None)
        if len(self._known) > MOST_NUMBERS:
            self._known.clear()
        for id, number in directory.by_id.items():
            secrets = directory.secrets
            signers = tuple(
                (each, secrets[each.app_secret_id])
                for each in directory.family(number)
                if each.app_secret_id is not None and each.app_secret_id in secrets
            )
            self._known[id] = Known(number, signers)

    def believed(self, id: str, post: Post) -> tuple[Number, ...]:
        """Gives the number that a post is for, and the one that signed it; nothing if it is not to be believed so."""
        known = self._known.get(id)
        if known is None or known.number.inactive:
            return ()
        if known.number.app_secret_id is None:
            return (known.number,)
        for signer, secret in known.signers:
            if verify(secret, post.body, post.signature):
                return (known.number, signer)
        return ()


@dataclass(slots=True)
class Batch:
    """Plain posts on their way; `unknown` leads from the strangers of `plain` back to who wrote."""

    posts: list[Post] = field(default_factory=list)
    plain: Plain = field(default_factory=Plain)
    unknown: dict[Key, tuple[int, Number, Sender]] = field(default_factory=dict)
    unsigned: set[UUID] = field(default_factory=set)
    places: dict[UUID, int] = field(default_factory=dict)
    keys: set[tuple[UUID, str]] = field(default_factory=set)

    def place(self, number: Number) -> int:
        """Gives the place of a number, counted from 1."""
        found = self.places.get(number.id)
        if found is None:
            self.plain.numbers.append(number)
            found = self.places[number.id] = len(self.plain.numbers)
        return found


class PlainPosts:
    """Sorts and stores; shares the memory of threads with the careful transaction."""

    def __init__(self, threads: Threads, seldom: Seldom) -> None:
        self.numbers = Numbers()
        self._threads = threads
        self._seldom = seldom

    def sort(self, posts: Sequence[Post]) -> tuple[Batch, list[Post]]:
        """Sorts posts into those that are plain, as far as we remember, and those that we cannot believe so.

        Where one that is believed is not plain, none is: the messages of one person must not overtake each other.
        """
        batch, others = Batch(), []
        for post in posts:
            changes = post.payload.changes
            id = changes[0].phone_number_id if changes else None
            believed = () if id is None else self.numbers.believed(id, post)
            if not believed:
                others.append(post)
            elif not self._add(batch, post, changes, believed):
                return Batch(), list(posts)
        return batch, others

    async def write(self, db: Db, batch: Batch, *, channels: Sequence[str]) -> Received | None:
        """Stores a batch and commits it; None when it was not as we remembered, and nothing is stored."""
        written = await plain_posts.write(db, batch.plain, channels=channels)
        if written is None:
            return None
        for number in batch.unsigned:
            self._seldom.warn("webhook_unsigned", str(number), number=str(number))
        self._remember(batch, written)
        return _received(batch, written)

    def _add(
        self,
        batch: Batch,
        post: Post,
        changes: Sequence[Change],
        believed: Sequence[Number],
    ) -> bool:
        number = believed[0]
        messages = [each for change in changes for each in change.messages]
        keys = {(number.id, each.key) for each in messages}
        once = len(keys) == len(messages) and batch.keys.isdisjoint(keys)
        plain = all(_is_plain(each, number) for each in changes)
        if post.payload.odd or not once or not plain:
            return False
        for each in believed:
            batch.place(each)
        if number.app_secret_id is None:
            batch.unsigned.add(number.id)
        batch.keys |= keys
        statuses = [each for change in changes for each in change.statuses]
        return self._add_post(batch, post, number, messages, statuses)

    def _add_post(
        self,
        batch: Batch,
        post: Post,
        number: Number,
        messages: Sequence[Inbound],
        statuses: Sequence[StatusUpdate],
    ) -> bool:
        batch.posts.append(post)
        place = batch.place(number)
        batch.plain.posts.append(PostRow(place, len(messages), len(statuses), post.body, new_id()))
        batch.plain.told.extend(
            ToldRow(place, each.wamid, each.opaque, each.status, each.timestamp, each.raw)
            for each in statuses
        )
        return all(self._add_message(batch, place, number, each) for each in messages)

    def _add_message(self, batch: Batch, place: int, number: Number, said: Inbound) -> bool:
        sender = Sender(number.workspace_id, said.wa_id, said.user_id, said.name, said.username)
        thread = self._threads.get(number, sender)
        stranger, known = (None, thread.sender) if thread else self._stranger(batch, number, sender)
        # What people are called now must be written before a turn may greet them by it: with care.
        if known != sender and known != newest(known, sender):
            return False
        batch.plain.messages.append(
            MessageRow(
                number=place,
                post=len(batch.plain.posts),
                message_id=new_id(),
                key=said.key,
                message=msgspec.json.encode(said.message),
                at=said.timestamp,
                conversation_id=thread.conversation_id if thread else None,
                stranger=stranger,
            )
        )
        return True

    def _stranger(self, batch: Batch, number: Number, sender: Sender) -> tuple[int, Sender]:
        key = key_of(number, sender)
        if known := batch.unknown.get(key):
            return known[0], known[2]
        row = StrangerRow(
            number=batch.place(number),
            phone=canonical(sender.phone) if sender.phone else None,
            user_id=sender.user_id,
            as_written=sender.phone,
            name=sender.name,
            username=sender.username,
            contact_id=new_id(),
            conversation_id=new_id(),
        )
        batch.plain.strangers.append(row)
        place = len(batch.plain.strangers)
        batch.unknown[key] = (place, number, sender)
        return place, sender

    def _remember(self, batch: Batch, written: Written) -> None:
        met = zip(batch.unknown.items(), written.met, strict=True)
        self._threads.keep(
            {
                key: Thread(found.contact_id, found.conversation_id, sender, number.identity_epoch)
                for (key, (_, number, sender)), found in met
            }
        )


def _is_plain(change: Change, number: Number) -> bool:
    return (
        change.phone_number_id == number.phone_number_id
        and change.fingerprint is None
        and not change.errors
        and bool(change.messages or change.statuses)
        and all(
            (each.wa_id or each.user_id) and not each.group_id and each.identity_change is None
            for each in change.messages
        )
        and all(each.wamid for each in change.statuses)
    )


def _received(batch: Batch, written: Written) -> Received:
    plain, old = batch.plain, len(batch.plain.messages) - len(written.fresh)
    brought = Counter(plain.messages[place - 1].post for place in written.fresh)
    outcomes = ["stored"] * len(plain.posts)
    if old:
        outcomes = [
            "stored" if post.statuses or brought[place] else "duplicate"
            for place, post in enumerate(plain.posts, 1)
        ]
    fresh: Counter[UUID] = Counter()
    for place, count in brought.items():
        fresh[plain.numbers[plain.posts[place - 1].number - 1].id] += count
    return Received(
        refused=[False] * len(plain.posts),
        outcomes=outcomes,
        threads={},
        messages=bool(written.fresh),
        statuses=bool(plain.told),
        fresh=fresh,
        duplicates=old,
    )
