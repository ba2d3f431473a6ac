"""The transaction of receiving: everything that a batch of posts says, stored or at least kept in the log."""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from recado.store import account_inbox, alerts, inbox, receiving, secrets, webhook_log
from recado.store.alerts import NewAlert
from recado.store.inbox import StatusRow
from recado.store.pool import Db
from recado.store.receiving import Number
from recado.store.secrets import SecretError, Vault
from recado.web.arrivals import Stored, Storing
from recado.web.faults import one_by_one
from recado.web.plain_posts import Batch, PlainPosts
from recado.web.posts import UNVOUCHED, Post, Received, Slip
from recado.web.seldom import Seldom
from recado.web.sorting import Arrival, News, Sorted, sort
from recado.web.threads import Threads
from recado.web.trust import Directory, is_nameless, meant

log = structlog.get_logger(__name__)

SECRETS_KEPT = 10_000


class Reception:
    """Runs the transaction; lives as long as its caches of opened secrets and of threads."""

    def __init__(self, vault: Vault, *, notify_turns: bool, notify_statuses: bool) -> None:
        self.threads = Threads()
        self._vault = vault
        self._notify_turns = notify_turns
        self._notify_statuses = notify_statuses
        self._secrets: dict[UUID, str] = {}
        self._seldom = Seldom()
        self.plain = PlainPosts(self.threads, self._seldom)

    async def receive(self, db: Db, posts: Sequence[Post], *, careful: bool) -> Received:
        """Writes everything inside the caller's transaction.

        `careful` gives every row a savepoint of its own where that is needed: one that fails alone is noted as failed
        and alerted, and the others are stored. Otherwise the first fault is raised.
        """
        directory = await self._look_up(db, posts)
        self.plain.numbers.learn(directory, posts)
        batch = sort(posts, directory)
        stored = await self._store(db, batch, careful=careful)
        await _keep_news(db, batch.news)
        await self._log(db, batch)
        wake = Received(
            refused=batch.refused,
            outcomes=[slip.outcome for slip in batch.slips.values()],
            threads=stored.threads,
            messages=bool(stored.fresh),
            statuses=bool(batch.statuses),
            fresh=_fresh_of(batch.arrivals, stored),
            duplicates=sum(slip.counts.get("duplicate", 0) for slip in batch.slips.values()),
        )
        await self._notify(db, wake)
        return wake

    async def receive_plain(self, db: Db, batch: Batch) -> Received | None:
        """Stores plain posts and commits them; None when nothing was stored, since something was not as we remembered."""
        channels = inbox.channels(
            turns=self._notify_turns and bool(batch.plain.messages),
            statuses=self._notify_statuses and bool(batch.plain.told),
        )
        return await self.plain.write(db, batch, channels=channels)

    async def _look_up(self, db: Db, posts: Sequence[Post]) -> Directory:
        changes = [(post, change) for post in posts for change in post.payload.changes]
        accounts = {entry.id for post in posts for entry in post.payload.entries if entry.id}
        numbers = await receiving.find_numbers(
            db,
            phone_number_ids=accounts
            | {each.phone_number_id for _, each in changes if each.phone_number_id},
            waba_ids=accounts,
            tokens={post.token for post in posts if post.token},
        )
        directory = Directory(numbers, await self._open_secrets(db, numbers))
        nameless = [(post, change) for post, change in changes if is_nameless(change)]
        if all(meant(change, post, directory) for post, change in nameless):
            return directory
        lone = await receiving.lone_number(db)
        found = numbers + ([lone] if lone else [])
        return Directory(numbers, await self._open_secrets(db, found), lone)

    async def _open_secrets(self, db: Db, numbers: Iterable[Number]) -> dict[UUID, str]:
        """Opens the app secrets; one that does not open is missing, so that nothing of its number is believed."""
        wanted = {each.app_secret_id: each for each in numbers if each.app_secret_id}
        if len(self._secrets) > SECRETS_KEPT:
            self._secrets.clear()
        for secret_id in wanted.keys() - self._secrets.keys():
            try:
                self._secrets |= await secrets.reveal(db, self._vault, [secret_id])
            except SecretError as problem:
                number = str(wanted[secret_id].id)
                log.error("app_secret_unreadable", number=number, error=str(problem))
        return {each: self._secrets[each] for each in wanted if each in self._secrets}

    async def _store(self, db: Db, batch: Sorted, *, careful: bool) -> Stored:
        storing = Storing(db, self.threads)
        total = Stored()

        async def store(arrivals: Sequence[Arrival]) -> None:
            stored = await storing.store(arrivals)
            total.fresh |= stored.fresh
            total.threads |= stored.threads
            _count_messages(arrivals, stored)

        async def store_statuses(statuses: Sequence[tuple[Slip, StatusRow]]) -> None:
            await inbox.add_statuses(db, [row for _, row in statuses])
            for slip, _ in statuses:
                slip.count("stored")

        if careful:
            bad_messages = await one_by_one(db, batch.arrivals, store)
            bad_statuses = await one_by_one(db, batch.statuses, store_statuses)
            await _note_failures(
                db,
                [(arrival.slip, arrival.inbound.key, problem) for arrival, problem in bad_messages]
                + [(slip, row.wamid, problem) for (slip, row), problem in bad_statuses],
            )
            return total
        if batch.arrivals:
            await store(batch.arrivals)
        if batch.statuses:
            await store_statuses(batch.statuses)
        return total

    async def _log(self, db: Db, batch: Sorted) -> None:
        shares = Counter(index for index, _ in batch.slips)
        rows = [slip.log_row(alone=shares[index] == 1) for (index, _), slip in batch.slips.items()]
        await webhook_log.insert_many(db, rows)
        unvouched = {row.outcome for row in rows} & set(UNVOUCHED)
        if unvouched:
            await webhook_log.trim_ring(db, unvouched)
        for number in batch.unsigned:
            self._seldom.warn("webhook_unsigned", str(number), number=str(number))
        for slip in batch.slips.values():
            self._warn(slip)

    def _warn(self, slip: Slip) -> None:
        for warning, applies in (
            ("webhook_rejected", "rejected" in slip.counts),
            ("webhook_unknown_number", "unknown_number" in slip.counts),
            ("webhook_inactive_number", "inactive_number" in slip.reasons),
        ):
            if applies:
                named = slip.phone_number_id or "none"
                reason = ", ".join(slip.reasons)[:200]
                self._seldom.warn(warning, named, phone_number_id=named, reason=reason)

    async def _notify(self, db: Db, wake: Received) -> None:
        turns = wake.messages and self._notify_turns
        statuses = wake.statuses and self._notify_statuses
        if turns or statuses:
            await inbox.notify(db, turns=turns, statuses=statuses)


