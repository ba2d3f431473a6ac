"""Runs the loops of this process, watches them, wakes them and drains them.

A loop does steps until one finds nothing, then sleeps until its bell rings or a second has passed. A step that fails
is logged once, told to whoever can isolate the cause, and the loop goes on after a pause.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

import structlog

from recado.config import Settings
from recado.engine.node import NodeTypes
from recado.nodes import NODE_TYPES
from recado.store.listen import CALLS, INBOX, OUTBOX, STATUS, Listener
from recado.store.pool import Pool
from recado.store.secrets import Vault
from recado.whatsapp.client import GraphClient
from recado.worker import metrics
from recado.worker.bell import Bell
from recado.worker.call import Calls
from recado.worker.caller import Caller
from recado.worker.hand_over import HandOver
from recado.worker.jobs import run_jobs
from recado.worker.life import Life
from recado.worker.outside import Outside
from recado.worker.programs import Programs
from recado.worker.receipts import Receipts
from recado.worker.requests import Graph
from recado.worker.send import Sender
from recado.worker.settle import GATHER, Settler
from recado.worker.turn import Turns

log = structlog.get_logger(__name__)

ROLES = frozenset({"turn", "send", "call", "settle", "jobs"})
POLL = 1.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
DRAIN = 8.0
LAST_WORDS = 2.0  # seconds of a drain that are kept for results, leases and the life sign
CANCELLED_WITHIN = 0.25


@dataclass(slots=True)
class Loop:
    """A verb of the worker: its step, what wakes it, and who must hear that a step failed.

    `gather` is for how many seconds work that nobody waits for may gather once it has rung the bell.
    """

    name: str
    step: Callable[[], Awaitable[bool]]
    bell: Bell
    failed: Callable[[Exception], None]
    gather: float = 0.0


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
        self._outside: Outside | None = None
        self._calls: Calls | None = None
        self._receipts: Receipts | None = None

    async def start(self) -> None:
        """Registers the process and starts its loops."""
        self._life = life = await Life.begin(self._url)
        self._client = client = GraphClient()
        if "turn" in self._roles:
            graph = Graph(self._settings.graph_url, self._settings.graph_version)
            self._receipts = Receipts(self._pool, self._vault, client, graph=graph)
        if "send" in self._roles:
            self._sender = self._make_sender(life, client)
            metrics.BREAKERS.feed("number", self._sender.throttle.states)
            metrics.BREAKERS.feed("host", self._sender.throttle.host_states)
        if "call" in self._roles:
            self._outside = outside = Outside.open(self._settings)
            self._calls = self._make_calls(life, outside)
        works = [self._run(loop) for loop in self._loops(life)]
        works += [self._listener().run(self._stopping), life.keep(self._stopping)]
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
        for beginner in (self._sender, self._calls):
            if beginner:
                beginner.stop()
        for bell in self._bells.values():
            bell.ring()
        await self._end_tasks(told)
        written = (told + until) / 2
        async with asyncio.TaskGroup() as drains:
            for name, each in (("send_drain", self._sender), ("call_drain", self._calls)):
                if each:
                    requests = each.drain(_left(told))
                    drains.create_task(self._last_words(name, requests, written))
        if self._receipts:
            await self._last_words("receipts_stop", self._receipts.stop(), until)
        if self._client:
            await self._last_words("client_close", self._client.close(), until)
        if self._outside:
            await self._last_words("outside_close", self._outside.close(), until)
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
            went=self._receipts.went if self._receipts else None,
        )

    def _make_calls(self, life: Life, outside: Outside) -> Calls:
        return Calls(
            self._pool,
            Caller(self._pool, self._vault, outside),
            owner=life.id,
            ring=self._bells["call"].ring,
            wake_turns=self._bells["turn"].ring if "turn" in self._roles else None,
        )

    def _loops(self, life: Life) -> list[Loop]:
        loops = []
        wake_calls = self._bells["call"].ring if self._calls else None
        hand_over = HandOver(self._sender, wake_calls=wake_calls, receipts=self._receipts)
        if "turn" in self._roles:
            turns = Turns(self._pool, Programs(self._node_types), queued=hand_over)
            if life.after_crash:
                turns.be_careful()

            def turn_failed(problem: Exception) -> None:
                hand_over.undone()
                turns.isolate(problem)

            loops.append(Loop("turn", turns.step, self._bells["turn"], turn_failed))
        if self._sender:
            loops.append(Loop("send", self._sender.step, self._bells["send"], _nobody))
        if self._calls:
            calls = self._calls
            loops.append(Loop("call", calls.step, self._bells["call"], calls.isolate))
        if "settle" in self._roles:
            settler = Settler(self._pool, freed=hand_over.freed)
            bell, failed = self._bells["settle"], settler.isolate
            loops.append(Loop("settle", settler.step, bell, failed, gather=GATHER))
        return loops

    def _listener(self) -> Listener:
        listener = Listener(self._url)
        if "turn" in self._roles:
            listener.on(INBOX, self._bells["turn"].ring)
        if "settle" in self._roles:
            listener.on(STATUS, self._bells["settle"].ring)
        if self._calls:
            listener.on(CALLS, self._bells["call"].ring)
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
                metrics.STEP_FAILURES.labels(loop.name).inc()
                loop.failed(problem)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if not busy and not self._stopping.is_set():
                rung = await loop.bell.heard(within=POLL)
                if rung and loop.gather:
                    await self._rest(loop.gather)

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
