"""Takes Meta's posts in: many of one moment share a transaction, and each waits until it is committed."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from recado.store import receiving
from recado.store.pool import UNAVAILABLE, Db, Pool, borrow
from recado.store.secrets import Vault
from recado.web import metrics
from recado.web.faults import ROW_FAULTS
from recado.web.group_commit import GroupCommit, Limits, Overloaded, Settle
from recado.web.plain_posts import Batch
from recado.web.posts import Post, Received
from recado.web.reception import Reception
from recado.whatsapp.webhook import parse

log = structlog.get_logger(__name__)

COMMIT_WITHIN = 5.0  # seconds; Meta's own limit is not documented, peers saw 5 to 20
BATCH_WITHIN = 15.0  # seconds for one commit, after which its connection is given up
STOP_WITHIN = 8.0


class Receiver:
    """The one way in.

    `wake_turns` and `wake_statuses` are called after a commit that brought messages or statuses. None means that the
    taker is another process, which hears of it by NOTIFY.
    """

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        *,
        wake_turns: Callable[[], None] | None = None,
        wake_statuses: Callable[[], None] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits | None = None,
        commit_within: float = COMMIT_WITHIN,
    ) -> None:
        self._pool = pool
        self._reception = Reception(
            vault, notify_turns=wake_turns is None, notify_statuses=wake_statuses is None
        )
        self._wake_turns = wake_turns
        self._wake_statuses = wake_statuses
        self._clock = clock
        self._commit_within = commit_within
        self._group: GroupCommit[Post, bool | Exception] = GroupCommit(
            self._commit, limits=limits, within=commit_within
        )
        self._open = False
        metrics.COMMIT_WAITING.set_function(lambda: self._group.waiting_rows)

    def start(self) -> None:
        """Begins to take posts; before that they are refused as overload."""
        self._open = True

    async def stop(self, within: float = STOP_WITHIN) -> None:
        """Takes no more posts and waits for those that are being committed, but so many seconds at most."""
        self._open = False
        drained = asyncio.ensure_future(self._group.drain())
        _, late = await asyncio.wait({drained}, timeout=within)
        for each in late:
            log.warning("webhook_commit_left_behind")
            each.cancel()

    async def verify_token(self, given: str, webhook_token: str | None) -> str | None:
        """Finds a verify token as it is stored, of any number or of the one with this address of its own."""
        async with borrow(self._pool, within=self._commit_within) as db:
            return await receiving.verify_token(db, given, webhook_token=webhook_token)

    def submit(
        self, body: bytes, *, signature: str | None, token: str | None
    ) -> "asyncio.Future[bool | Exception]":
        """Lets a post wait for its commit; the future says whether anything in it was believed or at least not refused.

        It gives an exception where the post cannot be stored, and raises whatever of UNAVAILABLE keeps the database
        from committing in time. Raises BadPayload and Overloaded at once.
        """
        payload = parse(body, self._clock())
        if not self._open:
            raise Overloaded("stopped")
        post = Post(body, signature, token, payload)
        return self._group.submit(post, rows=post.rows, size=len(body))

    async def take(self, body: bytes, *, signature: str | None, token: str | None) -> bool:
        """Submits a post, waits until it is committed, and raises what keeps it from that."""
        taken = await self.submit(body, signature=signature, token=token)
        if isinstance(taken, Exception):
            raise taken
        return taken

    async def _commit(
        self, posts: Sequence[Post], settle: Settle[bool | Exception]
    ) -> Sequence[bool | Exception]:
        """Commits a batch in one statement; if that fails, in a transaction; then with care for each row or post."""
        metrics.COMMIT_POSTS.observe(len(posts))
        with metrics.COMMIT_SECONDS.time():
            return await self._commit_all(posts, settle)

    async def _commit_all(
        self, posts: Sequence[Post], settle: Settle[bool | Exception]
    ) -> Sequence[bool | Exception]:
        batch, others = self._reception.plain.sort(posts)
        async with asyncio.timeout(BATCH_WITHIN), borrow(self._pool, within=COMMIT_WITHIN) as db:
            if batch.posts and not await self._plainly(db, batch):
                return await self._carefully(db, posts)
            if not others:
                return [True] * len(posts)
            careful = {id(post) for post in others}
            for place, post in enumerate(posts):
                if id(post) not in careful:
                    settle(place, True)  # what is committed waits for nobody's junk
            judged = iter(await self._carefully(db, others))
            return [next(judged) if id(post) in careful else True for post in posts]

    async def _plainly(self, db: Db, batch: Batch) -> bool:
        try:
            received = await self._reception.receive_plain(db, batch)
        except UNAVAILABLE:
            raise
        except ROW_FAULTS as problem:
            self._failed(len(batch.posts), problem)
            return False
        if received is None:
            return False
        self._committed(received)
        return True

    async def _carefully(self, db: Db, posts: Sequence[Post]) -> Sequence[bool | Exception]:
        for careful in (False, True):
            try:
                return await self._transaction(db, posts, careful=careful)
            except UNAVAILABLE:
                raise
            except ROW_FAULTS as problem:
                self._failed(len(posts), problem)
        return [await self._alone(db, post) for post in posts]

    def _failed(self, posts: int, problem: Exception) -> None:
        log.warning("webhook_batch_failed", posts=posts, error=type(problem).__name__)
        self._reception.threads.clear()  # perhaps the cache named what is gone by now

    async def _alone(self, db: Db, post: Post) -> bool | Exception:
        try:
            return (await self._transaction(db, [post], careful=True))[0]
        except UNAVAILABLE:
            raise
        except ROW_FAULTS as problem:
            return problem

    async def _transaction(self, db: Db, posts: Sequence[Post], *, careful: bool) -> list[bool]:
        async with db.transaction():
            received = await self._reception.receive(db, posts, careful=careful)
        self._committed(received)
        return [not refused for refused in received.refused]

    def _committed(self, received: Received) -> None:
        self._reception.threads.keep(received.threads)
        _count(received)
        if received.messages and self._wake_turns:
            self._wake_turns()
        if received.statuses and self._wake_statuses:
            self._wake_statuses()


def _count(received: Received) -> None:
    for outcome, count in Counter(received.outcomes).items():
        metrics.outcomes.of(outcome).inc(count)
    for number, count in received.fresh.items():
        metrics.received.of(str(number)).inc(count)
    if received.duplicates:
        metrics.DUPLICATES.inc(received.duplicates)
