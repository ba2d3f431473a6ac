"""Compares what the customers got, and what the database kept, with what the flow prescribes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from recado.store.pool import Db
from recado.whatsapp.fake_webhooks import Delivery
from tests.e2e.kill.crowd import Customer
from tests.e2e.kill.script import prescribed

LEFT = "select count(*) from inbox union all select count(*) from outbox union all select count(*) from status_inbox"


@dataclass(frozen=True, slots=True)
class Inbound:
    """A customer's message as the history has it; ids sort by arrival."""

    id: UUID
    key: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outbound:
    """A message of the bot's as the history has it."""

    id: UUID
    text: str
    status: str
    wamid: str | None
    double_wamid: str | None
    reply_to: UUID | None


@dataclass
class Thread:
    """A conversation in the database: what came in, what went out, whose turns ran, in order."""

    inbound: dict[UUID, Inbound] = field(default_factory=dict)
    outbound: list[Outbound] = field(default_factory=list)
    turns: list[UUID] = field(default_factory=list)
    sessions: Counter[str] = field(default_factory=Counter)


@dataclass
class Verdict:
    """What was found. `complaints` must be empty; the counts are for the report.

    `lost`: messages without their turn or answer. `doubled`: answers that Meta took twice. `reordered`: conversations
    whose order is ours to blame. `unknown`: answers of which nobody knows whether they went out. `overtaken`:
    messages that Meta herself delivered after a later one, because the first try met a dead server.
    """

    complaints: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    unknown: int = 0
    overtaken: int = 0
    turns: int = 0
    answers: int = 0

    def complain(self, phone: str, what: str) -> None:
        """Notes a broken promise."""
        self.complaints.append(f"{phone}: {what}")


async def judge(db: Db, customers: Sequence[Customer], deliveries: Sequence[Delivery]) -> Verdict:
    """Looks at everything after the last customer has left and the queues have run dry."""
    verdict = Verdict()
    threads = await _threads(db)
    first_try_taken = {
        each.wamid for each in deliveries if each.wamid and each.attempts[0].status == 200
    }
    for customer in customers:
        thread = threads.pop(customer.script.phone, None) or Thread()
        _judge_turns(verdict, customer, thread, first_try_taken)
        _judge_answers(verdict, customer, thread)
        _judge_copies(verdict, customer, thread)
        _judge_sessions(verdict, customer, thread)
    for phone in threads:
        verdict.complain(phone, "nobody has this phone")
    await _judge_rest(db, verdict)
    return verdict


def _judge_turns(
    verdict: Verdict, customer: Customer, thread: Thread, first_try_taken: set[str]
) -> None:
    """Every message is in the history once and had one turn, and the turns ran in an order that can be defended."""
    phone, said = customer.script.phone, customer.said
    keys = Counter(each.key for each in thread.inbound.values())
    verdict.lost += len(Counter(said) - keys)
    if keys != Counter(said):
        verdict.complain(phone, f"said {said}, the history has {dict(keys)}")
    if Counter(thread.turns) != Counter(thread.inbound):
        verdict.complain(phone, f"{len(thread.inbound)} messages, turns of {thread.turns}")
    verdict.turns += len(thread.turns)
    turned = [thread.inbound[id] for id in thread.turns if id in thread.inbound]
    order = [each.key for each in turned]
    defensible = all(
        first.id < second.id or first.at < second.at
        for first, second in zip(turned, turned[1:], strict=False)
    )
    blamed = [
        earlier
        for index, earlier in enumerate(said)
        for later in said[index + 1 :]
        if earlier in first_try_taken
        and {earlier, later} <= set(order)
        and order.index(later) < order.index(earlier)
    ]
    verdict.overtaken += sum(
        order.index(a) > order.index(b)
        for a, b in zip(said, said[1:], strict=False)
        if {a, b} <= set(order)
    )
    if blamed or not defensible:
        verdict.reordered += 1
        verdict.complain(phone, f"turns ran in the order {order}, said in the order {said}")


