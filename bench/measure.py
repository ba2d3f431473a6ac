"""The measurements: each runs a load against a bot and gives its figures."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from bench.e2e.processes import resident_mb
from bench.growth import grow
from bench.server import METRICS_TOKEN, ROOT, Bot, Recado, Setup, free_port, null_bot, recado

Json = dict[str, Any]
BOTS = ("null", "recado")
NUMBERS_OF_MANY = 8


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float
    warm_up: float
    conversations: tuple[int, ...]
    nodes: tuple[int, ...]
    processes: tuple[int, ...] = (1, 2, 4)
    bursts: int = 40
    crash_messages: int = 1_500
    numbers: int = NUMBERS_OF_MANY


LOADS: dict[str, tuple[str, ...]] = {
    "closed_200": ("closed", "--at-once", "200"),
    "closed_50": ("closed", "--at-once", "50"),
    "open_300": ("open", "--rate", "300"),
}


def load(bot: Bot, *options: str, environment: dict[str, str] | None = None) -> Json:
    """Runs the harness in a process of its own; gives what it printed."""
    command = [sys.executable, "-m", "bench.e2e.load", *options]
    command += ["--url", bot.url, "--graph-port", str(bot.graph_port)]
    for name, pid in bot.pids.items():
        command += ["--pid", f"{name}={pid}"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the load failed: {done.stderr[-2000:]}")
    figures: Json = json.loads(done.stdout)
    return figures


def cpu(figures: Json) -> int:
    """Adds up what a message cost all processes, in microseconds."""
    return sum(figures["cpu_us"].values())


def rounds(size: Size, tell: Callable[[str], None]) -> Json:
    """Loads both bots in turns; gives every round's figures by load and bot."""
    found: Json = {name: {bot: [] for bot in BOTS} for name in LOADS}
    span = _span(size)
    with _both() as bots:
        memory = resident_mb(bots["recado"].pids["app"])
        for index in range(size.rounds):
            for name, options in LOADS.items():
                for bot in BOTS:
                    figures = load(bots[bot], *options, *span)
                    found[name][bot].append(figures)
                    tell(f"round {index + 1}, {name}, {bot}: {_short(figures)}")
    return {"loads": found, "memory_mb": {"at_rest": round(memory, 1)}}


def statuses(size: Size, tell: Callable[[str], None]) -> Json:
    """Compares the cost of a message with three statuses a reply to that without, and the cost of read receipts."""
    found: Json = {"without": [], "with": [], "receipts": []}
    span = _span(size)
    with recado(free_port()) as plain, recado(free_port(), Setup(read_receipts=True)) as marking:
        for _ in range(size.rounds):
            for name, bot, statuses in (
                ("without", plain, 0),
                ("with", plain, 3),
                ("receipts", marking, 0),
            ):
                options = ("closed", "--at-once", "50", "--statuses", str(statuses))
                found[name].append(load(bot, *options, *span))
                tell(f"statuses, {name}: {_short(found[name][-1])}")
    return found


def bursts(size: Size, tell: Callable[[str], None]) -> Json:
    """Lets customers send five messages at once to a slow Graph API."""
    slow = ("--latency-ms", "50", "--jitter-ms", "20", "--gap-ms", "10")
    with recado(free_port()) as bot:
        figures = load(bot, "burst", "--bursts", str(size.bursts), "--at-once", "20", *slow)
    tell(f"bursts: {figures['exact']} of {figures['bursts']} exact")
    return figures


def crashes(size: Size, tell: Callable[[str], None]) -> Json:
    """Kills each bot in the middle and starts it again; what comes within a minute is not lost."""
    found: Json = {}
    with recado(free_port(), Setup(settings=(("RECADO_UNKNOWN_WAIT", "3"),))) as bot:
        bot.processes[0].terminate()
        bot.processes[0].wait()
        found["recado"] = _crash(bot, size, " ".join(bot.command), bot.environment)
    graph_port, port = free_port(), free_port()
    null = Bot(f"http://127.0.0.1:{port}/webhook", graph_port, {})
    command = f"{sys.executable} bench/e2e/ref/null_uvloop.py {port} {graph_port}"
    found["null"] = _crash(null, size, command, None)
    for name, figures in found.items():
        tell(f"crash, {name}: lost {figures['lost']}, repeated {figures['duplicate']}")
    return found


