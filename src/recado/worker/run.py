"""Runs the loops of this process, watches them, wakes them and drains them.

A loop does steps until one finds nothing, then sleeps until its bell rings or a second has passed. A step that fails
is logged once, told to whoever can isolate the cause, and the loop goes on after a pause.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from uuid import UUID

import structlog

from recado.config import Settings
from recado.engine.node import NodeTypes
from recado.nodes import NODE_TYPES
from recado.store.listen import INBOX, OUTBOX, STATUS, Listener
from recado.store.pool import Db, Pool
from recado.store.secrets import Vault
from recado.whatsapp.client import GraphClient
from recado.worker.bell import Bell
from recado.worker.jobs import run_jobs
from recado.worker.life import Life
from recado.worker.programs import Programs
from recado.worker.send import Graph, Sender
from recado.worker.settle import Settler
from recado.worker.turn import Turns

log = structlog.get_logger(__name__)

ROLES = frozenset({"turn", "send", "settle", "jobs"})
POLL = 1.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
DRAIN = 8.0
LAST_WORDS = 2.0  # seconds of a drain that are kept for results, leases and the life sign
CANCELLED_WITHIN = 0.25


@dataclass(slots=True)
class Loop:
    """A verb of the worker: its step, what wakes it, and who must hear that a step failed."""

    name: str
    step: Callable[[], Awaitable[bool]]
    bell: Bell
    failed: Callable[[Exception], None]


class HandOver:
    """Tells senders about queued messages: in memory where this process has one, else by one NOTIFY a commit."""

    def __init__(self, sender: Sender | None) -> None:
        self._sender = sender

    async def before_commit(self, db: Db, numbers: set[UUID]) -> None:
        """Notifies other processes when only they send."""
        if numbers and self._sender is None:
            await db.execute("select pg_notify($1, '')", OUTBOX)

    def after_commit(self, numbers: set[UUID]) -> None:
        """Wakes this process's sender."""
        if numbers and self._sender is not None:
            self._sender.wake(numbers)


class Worker:
    """The moving part of a process, in the roles that it was given.

    `url` is the database's, for the connections that no pool may hold: the listener, the life sign and the jobs.
    The pool must have at least two connections: a try is counted on one while the claim is held on another.
    """

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        *,
        settings: Settings,
        url: str,
        roles: frozenset[str] = ROLES,
        node_types: NodeTypes = NODE_TYPES,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._settings = settings
        self._url = url
        self._roles = roles
        self._node_types = node_types
        self._stopping = asyncio.Event()
        self._bells = {role: Bell() for role in ROLES}
        self._tasks: list[asyncio.Task[None]] = []
        self._life: Life | None = None
        self._client: GraphClient | None = None
        self._sender: Sender | None = None

    async def start(self) -> None:
        """Registers the process and starts its loops."""
        self._life = life = await Life.begin(self._url)
        self._client = client = GraphClient()
        if "send" in self._roles:
            self._sender = self._make_sender(life, client)
        works = [self._run(loop) for loop in self._loops(life)]
        works.append(self._listener().run(self._stopping))
        if "jobs" in self._roles:
            works.append(self._jobs())
        self._tasks = [asyncio.create_task(work) for work in works]
        log.info("worker_started", worker=str(life.id), roles=sorted(self._roles & ROLES))

    def wake_turns(self) -> None:
        """Says that messages were committed to the inbox."""
        self._bells["turn"].ring()

    def wake_settle(self) -> None:
        """Says that statuses were committed."""
        self._bells["settle"].ring()

    async def drain(self, seconds: float = DRAIN) -> None:
        """Stops taking work at once, waits for what is being done, then lets go; the rest is found by the next start.

        Ends within so many seconds, whatever the database does.
        """
        until = time.monotonic() + seconds
        told = until - min(
            LAST_WORDS, seconds / 2
        )  # from then on there is only time to tell the database
        self._stopping.set()
        if self._sender:
            self._sender.stop()
        for bell in self._bells.values():
            bell.ring()
        await self._end_tasks(told)
        if self._sender:
            requests = self._sender.drain(_left(told))
            await self._last_words("send_drain", requests, (told + until) / 2)
        if self._client:
            await self._last_words("client_close", self._client.close(), until)
        if self._life:
            await self._last_words("life_end", self._life.end(), until)
        log.info("worker_stopped")

    async def _end_tasks(self, until: float) -> None:
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=_left(until))
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCELLED_WITHIN)

    # Putting the loops together.

    def _make_sender(self, life: Life, client: GraphClient) -> Sender:
        return Sender(
            self._pool,
            self._vault,
            client,
            owner=life.id,
            graph=Graph(self._settings.graph_url, self._settings.graph_version),
            unknown_wait=self._settings.unknown_wait,
            ring=self._bells["send"].ring,
        )

    def _loops(self, life: Life) -> list[Loop]:
        loops = []
        if "turn" in self._roles:
            programs, queued = Programs(self._node_types), HandOver(self._sender)
            turns = Turns(self._pool, programs, queued=queued)
            if life.after_crash:
                turns.be_careful()
            loops.append(Loop("turn", turns.step, self._bells["turn"], turns.isolate))
        if self._sender:
            loops.append(Loop("send", self._sender.step, self._bells["send"], _nobody))
        if "settle" in self._roles:
            settler = Settler(self._pool, freed=HandOver(self._sender).after_commit)
            loops.append(Loop("settle", settler.step, self._bells["settle"], settler.isolate))
        return loops

    def _listener(self) -> Listener:
        listener = Listener(self._url)
        if "turn" in self._roles:
            listener.on(INBOX, self._bells["turn"].ring)
        if "settle" in self._roles:
            listener.on(STATUS, self._bells["settle"].ring)
        if self._sender:
            sender = self._sender
            listener.on(OUTBOX, lambda _: sender.wake())
        return listener

    # Watching them.

    async def _run(self, loop: Loop) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            loop.bell.hush()
            try:
                busy = await loop.step()
                pause = FIRST_PAUSE
            except Exception as problem:
                _report(loop.name, problem)
                loop.failed(problem)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if not busy and not self._stopping.is_set():
                await loop.bell.heard(within=POLL)

    async def _jobs(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                await run_jobs(self._url, pool=self._pool, stop=self._stopping)
            except Exception as problem:
                _report("jobs", problem)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _last_words(self, name: str, work: Coroutine[None, None, None], until: float) -> None:
        """Does a last piece of work whose failure the next start puts right, and leaves it behind when time is up."""
        task = asyncio.create_task(work)
        await asyncio.wait({task}, timeout=_left(until))
        if not task.done():
            task.cancel()  # and not waited for: a cancelled query still talks to the database
            log.warning("left_behind", work=name)
        elif problem := task.exception():
            _report(name, problem)


def _left(until: float) -> float:
    return max(0.0, until - time.monotonic())


def _report(name: str, problem: BaseException) -> None:
    log.error("step_failed", loop=name, exc_info=problem)


def _nobody(_: Exception) -> None:
    """A sender's failed step concerns no single message: its leases are taken anew."""
