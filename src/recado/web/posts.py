"""A post of Meta's on its way in, and what the webhook log will say of it."""

import json
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

import msgspec

from recado.store.ids import new_id
from recado.store.webhook_log import LogRow
from recado.web.threads import Key, Thread
from recado.whatsapp.webhook import Payload

# What nobody vouched for is kept only so far: the ring of such posts must not grow into gigabytes.
UNVOUCHED_BYTES = 256 * 1024
# The outcome of a post is that of its most telling part.
OUTCOMES = ("failed", "stored", "rejected", "duplicate", "ignored", "unknown_number")
UNVOUCHED = ("rejected", "unknown_number")


@dataclass(frozen=True, slots=True)
class Post:
    """One post: raw body, signature header, the number's own part of the address if there was one, and its reading."""

    body: bytes
    signature: str | None
    token: str | None
    payload: Payload

    @property
    def rows(self) -> int:
        """Counts the rows that it will cost: updates, and its line in the log."""
        changes = self.payload.changes
        return 1 + sum(len(each.messages) + len(each.statuses) + 1 for each in changes)


Part = tuple[int, int]


class Slip(msgspec.Struct):
    """What became of a post, as one workspace may see it; `parts` are the (entry, change) that name its numbers."""

    post: Post
    workspace_id: UUID | None
    phone_number_id: str | None
    counts: dict[str, int] = {}
    reasons: dict[str, None] = {}
    parts: set[Part] = set()

    def count(self, outcome: str, reason: str = "") -> None:
        """Notes what one part was taken for."""
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if reason:
            self.reasons[reason] = None

    @property
    def outcome(self) -> str:
        """Names the most telling outcome of its parts."""
        return next(each for each in OUTCOMES if each in self.counts)

    def log_row(self, *, alone: bool) -> LogRow:
        """Makes the line of the log; `alone` says that no other workspace has a part in the post."""
        outcome = self.outcome
        body = self.post.body if alone else only(self.post.body, self.parts)
        if outcome in UNVOUCHED and len(body) > UNVOUCHED_BYTES:
            self.reasons["cut"] = None
            body = body[:UNVOUCHED_BYTES]
        return LogRow(
            id=new_id(),
            workspace_id=self.workspace_id,
            phone_number_id=self.phone_number_id,
            outcome=outcome,
            reason=", ".join(self.reasons)[:2_000],
            counts=self.counts | ({"odd": odd} if (odd := self.post.payload.odd) else {}),
            body=body,
        )


@dataclass(frozen=True, slots=True)
class Received:
    """What to do once the transaction is committed; `refused` answers each post, in order.

    `fresh` counts the messages that were new, by number, `duplicates` what was delivered again.
    """

    refused: list[bool]
    outcomes: list[str]
    threads: dict[Key, Thread]
    messages: bool
    statuses: bool
    fresh: Counter[UUID]
    duplicates: int


def only(body: bytes, parts: set[Part]) -> bytes:
    """Cuts a body down to some of its changes, by (entry, change); what is no object was never counted."""
    post = json.loads(body.decode("utf-8-sig", "replace"))
    entries = []
    for at, entry in enumerate(_objects(post.get("entry"))):
        changes = [
            change
            for index, change in enumerate(_objects(entry.get("changes")))
            if (at, index) in parts
        ]
        if changes:
            entries.append({**entry, "changes": changes})
    return json.dumps({**post, "entry": entries}).encode()


def _objects(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
