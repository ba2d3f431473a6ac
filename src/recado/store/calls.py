"""Calls on their way: queued by a turn, made by one process at a time, gone when their result is in the inbox.

A row is `queued` until a process marks it `running` as its own and commits; only then is anything asked outside. Who
writes a result removes the row in the same transaction, and only where it is still his: so a result counts once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from recado.store.pool import Db

Origin = Literal["reply", "timer"]

# Nobody can begin the same call more often; what ends a process each time would end them for ever.
MOST_TRIES = 3
# As long as a call's own limit, and this much for a late beginning and for the writing of its result.
OVERDUE = timedelta(seconds=20)
# The oldest because they have waited longest, the newest so that one workspace's backlog does not hide the rest.
_SAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call to queue; `request` is encoded JSON of engine.requests.Request, `heard` the key of the message answered."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    session_id: UUID
    flow_version_id: UUID
    node_id: str | None
    token: str
    kind: str
    request: bytes
    timeout: int
    repeatable: bool
    origin: Origin = "reply"
    heard: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """A call that a process makes; `key` is the same however often it is made."""

    id: UUID
    seq: int
    workspace_id: UUID
    number_id: UUID
    conversation_id: UUID
    contact_id: UUID
    session_id: UUID
    node_id: str | None
    token: str
    kind: str
    request: Any
    timeout: int
    origin: Origin
    heard: str | None

    @property
    def ids(self) -> dict[str, str | None]:
        """Gives what a line of the log says it is about."""
        return {
            "workspace": str(self.workspace_id),
            "number": str(self.number_id),
            "conversation": str(self.conversation_id),
            "session": str(self.session_id),
            "wamid": self.heard,
            "call": str(self.id),
            "kind": self.kind,
            "node": self.node_id,
        }

    @property
    def key(self) -> str:
        """Names this call for the other side, which can tell a repetition by it."""
        return f"{self.session_id}:{self.token}"


@dataclass(frozen=True, slots=True)
class Ended:
    """A call of which nobody knows how it went, and that may not be made again."""

    id: UUID
    workspace_id: UUID
    conversation_id: UUID
    token: str
    origin: Origin


async def insert(db: Db, calls: Sequence[NewCall]) -> None:
    """Queues calls in the order given."""
    if not calls:
        return
    await db.execute(
        """insert into calls (id, workspace_id, conversation_id, session_id, flow_version_id, node_id,
                              token, kind, request, timeout, repeatable, origin, heard)
           select id, workspace_id, conversation_id, session_id, flow_version_id, node_id,
                  token, kind, request, timeout, repeatable, origin, heard
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
                         $8::text[], $9::jsonb[], $10::integer[], $11::boolean[], $12::text[], $13::text[])
                  with ordinality
                  as c (id, workspace_id, conversation_id, session_id, flow_version_id, node_id,
                        token, kind, request, timeout, repeatable, origin, heard, n)
            order by n""",
        *zip(*(_row(call) for call in calls), strict=True),
    )


def _row(call: NewCall) -> tuple[object, ...]:
    return (
        call.id,
        call.workspace_id,
        call.conversation_id,
        call.session_id,
        call.flow_version_id,
        call.node_id,
        call.token,
        call.kind,
        call.request,
        call.timeout,
        call.repeatable,
        call.origin,
        call.heard,
    )


# A session that is over, or that waits for something else by now, asks for nothing any more.
_WANTED = """exists (select from conversation_states s
                      where s.id = c.session_id and s.status in ('active', 'handed_off')
                        and s.engine::jsonb #>> '{wait,kind}' = 'call'
                        and (s.engine::jsonb #>> '{wait,token}') || '.'
                            || coalesce(s.engine::jsonb #>> '{wait,round}', '0') = c.token)"""


async def claim(
    db: Db, owner: UUID, *, limit: int, most: int, scripts: int, busy: Mapping[UUID, int]
) -> tuple[list[Calling], list[UUID]]:
    """Marks queued calls as this process's; gives them, and those that nobody wants any more, which are gone.

    Workspaces take turns, those with the fewest calls under way (`busy`) first, and none gets more than `most`. Of the
    calls at most `scripts` are scripts.
    """
    rows = await db.fetch(
        f"""with queue as (
               (select id, workspace_id, kind, seq from calls where status = 'queued'
                 order by seq limit {_SAMPLE})
               union
               (select id, workspace_id, kind, seq from calls where status = 'queued'
                 order by seq desc limit {_SAMPLE})
           ), ranked as (
               select q.*, coalesce(b.count, 0) + row_number() over (
                          partition by q.workspace_id order by q.seq) as place
                 from queue q
                 left join unnest($4::uuid[], $5::bigint[]) b (workspace_id, count) using (workspace_id)
           ), candidates as (
               select *, row_number() over (partition by kind order by place, seq) as of_kind from ranked
           ), free as materialized (
               select c.id, c.wanted
                 from (select id from candidates
                        where place <= $3 and (kind <> 'script' or of_kind <= $6)
                        order by place, seq) r
                cross join lateral (select c.id, {_WANTED} as wanted from calls c
                                     where c.id = r.id and c.status = 'queued'
                                       for update of c skip locked) c
                limit $2
           ), unwanted as (
               delete from calls c using free where c.id = free.id and not free.wanted returning c.id
           ), begun as (
               update calls c set status = 'running', owner = $1, tries = c.tries + 1,
                      started_at = clock_timestamp()
                 from free where c.id = free.id and free.wanted returning c.*
           )
           select b.id, b.seq, b.workspace_id, v.number_id, b.conversation_id, v.contact_id, b.session_id, b.node_id,
                  b.token, b.kind, b.request, b.timeout, b.origin, b.heard
             from begun b join conversations v on v.id = b.conversation_id
           union all
           select id, null, null, null, null, null, null, null, null, null, null, null, null, null
             from unwanted
            order by 2""",
        owner,
        limit,
        most,
        list(busy),
        list(busy.values()),
        scripts,
    )
    begun = [Calling(**row) for row in rows if row["seq"] is not None]
    return begun, [row["id"] for row in rows if row["seq"] is None]


async def lock_own(db: Db, owner: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Locks those of these calls that are still this process's to end."""
    rows = await db.fetch(
        """select id from calls where id = any ($2::uuid[]) and owner = $1 and status = 'running'
            order by id for update""",
        owner,
        list(ids),
    )
    return {row["id"] for row in rows}


async def remove(db: Db, ids: Collection[UUID]) -> None:
    """Removes calls whose results are in the inbox."""
    await db.execute("delete from calls where id = any ($1::uuid[])", list(ids))


async def put_back_unbegun(db: Db, owner: UUID, *, known: Collection[UUID]) -> list[UUID]:
    """Queues this process's calls again that it never began: it does not know of them; gives their ids."""
    rows = await db.fetch(
        """update calls set status = 'queued', owner = null, started_at = null, tries = tries - 1
            where owner = $1 and status = 'running' and id <> all ($2::uuid[]) returning id""",
        owner,
        list(known),
    )
    return [row["id"] for row in rows]


async def overdue(db: Db) -> list[UUID]:
    """Finds calls that have been under way for longer than any call may be."""
    rows = await db.fetch(
        """select id from calls
            where status = 'running'
              and started_at < clock_timestamp() - make_interval(secs => timeout) - $1::interval""",
        OVERDUE,
    )
    return [row["id"] for row in rows]


async def running_of(db: Db, owners: Collection[UUID]) -> list[UUID]:
    """Finds the calls that these processes left under way."""
    rows = await db.fetch(
        "select id from calls where owner = any ($1::uuid[]) and status = 'running'", list(owners)
    )
    return [row["id"] for row in rows]


async def give_up(db: Db, ids: Collection[UUID]) -> tuple[list[UUID], list[Ended]]:
    """Queues abandoned calls again where they may be repeated, and removes the others; gives both."""
    rows = await db.fetch(
        """with lost as materialized (
               select id, repeatable and tries < $2 as again from calls
                where id = any ($1::uuid[]) and status = 'running' order by id for update
           ), again as (
               update calls c set status = 'queued', owner = null, started_at = null
                 from lost where c.id = lost.id and lost.again
               returning c.id, c.workspace_id, c.conversation_id, c.token, c.origin, true as again
           ), over as (
               delete from calls c using lost where c.id = lost.id and not lost.again
               returning c.id, c.workspace_id, c.conversation_id, c.token, c.origin, false as again
           )
           select * from again union all select * from over""",
        list(ids),
        MOST_TRIES,
    )
    again = [row["id"] for row in rows if row["again"]]
    return again, [Ended(*list(row.values())[:5]) for row in rows if not row["again"]]
