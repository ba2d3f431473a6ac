"""The requests that are on their way to Meta, and the results of those that ended, until they are written down."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from recado.store.outbox import Sending
from recado.whatsapp.client import Account, GraphClient
from recado.whatsapp.outcomes import NotSent, Refused, SendResult, Unknown
from recado.worker.ready import ready
from recado.worker.subject import about
from recado.worker.tokens import Tokens
from recado.worker.verdict import NO_ACCOUNT

log = structlog.get_logger(__name__)

Done = tuple[Sending, SendResult]


@dataclass(frozen=True, slots=True)
class Graph:
    """Where Meta is, for numbers that have no address of their own."""

    url: str
    version: str


class Requests:
    """What is on its way. `may_send` is asked right before a request is written, `ended` is told of its result."""

    def __init__(
        self,
        client: GraphClient,
        tokens: Tokens,
        graph: Graph,
        *,
        may_send: Callable[[UUID], bool],
        ended: Callable[[Sending, SendResult], None],
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._graph = graph
        self._may_send = may_send
        self._ended = ended
        self._tasks: set[asyncio.Task[SendResult]] = set()
        self.in_flight: dict[UUID, Sending] = {}
        self.finished: list[Done] = []

    def start(self, sending: Sending) -> None:
        """Begins a request."""
        self.in_flight[sending.id] = sending
        task = asyncio.create_task(self._post(sending))
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, sending))

    def written(self, done: Iterable[Done]) -> None:
        """Forgets results that are written down."""
        gone = {id(each): each for each in done}
        self.finished = [each for each in self.finished if id(each) not in gone]
        for sending, _ in gone.values():
            self.in_flight.pop(sending.id, None)

    async def stop(self, seconds: float) -> None:
        """Waits so long for what is on its way, then lets go of it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()

    async def _post(self, sending: Sending) -> SendResult:
        """Writes the request, if it still may."""
        token = self._tokens.of(sending)
        if token is None or sending.phone_number_id is None:
            return NO_ACCOUNT
        url = sending.graph_url or self._graph.url
        account = Account(sending.phone_number_id, token, url, self._graph.version)
        made = ready(self._client, account, sending)
        body = made if isinstance(made, dict | Refused) else await made
        if isinstance(body, Refused | NotSent):
            return body
        # An upload may have taken long: the lease is looked at right before the message itself is written.
        if not self._may_send(sending.number_id):
            return NotSent("lease_lost")
        return await self._client.send(account, body)

    def _over(self, sending: Sending, task: "asyncio.Task[SendResult]") -> None:
        """Keeps the result; of a request that broke nobody knows what became."""
        self._tasks.discard(task)
        if task.cancelled():
            return
        if problem := task.exception():
            log.critical("send_broke", error=type(problem).__name__, **about(sending))
        result = Unknown("broke") if problem else task.result()
        self.finished.append((sending, result))
        self._ended(sending, result)
