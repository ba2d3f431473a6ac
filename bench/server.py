"""The servers that are measured: a Recado with the bundled PostgreSQL in a folder of its own, and the null bot.

A Recado is set up over its API as a person would: numbers without a rate of ours, read receipts off unless they are
what is measured, the flow published. Its Graph API is the simulator's port.
"""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.e2e.webhooks import APP_SECRET, WABA_ID, number_id, shown_phone
from bench.flow import flow
from recado.store.embedded import start as start_postgres

ROOT = Path(__file__).parent.parent
EMAIL, PASSWORD = "bench@example.com", "bench bench bench"
METRICS_TOKEN = "token-of-the-benchmark"
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0
NULL_BOT = "bench/e2e/ref/null_uvloop.py"


@dataclass(frozen=True)
class Bot:
    """A running server: where its webhook is, where it looks for the Graph API, whose CPU is its own."""

    url: str
    graph_port: int
    pids: dict[str, int]


@dataclass(frozen=True)
class Recado(Bot):
    """A Recado: `api` is signed in, `database` leads past it and is in `data`; `command` with `environment` starts it."""

    api: "Api"
    database: str
    data: Path
    command: tuple[str, ...]
    environment: dict[str, str]
    processes: tuple[subprocess.Popen[bytes], ...]


@dataclass(frozen=True)
class Setup:
    """What is measured. `nodes` is the size of the flow; `settings` are RECADO_ variables."""

    numbers: int = 1
    processes: int = 1
    nodes: int = 0
    read_receipts: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class Api:
    """Recado's REST API."""

    port: int
    token: str | None = None

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Makes something."""
        status, answer = self.ask("POST", path, body)
        if status >= 300:
            raise RuntimeError(f"POST {path}: {status} {answer.decode()}")
        return json.loads(answer)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Asks anything."""
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def null_bot(graph_port: int) -> Iterator[Bot]:
    """Runs the bot that keeps nothing."""
    port = free_port()
    command = (sys.executable, NULL_BOT, str(port), str(graph_port))
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        _wait_for(port, [process])
        yield Bot(f"http://127.0.0.1:{port}/webhook", graph_port, {"app": process.pid})
    finally:
        _stop([process])


@contextmanager
def recado(graph_port: int, setup: Setup | None = None) -> Iterator[Recado]:
    """Runs a Recado that has just been set up, on an empty database that fsyncs."""
    setup = setup or Setup()
    with tempfile.TemporaryDirectory(prefix="recado-bench-", dir=setup.folder) as name:
        folder = Path(name)
        postgres = asyncio.run(start_postgres(folder / "data"))
        processes: list[subprocess.Popen[bytes]] = []
        try:
            running = _started(setup, graph_port, folder, postgres.url, processes)
            yield replace(running, pids={**running.pids, "pg": postgres.pid or 0})
        finally:
            _stop(processes)
            asyncio.run(postgres.stop())


def free_port() -> int:
    """Finds a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _started(
    setup: Setup,
    graph_port: int,
    folder: Path,
    database: str,
    processes: list[subprocess.Popen[bytes]],
) -> Recado:
    port = free_port()
    environment = _environment(setup, graph_port, folder, database, port)
    command: tuple[str, ...] = (sys.executable, "-m", "recado", "serve")
    command += ("--reuse-port",) if setup.processes > 1 else ()
    for _ in range(setup.processes):
        processes.append(_spawn(command, environment))
        _wait_for(port, processes)
    api = _set_up(Api(port), setup)
    return Recado(
        url=f"http://127.0.0.1:{port}/whatsapp/webhook",
        graph_port=graph_port,
        pids={f"app{index or ''}": each.pid for index, each in enumerate(processes)},
        api=api,
        database=database,
        data=folder / "data",
        command=command,
        environment=environment,
        processes=tuple(processes),
    )


def _environment(
    setup: Setup, graph_port: int, folder: Path, database: str, port: int
) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RECADO_")}
    settings = {
        "RECADO_PORT": str(port),
        "RECADO_DATA_DIR": str(folder / "data"),
        "RECADO_DATABASE_URL": database,
        "RECADO_GRAPH_URL": f"http://127.0.0.1:{graph_port}",
        "RECADO_LOG_LEVEL": "warning",
        "RECADO_ADMIN_EMAIL": EMAIL,
        "RECADO_ADMIN_PASSWORD": PASSWORD,
        "RECADO_METRICS_TOKEN": METRICS_TOKEN,
    }
    return {**plain, **settings, **dict(setup.settings)}


def _set_up(api: Api, setup: Setup) -> Api:
    credentials = {"email": EMAIL, "password": PASSWORD}
    api = replace(api, token=api.post("/api/v1/auth/login", credentials)["access_token"])
    drawn = api.post("/api/v1/flows/?publish=true", flow(setup.nodes))
    settings = {"read_receipts": setup.read_receipts, "typing": False}
    chatbot = {"name": "Portaria", "flow_id": drawn["id"], "settings": settings}
    made = api.post("/api/v1/chatbots/", chatbot)
    for index in range(setup.numbers):
        number = {
            "phone_number": shown_phone(index),
            "connection_type": "official",
            "phone_number_id": number_id(index),
            "whatsapp_business_account_id": WABA_ID,
            "access_token": "EAAG-of-the-benchmark",
            "app_secret": APP_SECRET,
            "default_chatbot_id": made["id"],
            "limits": {"messages_per_second": None},
        }
        api.post("/api/v1/whatsapp/", number)
    return api


def _spawn(command: Sequence[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _wait_for(port: int, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Waits until the newest process serves: the port answers, and as many listen as were started."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if any(process.poll() is not None for process in processes):
            raise RuntimeError("a server ended before it was ready")
        if _listeners(port) >= len(processes) and _ready(port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing serves on port {port}")


def _listeners(port: int) -> int:
    """Counts the sockets that listen on a port of this machine."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(each[1].endswith(wanted) and each[3] == "0A" for each in fields)


def _ready(port: int) -> bool:
    try:
        Api(port).ask("GET", "/readyz")
    except OSError:
        return False
    return True


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
