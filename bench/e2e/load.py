"""Loads a bot as many customers do, and prints what came of it as one line of JSON.

closed: so many customers at once, each waits for the reply. open: so many messages a second, come what may. burst:
each customer says the whole script without waiting. kill: closed, with the server killed in the middle and started
again. One process is both ends of Meta, so one clock times them.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvloop

from bench.e2e.customers import Customer, Customers
from bench.e2e.graph_sim import Faults, GraphSim
from bench.e2e.webhooks import Retrying, Webhooks
from bench.e2e.window import Window

Json = dict[str, Any]
GLANCE = 0.002
AFTERWARDS = 5.0  # seconds
# What customers say in a burst, and what they should hear.
SAID = ("oi", "{name}", "25", "oi", "{name}")
WANTED = ("nome", "idade", "{name} liberado", "nome", "idade")


@dataclass
class Load:
    """One run: both ends of Meta, and the customers."""

    customers: Customers
    webhooks: Webhooks
    sim: GraphSim
    pids: Mapping[str, int] = field(default_factory=dict)

    @property
    def window(self) -> Window:
        """Gives a window that is not open yet."""
        return Window(self.customers, self.webhooks, self.pids)

    async def closed(self, at_once: int, *, warm_up: float, seconds: float) -> Json:
        """Keeps so many customers talking; measures after the warm-up."""
        self._keep_talking(at_once)
        await asyncio.sleep(warm_up)
        window = self.window
        window.open()
        await asyncio.sleep(seconds)
        figures = window.close()
        await self.rest()
        return figures

    async def open(self, rate: float, *, warm_up: float, seconds: float) -> Json:
        """Lets so many messages a second come, each measured from the moment it was due."""
        idle: deque[Customer] = deque()
        self.customers.turn_over = idle.append
        window, warm = self.window, False
        start, count = time.perf_counter(), 0
        while (due := start + count / rate) < start + warm_up + seconds:
            if not warm and due >= start + warm_up:
                window.open()
                warm = True
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.customers.say(idle.popleft() if idle else self.customers.new(), due)
            count += 1
        figures = window.close()
        await self.rest()
        return figures

    async def burst(
        self, count: int, *, at_once: int, gap_ms: float, said: Sequence[str], wanted: Sequence[str]
    ) -> Json:
        """Lets customers say everything without waiting; counts how many got exactly what they should."""
        seats, found = asyncio.Semaphore(at_once), Counter[str]()

        async def one() -> None:
            async with seats:
                customer = self.customers.new()
                for text in said:
                    self.customers.post(customer, text)
                    await asyncio.sleep(gap_ms / 1000)
                verdict = await self._verdict(customer, [customer.fill(each) for each in wanted])
                found[verdict] += 1

        await asyncio.gather(*(one() for _ in range(count)))
        overlapping = self.sim.counts["overlapping_sends"]
        return {"bursts": count, "exact": 0, **found, "overlapping_sends": overlapping}

    async def kill(self, command: str, *, at_once: int, after: int, messages: int) -> Json:
        """Kills the server's process group once so many messages are replied to; talks on until there are enough."""
        server = _start(command)
        self._keep_talking(at_once)
        await self._replied(after)
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        server = _start(command)
        try:
            await self._replied(messages)
            await self.rest()
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)
        return {"at_once": at_once, "killed_after": after}

    @asynccontextmanager
    async def meta(self, port: int) -> AsyncIterator[None]:
        """Is Meta while the block runs, with the Graph API on this port."""
        await self.sim.serve(port)
        try:
            yield
        finally:
            self.sim.close()
            self.webhooks.close()
            await asyncio.sleep(0)  # lets the connections close

    async def rest(self) -> None:
        """Begins nothing new, and waits until everybody was answered or has given up, and all webhooks were taken."""
        self.customers.turn_over = lambda _: None
        until = time.perf_counter() + self.customers.timeout + AFTERWARDS
        while (  # noqa: ASYNC110 - many things may end it
            self.customers.waiting or self.webhooks.open
        ) and time.perf_counter() < until:
            await asyncio.sleep(GLANCE)

    def counts(self) -> Json:
        """Gives everything that was counted."""
        names = ("said", "replied", "conversations", "lost", "duplicate", "unexpected")
        counted = {name: self.customers.counts[name] for name in (*names, "wrong_text", "stranger")}
        answers = {str(status): count for status, count in self.webhooks.statuses.items()}
        return {
            **counted,
            "webhook_answers": answers,
            "webhook_retries": self.webhooks.retries,
            "connections": self.webhooks.connections,
            "graph": dict(self.sim.counts),
            "complaints": self.customers.complaints[:5],
        }

    def _keep_talking(self, at_once: int) -> None:
        self.customers.turn_over = self.customers.say
        for _ in range(at_once):
            self.customers.say(self.customers.new())

    async def _replied(self, count: int) -> None:
        async with asyncio.timeout(120):
            while self.customers.counts["replied"] < count:  # noqa: ASYNC110 - it is Meta's to count
                await asyncio.sleep(GLANCE)

    async def _verdict(self, customer: Customer, wanted: Sequence[str], quiet: float = 5.0) -> str:
        """Waits until as many replies are there as should be, or none has come for a while; then judges."""
        heard, until = 0, time.perf_counter() + quiet
        while len(customer.heard) < len(wanted) and time.perf_counter() < until:
            await asyncio.sleep(GLANCE * 5)
            if len(customer.heard) > heard:
                heard, until = len(customer.heard), time.perf_counter() + quiet
        await asyncio.sleep(0.1)  # for what is too much
        got = customer.heard
        if len(got) != len(wanted):
            verdict = "missing" if len(got) < len(wanted) else "too_many"
        elif all(part in text for part, text in zip(wanted, got, strict=True)):
            return "exact"
        else:
            verdict = "wrong"
        self.customers.complaints.append(f"{customer.phone} {verdict}: {got}")
        return verdict


