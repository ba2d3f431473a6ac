"""Compares what the customers got, and what the database kept, with what the flow prescribes."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from uuid import UUID

from recado.store.pool import Db
from tests.e2e.kill.archive import Inbound, Outbound, Thread, alerts, left, threads
from tests.e2e.kill.crowd import Crowd, Customer, Heard
from tests.e2e.kill.script import TURNS_OF_A_SESSION, prescribed


@dataclass
class Verdict:
    """What was found. `complaints` must be empty; the counts are for the report.

    `lost`: messages without their turn, or answers that never went out. `repeated`: turns of a message beyond its
    first. `doubled`: answers that Meta took twice.
    `reordered`: conversations whose order we spoiled. `unknown`: answers of which nobody knows whether they went out.
    `late`: answers that were given up and told of before their status came.
    `overtaken`: messages that Meta herself brought after a later one, because their first try met a dead server.
    """

    complaints: list[str] = field(default_factory=list)
    lost: int = 0
    repeated: int = 0
    doubled: int = 0
    reordered: int = 0
    unknown: int = 0
    late: int = 0
    overtaken: int = 0
    turns: int = 0
    answers: int = 0

    def complain(self, phone: str, what: str) -> None:
        """Notes a broken promise."""
        self.complaints.append(f"{phone}: {what}")

    @property
    def counts(self) -> dict[str, int]:
        """Gives what was counted."""
        names = ("turns", "answers", "lost", "repeated", "doubled", "reordered")
        return {name: getattr(self, name) for name in (*names, "unknown", "late", "overtaken")}

    def __str__(self) -> str:
        """Gives the counts."""
        return ", ".join(f"{name} {count}" for name, count in self.counts.items())


async def judge(db: Db, crowd: Crowd, *, explained: Collection[str] = ()) -> Verdict:
    """Looks at everything after the last customer has left and the queues have run dry.

    `explained` are kinds of alerts that what went wrong on purpose may raise.
    """
    verdict, found = Verdict(), await threads(db)
    for customer in crowd.customers:
        thread = found.pop(customer.script.phone, Thread())
        _history(verdict, customer, thread)
        _order(verdict, customer, thread, crowd.taken)
        _answers(verdict, customer, thread)
        _wire(verdict, customer, thread)
        _copies(verdict, customer, thread, crowd.needless)
        _sessions(verdict, customer, thread)
    for phone in found:
        verdict.complain(phone, "nobody has this phone")
    await _rest(db, verdict, explained)
    return verdict


def _history(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """Every message is in the history once, and had one turn."""
    phone, said = customer.script.phone, Counter(customer.said)
    keys = Counter(each.key for each in thread.inbound)
    turned = Counter(each.key for each in thread.turned)
    verdict.turns += turned.total()
    verdict.lost += (said - turned).total()
    verdict.repeated += (turned - said).total()
    if keys != said or turned != said or len(thread.turned) != len(thread.turns):
        verdict.complain(phone, f"said {said}, history {keys}, turns {turned}, {thread.turns}")


def _order(verdict: Verdict, customer: Customer, thread: Thread, taken: set[str]) -> None:
    """Turns run by Meta's time, then by arrival; nobody overtakes a message that was taken at Meta's first try."""
    phone, turned = customer.script.phone, thread.turned
    place = {message.key: index for index, message in enumerate(turned)}
    said = [key for key in customer.said if key in place]
    overtaken = [a for a, b in combinations(said, 2) if place[a] > place[b]]
    verdict.overtaken += len(set(overtaken))
    if taken & set(overtaken) or not all(_may_follow(a, b) for a, b in pairwise(turned)):
        verdict.reordered += 1
        verdict.complain(phone, f"said {said}, turns {turned}")


def _may_follow(first: Inbound, second: Inbound) -> bool:
    return first.id < second.id or first.at < second.at


def _answers(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """Every turn wrote the answers that the flow prescribes, in their order."""
    texts = prescribed(each.text for each in thread.turned)
    wanted: list[tuple[UUID | None, str]] = [
        (message.id, text)
        for message, answers in zip(thread.turned, texts, strict=True)
        for text in answers
    ]
    written = [(each.reply_to, each.text) for each in thread.outbound]
    verdict.answers += len(written)
    verdict.lost += (Counter(wanted) - Counter(written)).total()
    if written != wanted:
        verdict.complain(customer.script.phone, f"prescribed {wanted}, written {written}")


def _wire(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """Meta took every answer, in the order in which they were written, but for those of unknown fate."""
    phone = customer.script.phone
    got = list(dict.fromkeys(heard.id for heard in customer.heard))
    silent = [each for each in thread.outbound if each.id not in got]
    verdict.unknown += sum(each.status == "unknown" for each in silent)
    for each in silent:
        if each.status != "unknown":
            verdict.lost += 1
            verdict.complain(phone, f"{each.text!r} is {each.status}, and Meta never had it")
    if got != [each.id for each in thread.outbound if each.id in got]:
        verdict.reordered += 1
        verdict.complain(phone, f"Meta took {got}, written {thread.outbound}")


def _copies(
    verdict: Verdict, customer: Customer, thread: Thread, needless: Collection[UUID]
) -> None:
    """A second copy goes out only if no status of the first one came in time, before anything else, and is known."""
    known = {each.id: each for each in thread.outbound}
    for id in dict.fromkeys(heard.id for heard in customer.heard):
        copies = [heard for heard in customer.heard if heard.id == id]
        if complaint := _about_ids(copies, known.get(id)):
            verdict.complain(customer.script.phone, complaint)
        if len(copies) > 1:
            verdict.doubled += 1
            place = customer.heard.index(copies[0])
            together = customer.heard[place : place + 2] == copies
            if not together or id in needless:
                verdict.complain(customer.script.phone, f"doubled without need: {copies}")


def _about_ids(copies: Sequence[Heard], outbound: Outbound | None) -> str | None:
    wamids = {heard.sent.wamid for heard in copies}
    if outbound is None or {outbound.wamid, outbound.double_wamid} - {None} != wamids:
        return f"Meta's ids are {wamids}, ours {outbound}"
    return None if outbound.status == "read" else f"Meta said read, the history {outbound.status}"


def _sessions(verdict: Verdict, customer: Customer, thread: Thread) -> None:
    """One session after the other, each to its end."""
    wanted = Counter(completed=len(customer.script.texts) // TURNS_OF_A_SESSION)
    if thread.sessions != wanted:
        verdict.complain(customer.script.phone, f"sessions {thread.sessions}, not {wanted}")


async def _rest(db: Db, verdict: Verdict, explained: Collection[str]) -> None:
    """Nothing is left in the queues, and nothing is alerted but what is counted here."""
    if rows := await left(db):
        verdict.complain("database", f"{rows} rows are left in inbox, outbox and status_inbox")
    raised = Counter({kind: n for kind, n in (await alerts(db)).items() if kind not in explained})
    verdict.late = max(raised["send_unknown"] - verdict.unknown, 0)
    counted = Counter(double_send=verdict.doubled, send_unknown=verdict.unknown + verdict.late)
    if raised != +counted:
        verdict.complain("alerts", f"raised {raised}, counted {counted}")
