"""What happens to a conversation besides messages, on its way to the next turn: the inbox's other kinds.

A notice waits in line with the messages. The same one twice, while the first still waits, is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from recado.engine.events import CallResult
from recado.store.outbox import InLane
from recado.store.pool import Db


class Settled(msgspec.Struct, frozen=True, tag="settled", omit_defaults=True):
    """What became of a message that a wait depends on; `token` is the wait's, `code` Meta's, if she refused it."""

    token: str
    code: int | None = None
    accepted: bool = False


class Called(msgspec.Struct, frozen=True, tag="called", omit_defaults=True):
    """A call came back; `token` is the wait's, and `origin` goes on to what is said with the result."""

    token: str
    result: CallResult
    origin: Literal["reply", "timer"] = "reply"


class Released(msgspec.Struct, frozen=True, tag="released", omit_defaults=True):
    """A person gives the conversation back to the bot."""

    to: Literal["continue", "restart", "node"] = "continue"
    node: str | None = None


class Migrated(msgspec.Struct, frozen=True, tag="migrated", omit_defaults=True):
    """A publish moves running sessions of a flow to its new version; `moves`: where a removed node goes on."""

    flow: str
    version: str
    moves: dict[str, str | None] = {}


class Stopped(msgspec.Struct, frozen=True, tag="stopped", omit_defaults=True):
    """A person ends a session, the one that ran when they said so; `again`: and begins another."""

    reason: str
    session: str | None = None
    again: bool = False


Notice = Settled | Called | Released | Migrated | Stopped


@dataclass(frozen=True, slots=True)
class Posting:
    """A notice for a conversation; `key` tells it from others of its kind that wait there."""

    workspace_id: UUID
    conversation_id: UUID
    key: str
    notice: Notice


async def post(db: Db, postings: Sequence[Posting]) -> None:
    """Puts notices into the inbox, in the order given."""
    if not postings:
        return
    await db.execute(
        """insert into inbox (workspace_id, conversation_id, kind, key, event, at)
           select workspace_id, conversation_id, kind, kind || ':' || key, event, clock_timestamp()
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[]) with ordinality
                  as p (workspace_id, conversation_id, kind, key, event, n)
            order by n
           on conflict (conversation_id, key) where kind <> 'message' and parked_at is null do nothing""",
        [posting.workspace_id for posting in postings],
        [posting.conversation_id for posting in postings],
        [_kind(posting.notice) for posting in postings],
        [posting.key for posting in postings],
        [msgspec.json.encode(posting.notice) for posting in postings],
    )


async def post_confirmed(
    db: Db, rows: Mapping[UUID, InLane], *, accepted: bool, code: int | None = None
) -> bool:
    """Tells the waits that hang on the fate of messages that leave their lanes; says whether there were any."""
    postings = [
        Posting(row.workspace_id, row.conversation_id, str(id), Settled(row.token, code, accepted))
        for id, row in rows.items()
        if row.confirm and row.token
    ]
    await post(db, postings)
    return bool(postings)


async def post_migration(db: Db, workspace_id: UUID, migrated: Migrated) -> int:
    """Tells every session that runs another version of a flow, or comes back to one; gives how many."""
    done = await db.execute(
        """insert into inbox (workspace_id, conversation_id, kind, key, event, at)
           select s.workspace_id, s.conversation_id, 'migrated', 'migrated:' || $3, $4, clock_timestamp()
             from conversation_states s
            where s.workspace_id = $1 and s.status in ('active', 'handed_off')
              and (s.flow_id = $2::text::uuid and s.flow_version_id <> $3::text::uuid
                   or exists (select from jsonb_array_elements(s.engine::jsonb -> 'frames') f
                               where f ->> 'flow' = $2 and f ->> 'version' <> $3)
                   or s.engine::jsonb ->> 'first_flow' = $2
                      and s.engine::jsonb ->> 'first_version' <> $3)
           on conflict (conversation_id, key) where kind <> 'message' and parked_at is null do nothing""",
        workspace_id,
        migrated.flow,
        migrated.version,
        msgspec.json.encode(migrated),
    )
    return int(done.split()[-1])


def _kind(notice: Notice) -> str:
    return str(type(notice).__struct_config__.tag)
