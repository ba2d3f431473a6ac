"""What the database kept of all conversations, read past the server."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from recado.store.pool import Db, connect
from recado.store.postgres_cluster import open_cluster, password, running_socket_folder
from recado.store.postgres_process import url_of

_WITH_PHONE = """x join conversations v on v.id = x.conversation_id
                   join contacts c on c.id = v.contact_id"""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A customer's message; ids sort by arrival, `at` is Meta's second."""

    id: UUID
    key: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message of the bot's; `reply_to` is the message whose turn wrote it."""

    id: UUID
    text: str
    status: str
    wamid: str | None
    double_wamid: str | None
    reply_to: UUID | None


@dataclass
class Thread:
    """A conversation: what came in, what went out, the messages whose turns ran, how its sessions ended."""

    inbound: list[Inbound] = field(default_factory=list)
    outbound: list[Outbound] = field(default_factory=list)
    turns: list[UUID | None] = field(default_factory=list)
    sessions: Counter[str] = field(default_factory=Counter)

    @property
    def turned(self) -> list[Inbound]:
        """Gives the messages in the order in which their turns ran."""
        by_id = {each.id: each for each in self.inbound}
        return [by_id[id] for id in self.turns if id in by_id]


async def threads(db: Db) -> dict[str, Thread]:
    """Reads every conversation, by the customer's phone."""
    found: dict[str, Thread] = defaultdict(Thread)
    for row in await db.fetch(
        f"""select c.phone, x.id, key, text, at from messages {_WITH_PHONE}
             where direction = 'in' order by x.id"""
    ):
        found[row["phone"]].inbound.append(Inbound(*list(row.values())[1:]))
    for row in await db.fetch(
        f"""select c.phone, x.id, text, x.status, wamid, double_wamid, reply_to
              from messages {_WITH_PHONE} where direction = 'out' order by x.id"""
    ):
        found[row["phone"]].outbound.append(Outbound(*list(row.values())[1:]))
    for row in await db.fetch(
        f"select c.phone, message_id from journal {_WITH_PHONE} order by x.id"
    ):
        found[row["phone"]].turns.append(row["message_id"])
    for row in await db.fetch(f"select c.phone, x.status from conversation_states {_WITH_PHONE}"):
        found[row["phone"]].sessions[row["status"]] += 1
    return dict(found)


async def left(db: Db) -> int:
    """Counts what still waits in the queues."""
    count: int = await db.fetchval(
        """select (select count(*) from inbox) + (select count(*) from outbox)
                + (select count(*) from status_inbox)"""
    )
    return count


async def dry(db: Db) -> None:
    """Waits until nothing waits any more."""
    async with asyncio.timeout(60):
        while await left(db):  # noqa: ASYNC110 - the event is in the database
            await asyncio.sleep(0.05)


async def alerts(db: Db) -> Counter[str]:
    """Counts what people were told, by kind."""
    rows = await db.fetch("select kind, sum(count)::integer as n from alerts group by kind")
    return Counter({row["kind"]: row["n"] for row in rows})


async def given_up(db: Db) -> list[tuple[str, UUID]]:
    """Finds answers of unknown fate that may not go again, with the customer's phone."""
    rows = await db.fetch(
        f"""select c.phone, x.id from messages {_WITH_PHONE}
             where direction = 'out' and x.status = 'unknown'
               and not exists (select from outbox o where o.id = x.id)"""
    )
    return [(row["phone"], row["id"]) for row in rows]


@asynccontextmanager
async def bundled(data_dir: Path) -> AsyncIterator[Db]:
    """Connects to a data folder's database beside the server, without keeping it alive."""
    cluster = open_cluster(data_dir)
    url = url_of(running_socket_folder(cluster), password(cluster), "recado")
    db = await connect(url, application_name="recado test")
    try:
        yield db
    finally:
        await db.close()
