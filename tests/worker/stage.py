"""A stage for worker tests: a workspace with a number, a chatbot and a flow, customers, and time that tests move."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from recado.engine.events import Message
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.engine.routing import triggers_of
from recado.nodes import NODE_TYPES
from recado.store import secrets
from recado.store.ids import new_id
from recado.store.notices import Notice, Posting, post
from recado.store.pool import Db, Pool
from recado.store.secrets import Vault
from recado.worker.programs import Programs
from recado.worker.turn import Turns
from recado.worker.write import Writes

VAULT = Vault(bytes(32))
MOMENTS = frozenset(
    ["since", "until", "gather_until", "remind_at", "close_at", "last_inbound_at", "repeated_at"]
)

ASK_NAME: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {
            "id": "name",
            "type": "question",
            "data": {"content": "Qual é o seu nome?", "variableName": "nome"},
        },
        {
            "id": "age",
            "type": "question",
            "data": {"content": "E a idade, {{nome}}?", "variableName": "idade"},
        },
        {"id": "bye", "type": "end", "data": {"content": "{{nome}}, {{idade}} anos"}},
    ],
    "edges": [
        {"id": "e1", "source": "start", "target": "name"},
        {"id": "e2", "source": "name", "target": "age"},
        {"id": "e3", "source": "age", "target": "bye"},
    ],
}


@dataclass
class Woken:
    """What a turn loop told its sender; plays the hand-over."""

    numbers: list[set[UUID]] = field(default_factory=list)

    def before_write(self, writes: Writes) -> None:
        """Lets nothing begin at once."""

    async def before_commit(self, db: Db, writes: Writes) -> None:
        """Adds nothing to the transaction."""

    def after_commit(self, writes: Writes) -> None:
        """Keeps what it was told."""
        if writes.sends:
            self.numbers.append(writes.numbers)


@dataclass
class Stage:
    """One workspace; `db` is a connection of the test's own."""

    pool: Pool
    workspace: UUID
    number: UUID
    chatbot: UUID | None = None
    flow: UUID | None = None
    version: UUID | None = None
    woken: Woken = field(default_factory=Woken)
    count: int = 0

    def turns(self, node_types: NodeTypes = NODE_TYPES, **options: Any) -> Turns:
        """Makes a turn loop's work."""
        return Turns(self.pool, Programs(node_types), queued=self.woken, luck=lambda: 7, **options)

    async def publish(self, document: dict[str, Any], *, fallback: bool = False) -> None:
        """Adds a chatbot with a published flow; without `fallback` it is the number's own."""
        self.chatbot = new_id()
        await self.sql(
            "insert into chatbots (id, workspace_id, name, is_fallback) values ($1, $2, 'Bot', $3)",
            self.chatbot,
            self.workspace,
            fallback,
        )
        self.flow, self.version = await self.add_flow(document)
        await self.sql(
            "insert into chatbot_flows (chatbot_id, flow_id, is_main) values ($1, $2, true)",
            self.chatbot,
            self.flow,
        )
        if not fallback:
            await self.sql(
                "update whatsapp_numbers set default_chatbot_id = $2 where id = $1",
                self.number,
                self.chatbot,
            )

    async def add_flow(
        self, document: dict[str, Any], *, id: UUID | None = None, workspace: UUID | None = None
    ) -> tuple[UUID, UUID]:
        """Adds a flow and publishes it; gives its id and its version's."""
        id = id or new_id()
        await self.sql(
            "insert into flows (id, workspace_id, name, draft) values ($1, $2, 'Flow', $3)",
            id,
            workspace or self.workspace,
            document,
        )
        return id, await self.publish_again(id, document)

    async def publish_again(self, flow: UUID, document: dict[str, Any]) -> UUID:
        """Publishes a document as a flow's next version; gives the version's id."""
        version = new_id()
        await self.sql(
            """insert into flow_versions (id, workspace_id, flow_id, number, document, triggers)
               select $1, f.workspace_id, f.id,
                      1 + (select count(*) from flow_versions where flow_id = f.id), $3, $4
                 from flows f where f.id = $2""",
            version,
            flow,
            document,
            triggers_of(FlowDocument.model_validate(document)),
        )
        await self.sql("update flows set published_version_id = $2 where id = $1", flow, version)
        return version

    async def customer(self, phone: str = "5511912345678", *, number: UUID | None = None) -> UUID:
        """Adds a contact and its conversation with a number, wide open."""
        contact, conversation = new_id(), new_id()
        await self.sql(
            "insert into contacts (id, workspace_id, name, phone) values ($1, $2, 'Ana', $3)",
            contact,
            self.workspace,
            phone,
        )
        await self.sql(
            """insert into conversations (id, workspace_id, number_id, contact_id, window_expires_at)
               values ($1, $2, $3, $4, clock_timestamp() + interval '24 hours')""",
            conversation,
            self.workspace,
            number or self.number,
            contact,
        )
        return conversation

    async def hears(
        self, conversation: UUID, text: str, *, seconds: float = 0, **more: Any
    ) -> UUID:
        """Puts a message into the inbox, its time so many seconds from now; gives its id."""
        self.count += 1
        id, key = new_id(), more.pop("key", f"wamid.in{self.count}")
        message = Message(id=key, type=more.pop("type", "text"), text=text, value=text, **more)
        await self.sql(
            """insert into inbox (message_id, workspace_id, conversation_id, key, message, at)
               values ($1, $2, $3, $4, $5, clock_timestamp() + $6::interval)""",
            id,
            self.workspace,
            conversation,
            key,
            msgspec.json.encode(message),
            timedelta(seconds=seconds),
        )
        return id

    async def says(
        self, conversation: UUID, text: str, *, policy: str = "at_least_once", **more: Any
    ) -> UUID:
        """Queues a message of the bot's, as a turn does; gives its id."""
        id = new_id()
        content = {"type": "text", "body": text}
        await self.sql(
            """insert into messages (id, workspace_id, conversation_id, direction, type, text, content, status, at)
               values ($1, $2, $3, 'out', 'text', $4, $5, 'queued', clock_timestamp())""",
            id,
            self.workspace,
            conversation,
            text,
            content,
        )
        await self.sql(
            """insert into outbox (id, workspace_id, number_id, conversation_id, content, policy, expires_at)
               select $1, $2, number_id, id, $4, $5, clock_timestamp() + $6::interval
                 from conversations where id = $3""",
            id,
            self.workspace,
            conversation,
            content,
            policy,
            timedelta(seconds=more.get("expires_in", 86_400)),
        )
        return id

    async def notices(self, conversation: UUID, notice: Notice, *, key: str = "1") -> None:
        """Puts a notice into the inbox."""
        async with self.pool.acquire() as db:
            await post(db, [Posting(self.workspace, conversation, key, notice)])

    async def settles(self) -> None:
        """Lets everything that waits go out and be forgotten, so that what comes now answers it."""
        await self.sql("update messages set sending_at = clock_timestamp() where direction = 'out'")
        await self.sql("delete from outbox")

    async def hears_status(self, id: UUID, status: str, **more: Any) -> None:
        """Puts a status of Meta's about a message into its inbox."""
        await self.sql(
            """insert into status_inbox (phone_number_id, wamid, opaque, status, at, payload)
               values ($1, $2, $3, $4, clock_timestamp(), $5)""",
            more.get("phone_number_id", "100"),
            more.get("wamid", "wamid.out1"),
            more.get("opaque", f"{id}.1"),
            status,
            more.get("payload", {"status": status}),
        )

    async def fate(self, id: UUID) -> Any:
        """Reads what is known about a message."""
        (row,) = await self.rows("select * from messages where id = $1", id)
        return row

    async def history(self, conversation: UUID) -> list[str]:
        """Lists what was said, `<` in and `>` out."""
        rows = await self.rows(
            "select direction, text from messages where conversation_id = $1 order by id",
            conversation,
        )
        return [("<" if row["direction"] == "in" else ">") + row["text"] for row in rows]

    async def lane(self, conversation: UUID) -> list[str]:
        """Lists the texts that wait to be sent, in order."""
        rows = await self.rows(
            "select content from outbox where conversation_id = $1 order by seq", conversation
        )
        return [row["content"]["body"] for row in rows]

    async def alerts(self) -> dict[str, int]:
        """Counts open alerts by kind."""
        rows = await self.rows("select kind, count from alerts where resolved_at is null")
        return {row["kind"]: row["count"] for row in rows}

    async def pass_time(self, seconds: float) -> None:
        """Lets time go by for everything that waits: moves the rows into the past instead of the clock."""
        ago = timedelta(seconds=seconds)
        await self.sql("update outbox set not_before = not_before - $1::interval", ago)
        await self.sql("update outbox set expires_at = expires_at - $1::interval", ago)
        await self.sql("update number_senders set held_until = held_until - $1::interval", ago)
        await self.sql("update inbox set at = at - $1::interval", ago)
        await self.sql("update messages set sending_at = sending_at - $1::interval", ago)
        await self.sql(
            """update conversations set
                      turned_at = array(select turn - $1::interval from unnest(turned_at) turn)""",
            ago,
        )
        await self.sql("update held_conversations set until = until - $1::interval", ago)
        for row in await self.rows("select id, engine from conversation_states"):
            await self.sql(
                """update conversation_states set wake_at = wake_at - $2::interval, engine = $3,
                          session_expires_at = session_expires_at - $2::interval where id = $1""",
                row["id"],
                ago,
                _earlier(row["engine"], ago),
            )

    async def sql(self, statement: str, *values: object) -> None:
        """Runs a statement."""
        await self.pool.execute(statement, *values)

    async def rows(self, statement: str, *values: object) -> Sequence[Any]:
        """Reads rows."""
        found: Sequence[Any] = await self.pool.fetch(statement, *values)
        return found

    async def until(self, statement: str) -> None:
        """Waits until a statement gives true."""
        async with asyncio.timeout(20):
            while not await self.value(statement):
                pass  # each question is a round trip, and somebody else is at work meanwhile

    async def value(self, statement: str, *values: object) -> Any:
        """Reads one value."""
        return await self.pool.fetchval(statement, *values)