def _judge_answers(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """The answers of each turn are those that the flow prescribes, and Meta took them in that order."""
    phone = customer.script.phone
    turned = [thread.inbound[id] for id in thread.turns if id in thread.inbound]
    wanted = [
        (message.id, text)
        for message, texts in zip(turned, prescribed(each.text for each in turned), strict=True)
        for text in texts
    ]
    written = [(each.reply_to, each.text) for each in thread.outbound]
    verdict.answers += len(written)
    verdict.lost += len(Counter(wanted) - Counter(written))
    if written != wanted:
        verdict.complain(phone, f"prescribed {wanted}, written {written}")
    got = list(dict.fromkeys(heard.id for heard in customer.heard))
    silent = [each for each in thread.outbound if each.id not in set(got)]
    verdict.unknown += sum(each.status == "unknown" for each in silent)
    for each in silent:
        if each.status != "unknown":
            verdict.lost += 1
            verdict.complain(phone, f"{each.text!r} is {each.status}, and Meta never had it")
    if got != [each.id for each in thread.outbound if each not in silent]:
        verdict.reordered += 1
        verdict.complain(phone, f"Meta took {got}, written {thread.outbound}")


def _judge_copies(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """A second copy may only go out in a later life, after one that took Meta's answer with it, and it is known."""
    phone, known = customer.script.phone, {each.id: each for each in thread.outbound}
    copies: dict[UUID, list[Any]] = defaultdict(list)
    for heard in customer.heard:
        copies[heard.id].append(heard)
    for id, heards in copies.items():
        outbound = known.get(id)
        wamids = {heard.sent.wamid for heard in heards}
        if outbound is None or {outbound.wamid, outbound.double_wamid} - {None} != wamids:
            verdict.complain(phone, f"Meta's ids {wamids}, ours {outbound}")
        elif outbound.status != "read":
            verdict.complain(phone, f"Meta said read, the history {outbound.status}")
        if len(heards) > 1:
            verdict.doubled += 1
            first, *more = heards
            if len(more) > 1 or more[0].life <= first.life:
                verdict.complain(phone, f"doubled without a crash between: {heards}")
            place = customer.heard.index(first)
            if customer.heard[place + 1] is not more[0]:
                verdict.complain(phone, "another message went out between two copies")


def _judge_sessions(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """One session after the other, each to its end."""
    wanted = Counter(completed=len(customer.script.texts) // 4)
    if thread.sessions != wanted:
        verdict.complain(
            customer.script.phone, f"sessions {dict(thread.sessions)}, not {dict(wanted)}"
        )


async def _judge_rest(db: Db, verdict: Verdict) -> None:
    left = [row[0] for row in await db.fetch(LEFT)]
    if any(left):
        verdict.complain("database", f"rows left in inbox, outbox, status_inbox: {left}")
    alerts = {row["kind"]: row["count"] for row in await db.fetch("select kind, count from alerts")}
    allowed = {"double_send": verdict.doubled, "send_unknown": verdict.unknown}
    if alerts != {kind: count for kind, count in allowed.items() if count}:
        verdict.complain("alerts", f"{alerts}, expected {allowed}")


async def _threads(db: Db) -> dict[str, Thread]:
    """Reads every conversation, by the customer's phone."""
    threads: dict[str, Thread] = defaultdict(Thread)
    phone = (
        "join conversations v on v.id = x.conversation_id join contacts c on c.id = v.contact_id"
    )
    for row in await db.fetch(f"select c.phone, x.* from messages x {phone} order by x.id"):
        thread = threads[row["phone"]]
        if row["direction"] == "in":
            thread.inbound[row["id"]] = Inbound(row["id"], row["key"], row["text"], row["at"])
        else:
            names = ("id", "text", "status", "wamid", "double_wamid", "reply_to")
            thread.outbound.append(Outbound(*(row[name] for name in names)))
    for row in await db.fetch(f"select c.phone, x.message_id from journal x {phone} order by x.id"):
        threads[row["phone"]].turns.append(row["message_id"])
    for row in await db.fetch(f"select c.phone, x.status from conversation_states x {phone}"):
        threads[row["phone"]].sessions[row["status"]] += 1
    return dict(threads)