def load(
    url: str,
    *,
    pids: Mapping[str, int] | None = None,
    faults: Faults | None = None,
    retrying: Retrying | None = None,
    **customers: Any,
) -> Load:
    """Puts a run together."""
    webhooks = Webhooks(url, retrying=retrying)
    people = Customers(webhooks, **customers)
    return Load(people, webhooks, GraphSim(people.hear, faults=faults), pids or {})


def _start(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, shell=True, start_new_session=True, stdout=subprocess.DEVNULL)


async def run(options: argparse.Namespace) -> Json:
    """Does what the command line asks for."""
    pids = {name: int(pid) for name, _, pid in (each.partition("=") for each in options.pid)}
    faults = Faults(latency_ms=options.latency_ms, jitter_ms=options.jitter_ms)
    one = load(
        options.url,
        pids=pids,
        faults=faults,
        numbers=options.numbers,
        statuses=options.statuses,
        timeout=options.timeout,
    )
    span = {"warm_up": options.warm_up, "seconds": options.seconds}
    modes = {
        "closed": partial(one.closed, options.at_once, **span),
        "open": partial(one.open, options.rate, **span),
        "burst": partial(
            one.burst,
            options.bursts,
            at_once=options.at_once,
            gap_ms=options.gap_ms,
            said=SAID,
            wanted=WANTED,
        ),
        "kill": partial(
            one.kill,
            options.command,
            at_once=options.at_once,
            after=options.messages // 4,
            messages=options.messages,
        ),
    }
    async with one.meta(options.graph_port):
        figures = await modes[options.mode]()
    return {"mode": options.mode, **figures, **one.counts()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["closed", "open", "burst", "kill"])
    parser.add_argument("--url", required=True, help="the bot's webhook address on this machine")
    parser.add_argument("--graph-port", type=int, default=9100)
    parser.add_argument(
        "--pid", action="append", default=[], help="NAME=PID: count this tree's CPU"
    )
    parser.add_argument("--at-once", type=int, default=50, help="customers (closed, burst, kill)")
    parser.add_argument("--rate", type=float, default=300, help="messages a second (open)")
    parser.add_argument("--warm-up", type=float, default=2, help="seconds")
    parser.add_argument("--seconds", type=float, default=5, help="that are measured")
    parser.add_argument("--statuses", type=int, default=0, help="status webhooks a reply, up to 3")
    parser.add_argument("--numbers", type=int, default=1, help="numbers that customers write to")
    parser.add_argument("--timeout", type=float, default=10, help="seconds until a turn is lost")
    parser.add_argument("--bursts", type=int, default=20)
    parser.add_argument("--gap-ms", type=float, default=10)
    parser.add_argument("--messages", type=int, default=4000, help="kill mode: in all")
    parser.add_argument("--command", default="", help="kill mode: starts the server")
    parser.add_argument("--latency-ms", type=float, default=0, help="of the Graph API")
    parser.add_argument("--jitter-ms", type=float, default=0)
    return parser.parse_args()


def main() -> None:
    """Runs and prints."""
    print(json.dumps(uvloop.run(run(_options())), ensure_ascii=False))


if __name__ == "__main__":
    main()