def processes(size: Size, tell: Callable[[str], None]) -> Json:
    """Runs one, two and four processes on one port and one database."""
    found: Json = {}
    for count in size.processes:
        setup = Setup(numbers=size.numbers, processes=count)
        with recado(free_port(), setup) as bot:
            options = ("closed", "--at-once", "200", "--numbers", str(size.numbers))
            figures = load(bot, *options, *_span(size))
            figures["turn_shares"] = turn_shares(bot)
        found[str(count)] = figures
        tell(f"{count} processes: {_short(figures)}, turns {figures['turn_shares']}")
    return found


def growth(size: Size, tell: Callable[[str], None]) -> Json:
    """Measures the cost of a message as conversations pile up, and as flows grow."""
    return {
        "conversations": _conversations(size, tell),
        "nodes": {str(nodes): _flow_of(nodes, size, tell) for nodes in size.nodes},
    }


def turn_shares(bot: Recado) -> list[float]:
    """Gives each process's share of the turns, largest first, as their metrics tell.

    All listen on one port, so that each connection reaches any of them; the moment of its start tells which.
    """
    turns: dict[str, float] = {}
    for _ in range(200):
        status, body = replace(bot.api, token=METRICS_TOKEN).ask("GET", "/metrics")
        if status != 200:
            raise RuntimeError(f"GET /metrics: {status}")
        text = body.decode()
        turns[_metric(text, "process_start_time_seconds")] = float(
            _metric(text, "recado_turns_total")
        )
        if len(turns) == len(bot.processes):
            break
    total = sum(turns.values()) or 1.0
    return sorted((round(each / total, 3) for each in turns.values()), reverse=True)


def _conversations(size: Size, tell: Callable[[str], None]) -> Json:
    found: Json = {}
    with recado(free_port()) as bot:
        load(bot, *LOADS["closed_50"], *_span(size))  # warms up
        for count in size.conversations:
            grow(bot, count)
            found[str(count)] = _cost(bot, size)
            tell(f"{count} conversations: {found[str(count)]['cpu_us']:.0f} us")
    return found


def _flow_of(nodes: int, size: Size, tell: Callable[[str], None]) -> Json:
    with recado(free_port(), Setup(nodes=nodes)) as bot:
        found = _cost(bot, size)
    tell(f"{nodes} nodes: {found['cpu_us']:.0f} us")
    return found


def _cost(bot: Recado, size: Size) -> Json:
    """Gives the median cost of a message over the rounds, with the latencies of the last."""
    taken = [load(bot, *LOADS["closed_50"], *_span(size)) for _ in range(max(size.rounds, 2))]
    return {
        "cpu_us": median(cpu(figures) for figures in taken),
        "latency_ms": taken[-1]["latency_ms"],
        "rss_mb": round(resident_mb(bot.pids["app"]), 1),
    }


def _crash(bot: Bot, size: Size, command: str, environment: dict[str, str] | None) -> Json:
    quiet = Bot(bot.url, bot.graph_port, {})
    options: tuple[str, ...] = (
        "--messages",
        str(size.crash_messages),
        "--command",
        f"exec {command}",
    )
    options += ("--timeout", "60", "--statuses", "3")
    return load(quiet, "kill", *options, environment=environment)


@contextmanager
def _both() -> Iterator[dict[str, Bot]]:
    with null_bot(free_port()) as null, recado(free_port()) as ours:
        yield {"null": null, "recado": ours}


def _span(size: Size) -> tuple[str, ...]:
    return ("--seconds", str(size.seconds), "--warm-up", str(size.warm_up))


def _metric(text: str, name: str) -> str:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return found[1] if found else "0"


def _short(figures: Json) -> str:
    latency = figures["latency_ms"]
    return (
        f"{figures['msg_per_s']:.0f}/s, {figures['cpu_us']} us, "
        f"p50 {latency['p50']} p99 {latency['p99']} ms, lost {figures['lost']}"
    )
