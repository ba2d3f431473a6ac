"""A company on a real Recado: it makes flows, chatbots and numbers over the API, customers write to it on a fake
WhatsApp that runs as a process of its own, and its database and log can be looked into.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import asyncpg

from recado.store.ids import floor
from tests.e2e.client import Answer, Client, Json, until
from tests.e2e.server import Product, run, serving

OWNER = {"admin_email": "dona@example.com", "admin_password": "uma senha bem longa"}
WEBHOOK = "/whatsapp/webhook"
WABA_ID = "200000000000001"
TOKEN = "EAAG-of-the-company"

_counter = count(1)


@dataclass(frozen=True)
class Installation:
    """The processes: `recado serve`, and the WhatsApp it speaks to."""

    product: Product
    meta: Client
    owner: Client
    database: str


@dataclass(frozen=True)
class Line:
    """A number of ours: our id and Meta's."""

    id: str
    phone_number_id: str


@dataclass
class Company:
    """What one test has made; `since` is where its part of the log begins."""

    installation: Installation
    since: int = 0
    made: list[str] = field(default_factory=list)

    @property
    def api(self) -> Client:
        """The API as the owner sees it."""
        return self.installation.owner

    @property
    def meta(self) -> Client:
        """The fake WhatsApp."""
        return self.installation.meta

    # What the company sets up.

    def flow(
        self,
        nodes: Sequence[Json],
        edges: Sequence[Json] = (),
        *,
        publish: bool = True,
        **more: Any,
    ) -> str:
        """Makes a flow of nodes in a row, unless edges are given; gives its id."""
        edges = edges or [{"source": a["id"], "target": b["id"]} for a, b in pairwise(nodes)]
        body = {"name": "Fluxo", "nodes": list(nodes), "edges": list(edges), **more}
        return self._make("/flows/", body, publish=str(publish).lower())

    def chatbot(self, flow_id: str | None, **more: Any) -> str:
        """Makes a chatbot; gives its id."""
        return self._make("/chatbots/", {"name": "Bot", "flow_id": flow_id, **more})

    def number(self, chatbot_id: str | None = None, *, webhooks: bool = True, **more: Any) -> Line:
        """Registers a number here and at Meta. Without `webhooks` Meta posts none: the test does, unsigned."""
        id = next(_counter)
        phone, secret = f"+55 11 9{id:04}-0000", f"secret-{id}" if webhooks else None
        line = Line("", str(300_000_000_000_000 + id))
        body = {
            "phone_number": phone,
            "connection_type": "official",
            "phone_number_id": line.phone_number_id,
            "whatsapp_business_account_id": WABA_ID,
            "access_token": TOKEN,
            "app_secret": secret,
            "default_chatbot_id": chatbot_id,
            **more,
        }
        line = Line(self._make("/whatsapp/", body), line.phone_number_id)
        self.register(line, body["phone_number"], secret=secret, webhooks=webhooks)
        return line

    def answering(
        self, *nodes: Json, edges: Sequence[Json] = (), webhooks: bool = True, **more: Any
    ) -> tuple[Line, str]:
        """Registers a number that answers with a flow of these nodes; gives it and the flow's id."""
        flow_id = self.flow(nodes, edges, **more)
        return self.number(self.chatbot(flow_id), webhooks=webhooks), flow_id

    def register(
        self, line: Line, phone: str, *, secret: str | None = None, webhooks: bool = True
    ) -> None:
        """Makes a number of ours known to Meta, who checks the webhook address if there is one."""
        ours = self.api.get(f"/whatsapp/{line.id}")
        body = {
            "phone_number_id": line.phone_number_id,
            "waba_id": WABA_ID,
            "display_phone_number": phone,
            "access_token": TOKEN,
            "app_secret": secret,
            "webhook_url": ours["webhook_url"] if webhooks else None,
            "verify_token": ours["webhook_verify_token"],
        }
        assert self.meta.post("/_fake/numbers", body)["verified"] is webhooks

    def remember(self, path: str) -> None:
        """Notes what must be gone when the test ends: some rules look at the whole installation."""
        self.made.append(path)

    # What customers do.

    def customer(self) -> str:
        """Gives the phone of somebody who never wrote before."""
        return f"552197{next(_counter):07}"

    def write(self, customer: str, text: str, line: Line) -> str:
        """Lets a customer write; gives Meta's id of the message."""
        body = {"text": text, "number": line.phone_number_id}
        wamid: str = self.meta.post(f"/_fake/customers/{customer}/messages", body)["id"]
        return wamid

    def talk(self, customer: str, line: Line, *texts: str) -> list[str]:
        """Lets a customer write, each text after the answers to the one before; gives all answers."""
        answers: list[str] = []
        for text in texts:
            wamid = self.write(customer, text, line)
            found = until(lambda: self._answers(customer, line, wamid))  # noqa: B023 - called at once
            answers += [answer["text"] for answer in found[1:]]
        return answers

    def post(self, body: bytes | Json, *, signature: str | None = None) -> Answer:
        """Posts a webhook, as Meta or anybody else does."""
        server = Client(self.api.url.removesuffix("/api/v1"))
        headers = {"X-Hub-Signature-256": signature} if signature else {}
        return server.ask("POST", WEBHOOK, body=body, headers=headers)

    # What can be seen.

    def threads(self, customer: str, line: Line) -> list[Json]:
        """Shows the conversation of a customer with a number, with state and messages; none before the first."""
        found = self.api.get("/conversations", q=customer, whatsapp_number_id=line.id)["items"]
        return [self.api.get(f"/conversations/{each['id']}") for each in found]

    def thread(self, customer: str, line: Line) -> Json:
        """Shows the conversation that there must be."""
        (thread,) = self.threads(customer, line)
        return thread

    def state(self, customer: str, line: Line) -> Json:
        """Shows where the newest session of a conversation stands."""
        return self.thread(customer, line)["state"]

    def phone(self, customer: str, line: Line) -> list[Json]:
        """Lists the bodies that Meta took from a number for a customer."""
        query = {"to": customer, "number": line.phone_number_id}
        return [sent["body"] for sent in self.meta.get("/_fake/messages", **query)["messages"]]

    def texts(self, customer: str, line: Line) -> list[str]:
        """Lists the texts that a customer's phone shows."""
        return [body["text"]["body"] for body in self.phone(customer, line)]

    def alert(self, kind: str, subject: str) -> Json:
        """Shows the one open alert about a matter."""
        alerts = self.api.get("/alerts")["items"]
        (found,) = (each for each in alerts if (each["kind"], each["subject"]) == (kind, subject))
        return found

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Lists this test's log lines of one event."""
        return self.installation.product.logged(event, since=self.since)

    def levels(self, event: str) -> list[str]:
        """Lists the levels at which this test saw an event logged."""
        return [line["level"] for line in self.logged(event)]

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Runs a statement in the product's database."""
        return asyncio.run(_fetch(self.installation.database, statement, values))

    # Time, which only the database knows.

    def make_older(self, session: str, *, days: int) -> None:
        """Lets an ended session have begun and ended so many days ago."""
        at = datetime.now(UTC) - timedelta(days=days)
        self.rows(
            """update conversation_states set id = $2, updated_at = $3, last_message_at = $3
                where id = $1""",
            session,
            floor(at),
            at,
        )

    def send_now(self, line: Line) -> None:
        """Makes everything due that waits to be sent on a number, and tells the sender so."""
        self.rows("update outbox set not_before = '-infinity' where number_id = $1", line.id)
        self.rows("select pg_notify('recado_outbox', '')")

    def clean_up(self) -> None:
        """Removes what the test made, and ends the faults."""
        self.meta.delete("/_fake/faults")
        for path in reversed(self.made):
            self.api.ask("DELETE", path)

    def _make(self, path: str, body: Mapping[str, Any], **query: str) -> str:
        id: str = self.api.post(path, body, **query)["id"]
        self.remember(f"{path}{id}")
        return id

    def _answers(self, customer: str, line: Line, wamid: str) -> list[Json]:
        """Lists a message and its answers once its turn is done and each answer is out of our hands."""
        messages = [each for thread in self.threads(customer, line) for each in thread["messages"]]
        heard = [message for message in messages if message["wamid"] == wamid]
        if not heard:
            return []
        answers = [each for each in messages if each["reply_to"] == heard[0]["id"]]
        waiting = any(answer["status"] in ("queued", "sending") for answer in answers)
        return [] if waiting else heard + answers


@contextmanager
def install(folder: Path, database: str) -> Iterator[Installation]:
    """Runs a WhatsApp and a server on a database, with every line of the log."""
    with run("fake-meta", folder=folder / "meta", fake_meta_port="0") as meta:
        settings = {"database_url": database, "graph_url": meta.fake.url, "log_level": "debug"}
        with serving("serve", folder=folder / "server", **settings, **OWNER) as product:
            owner = product.api.signed_in(OWNER["admin_email"], OWNER["admin_password"])
            yield Installation(product, meta.fake, owner, database)


async def _fetch(database: str, statement: str, values: Sequence[object]) -> list[Any]:
    connection = await asyncpg.connect(database)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()