async def _keep_news(db: Db, news: Sequence[News]) -> None:
    if not news:
        return
    fresh = await inbox.mark_seen(db, {each.seen_as for each in news})
    told = []
    for each in news:
        outcome = "ignored" if each.seen_as in fresh else "duplicate"
        if each.told and outcome == "ignored":
            outcome = "stored"
            told.append(each.told)
        fresh.discard(each.seen_as)
        each.slip.count(outcome, each.field)
    if told:
        await account_inbox.add(db, told)


def _fresh_of(arrivals: Sequence[Arrival], stored: Stored) -> Counter[UUID]:
    left = set(stored.fresh)
    fresh: Counter[UUID] = Counter()
    for arrival in arrivals:
        if arrival.seen_as in left:
            left.discard(arrival.seen_as)
            fresh[arrival.number.id] += 1
    return fresh


def _count_messages(arrivals: Sequence[Arrival], stored: Stored) -> None:
    left = set(stored.fresh)
    for arrival in arrivals:
        arrival.slip.count("stored" if arrival.seen_as in left else "duplicate")
        left.discard(arrival.seen_as)


async def _note_failures(db: Db, failures: Sequence[tuple[Slip, str, Exception]]) -> None:
    for slip, key, problem in failures:
        slip.count("failed", f"{key}: {type(problem).__name__}: {problem}"[:500])
        log.error(
            "webhook_row_failed",
            workspace=str(slip.workspace_id),
            phone_number_id=slip.phone_number_id,
            wamid=key,
            error=type(problem).__name__,
        )
    await alerts.raise_alerts(
        db,
        [
            NewAlert(
                workspace_id=slip.workspace_id,
                kind="webhook_row_failed",
                severity="error",
                subject=slip.phone_number_id or "",
                details={"key": key, "error": type(problem).__name__},
            )
            for slip, key, problem in failures
        ],
    )
