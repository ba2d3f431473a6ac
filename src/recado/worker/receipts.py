"""Makes read receipts: calls that cost nothing, that nobody waits for, and that the lanes know nothing of.

They are made by the process that took the turn, after its commit, from memory alone: nothing is stored and nothing is
repeated, so a crash, a stop or a busy moment drops them. What comes too late is dropped as well: a message that has
waited for longer than LATE, or whose answer is out. A number that Meta refuses or does not answer for gets none for a
while, so that receipts never use up what its messages need.

Dots that belong after messages of ours are asked for when the last of these is out, which only the process that sends
knows. Where that is another one, a delay that lasts gets its dots a moment later, and a call none.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

import structlog

from recado.store.pool import UNAVAILABLE, Pool, borrow
from recado.store.secrets import Vault
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.errors import Action
from recado.whatsapp.outcomes import Marked, MarkResult, NotSent, Refused, Unknown
from recado.worker import metrics
from recado.worker.requests import Graph
from recado.worker.seen import Receipt
from recado.worker.tokens import Tokens

log = structlog.get_logger(__name__)

AT_ONCE = 20
WAITING = 1_000  # for their turn; then the oldest is dropped
LATE = 20.0  # seconds
WITHIN = 5.0  # seconds that a request may take
HELD = 60.0  # seconds without receipts for a number that Meta refuses
A_MOMENT = 2.0  # seconds until the messages before a delay are out, where another process sends
LASTS = 5.0  # a delay that is at least so long may get its dots late
# These say that this one message cannot be marked, and nothing about the number.
ITS_OWN_FAULT = frozenset({Action.DROP, Action.FIX, Action.USER, Action.TEMPLATE})


class Receipts:
    """What is being marked, and what waits to be."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        client: GraphClient,
        *,
        graph: Graph,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._client = client
        self._graph = graph
        self._monotonic = monotonic
        self._tokens = Tokens(vault)
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: OrderedDict[UUID, tuple[Receipt, float]] = OrderedDict()
        self._dots: OrderedDict[UUID, Receipt] = OrderedDict()
        self._held: dict[UUID, float] = {}
        self._taking = True

    @property
    def running(self) -> int:
        """Counts the requests that are under way."""
        return len(self._tasks)

    def take(self, receipts: Iterable[Receipt]) -> None:
        """Takes receipts of turns that are committed."""
        for receipt in receipts:
            self._dots.pop(receipt.conversation_id, None)
            if receipt.typing and receipt.after is not None:
                self._put_off(receipt)
                receipt = replace(receipt, typing=False)
            if receipt.heard or receipt.typing:
                self._offer(receipt)

    def went(self, message_id: UUID, conversation_id: UUID) -> None:
        """Hears that Meta has a message of ours: what came before it is as good as read."""
        if self._waiting.pop(conversation_id, None):
            metrics.receipt("answered")
        later = self._dots.get(conversation_id)
        if later is None or later.after is None or message_id < later.after:
            return
        del self._dots[conversation_id]
        if message_id == later.after:
            self._offer(later)

    async def stop(self) -> None:
        """Drops everything."""
        self._taking = False
        self._waiting.clear()
        self._dots.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # What may begin.

    def _put_off(self, receipt: Receipt) -> None:
        """Keeps dots until the messages before them are out."""
        self._dots[receipt.conversation_id] = receipt
        if len(self._dots) > WAITING:
            self._dots.popitem(last=False)
        if receipt.lasts is not None and receipt.lasts >= LASTS:
            asyncio.get_running_loop().call_later(A_MOMENT, self._anyway, receipt)

    def _anyway(self, receipt: Receipt) -> None:
        if self._dots.get(receipt.conversation_id) is receipt:
            del self._dots[receipt.conversation_id]
            self._offer(receipt)

    def _offer(self, receipt: Receipt) -> None:
        now = self._monotonic()
        if not self._taking:
            return
        if receipt.age > LATE:
            metrics.receipt("late")
        elif self._held.get(receipt.number_id, now) > now:
            metrics.receipt("held")
        elif len(self._tasks) < AT_ONCE:
            self._begin(receipt)
        else:
            self._waiting.pop(receipt.conversation_id, None)
            self._waiting[receipt.conversation_id] = (receipt, now + LATE - receipt.age)
            if len(self._waiting) > WAITING:
                self._waiting.popitem(last=False)
                metrics.receipt("crowded")

    def _begin_waiting(self) -> None:
        """Begins what has waited, without dots: the answer may be out by now, by another process."""
        while self._waiting and len(self._tasks) < AT_ONCE:
            _, (receipt, until) = self._waiting.popitem(last=False)
            if self._monotonic() > until:
                metrics.receipt("late")
            elif receipt.heard:
                self._begin(replace(receipt, typing=False))

    def _begin(self, receipt: Receipt) -> None:
        task = asyncio.create_task(self._mark(receipt), name=f"receipt {receipt.wamid}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(receipt, done))

    def _ended(self, receipt: Receipt, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.critical("receipt_broke", exc_info=problem, **receipt.ids)
        self._begin_waiting()

    # One request.

    async def _mark(self, receipt: Receipt) -> None:
        account = await self._account(receipt)
        if account is None:
            return self._judge(receipt, NotSent("no_account"))
        try:
            async with asyncio.timeout(WITHIN):
                result = await self._client.mark_read(account, receipt.wamid, typing=receipt.typing)
        except TimeoutError:
            result = Unknown("too_slow")
        return self._judge(receipt, result)

    async def _account(self, receipt: Receipt) -> Account | None:
        token = self._tokens.of(receipt)
        if token is None and receipt.access_token_id:
            try:
                async with borrow(self._pool, within=WITHIN) as db:
                    await self._tokens.load(db, [receipt])
            except UNAVAILABLE:
                return None
            token = self._tokens.of(receipt)
        if token is None or receipt.phone_number_id is None:
            return None
        url = receipt.graph_url or self._graph.url
        return Account(receipt.phone_number_id, token, url, self._graph.version)

    def _judge(self, receipt: Receipt, result: MarkResult) -> None:
        match result:
            case Marked():
                metrics.receipt("marked")
                log.debug("marked_read", typing=receipt.typing, **receipt.ids)
                return
            case Refused(rule=rule, code=code) if rule.action in ITS_OWN_FAULT:
                metrics.receipt("refused")
                log.info("receipt_refused", code=code, **receipt.ids)
                return
            case Refused(code=code):
                reason = f"code {code}"
            case NotSent(reason=reason) | Unknown(reason=reason):
                pass
        metrics.receipt("failed")
        self._held[receipt.number_id] = self._monotonic() + HELD
        log.warning("receipts_held", reason=reason, seconds=HELD, **receipt.ids)