def _earlier(engine: dict[str, Any], ago: timedelta) -> dict[str, Any]:
    """Moves the moments in a session's state into the past."""

    def moved(holder: dict[str, Any]) -> dict[str, Any]:
        return {
            name: (datetime.fromisoformat(value) - ago).isoformat() if name in MOMENTS else value
            for name, value in holder.items()
        }

    wait = {"wait": moved(engine["wait"])} if engine.get("wait") else {}
    return {**moved(engine), **wait}


async def set_up(pool: Pool, document: dict[str, Any] | None = None) -> Stage:
    """Builds a stage; without a document there is no chatbot."""
    stage = Stage(pool, workspace=new_id(), number=new_id())
    await stage.sql("insert into workspaces (id, name) values ($1, 'Loja')", stage.workspace)
    token = await secrets.put(
        pool, VAULT, workspace_id=stage.workspace, purpose="access_token", value="token"
    )
    await stage.sql(
        """insert into whatsapp_numbers
                  (id, workspace_id, phone_number, phone_shown, connection_type, phone_number_id, waba_id,
                   webhook_token, webhook_verify_token, access_token_id, limits)
           values ($1, $2, '+5511900000000', '11 90000-0000', 'official', '100', '200', $3, 'verify', $4,
                   '{"messages_per_second": null}')""",
        stage.number,
        stage.workspace,
        str(stage.number),
        token,
    )
    if document is not None:
        await stage.publish(document)
    return stage


async def run_until_idle(step: Any) -> int:
    """Does steps until one finds nothing more to do; gives how many."""
    for count in range(1_000):
        if not await step():
            return count
    raise AssertionError("never idle")
