"""Sorts the parts of posts by what must be done with them; nothing is written here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from recado.engine.identities import Sender
from recado.store.account_inbox import Told
from recado.store.inbox import StatusRow
from recado.store.receiving import Number
from recado.web.posts import Part, Post, Slip
from recado.web.trust import Directory, Judge, Rejected, Trusted, Unknown
from recado.whatsapp.account import account_news
from recado.whatsapp.webhook import Change, Inbound, StatusUpdate

SeenAs = tuple[str, str]


class Arrival(msgspec.Struct, frozen=True):
    """A message that is believed, for a number of ours, from somebody."""

    slip: Slip
    number: Number
    sender: Sender
    inbound: Inbound

    @property
    def seen_as(self) -> SeenAs:
        """Gives what the message is deduplicated by."""
        return self.number.inbox_id, self.inbound.key


@dataclass(frozen=True, slots=True)
class News:
    """A change of another field than `messages`: kept in the log; `told` is what it changes for us, if anything."""

    slip: Slip
    field: str
    seen_as: SeenAs
    told: Told | None = None


@dataclass(slots=True)
class Sorted:
    """What a batch of posts comes to; `refused` says of each post whether nothing in it was believed."""

    slips: dict[tuple[int, UUID | None], Slip] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    statuses: list[tuple[Slip, StatusRow]] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    refused: list[bool] = field(default_factory=list)
    unsigned: set[UUID] = field(default_factory=set)


def sort(posts: Sequence[Post], directory: Directory) -> Sorted:
    """Judges every change and sorts its parts."""
    result = Sorted()
    for index, post in enumerate(posts):
        _sort_post(result, index, post, directory)
    result.arrivals.sort(key=lambda arrival: arrival.inbound.timestamp)  # stable: then by arrival
    return result


def _sort_post(result: Sorted, index: int, post: Post, directory: Directory) -> None:
    judge = Judge(post, directory)
    empty = True
    believed = refused = 0
    for part, change in _changes(post):
        empty = False
        verdict = judge.judge(change)
        workspace = None if isinstance(verdict, Unknown) else verdict.number.workspace_id
        slip = _slip(result, index, post, workspace, change=change, part=part)
        match verdict:
            case Trusted(number):
                believed += 1
                _sort_change(result, slip, number, change)
            case Rejected(forgiven=forgiven):
                refused += not forgiven
                slip.count("rejected", "bad_signature" if post.signature else "not_signed")
            case Unknown(reason):
                slip.count("unknown_number", reason)
    if empty:
        _slip(result, index, post, None).count("unknown_number", "empty")
    result.refused.append(refused > 0 and not believed)


def _changes(post: Post) -> Iterable[tuple[Part, Change]]:
    for at, entry in enumerate(post.payload.entries):
        for index, change in enumerate(entry.changes):
            yield (at, index), change


def _slip(
    result: Sorted,
    index: int,
    post: Post,
    workspace: UUID | None,
    *,
    change: Change | None = None,
    part: Part | None = None,
) -> Slip:
    named = change.phone_number_id if change else None
    slip = result.slips.get((index, workspace))
    if slip is None:
        slip = result.slips[index, workspace] = Slip(post, workspace, named)
    if part is not None:
        slip.parts.add(part)
    return slip


def _sort_change(result: Sorted, slip: Slip, number: Number, change: Change) -> None:
    slip.phone_number_id = slip.phone_number_id or number.phone_number_id
    if number.app_secret_id is None:
        result.unsigned.add(number.id)
    if change.fingerprint is not None and change.field:
        seen_as = (f"account {change.waba_id or number.inbox_id}", change.fingerprint)
        news = account_news(change)
        told = Told(number.id, news.phone, news.news) if news else None
        result.news.append(News(slip, change.field, seen_as, told))
        return
    for inbound in change.messages:
        _sort_message(result, slip, number, inbound)
    for status in change.statuses:
        _sort_status(result, slip, number, status)
    if change.errors:
        slip.count("ignored", f"errors {change.errors[0].code}")
    elif not change.messages and not change.statuses:
        slip.count("ignored", "empty")


def _sort_message(result: Sorted, slip: Slip, number: Number, inbound: Inbound) -> None:
    sender = Sender(
        number.workspace_id,
        phone=inbound.wa_id,
        user_id=inbound.user_id,
        name=inbound.name,
        username=inbound.username,
    )
    if inbound.group_id:
        slip.count("ignored", "group")
    elif not sender.identities and inbound.identity_change is None:
        slip.count("ignored", "no_sender")
    else:
        if number.inactive:
            slip.reasons["inactive_number"] = None
        result.arrivals.append(Arrival(slip, number, sender, inbound))


def _sort_status(result: Sorted, slip: Slip, number: Number, status: StatusUpdate) -> None:
    if not status.wamid:
        slip.count("ignored", "no_wamid")
        return
    row = StatusRow(
        phone_number_id=number.inbox_id,
        wamid=status.wamid,
        opaque=status.opaque,
        status=status.status,
        at=status.timestamp,
        payload=status.raw,
    )
    result.statuses.append((slip, row))
