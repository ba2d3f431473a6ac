"""Listens on ports and serves there: the application, and the metrics where they have a port of their own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from recado.config import Settings, SettingsError
from recado.store.pool import Pool
from recado.web.metrics import metrics_app
from recado.web.post_protocol import protocol_of
from recado.web.receiver import Receiver

BACKLOG = 2_048


def listen(
    host: str, port: int, *, reuse_port: bool = False, setting: str = "RECADO_PORT"
) -> socket.socket:
    """Listens on a port; `setting` is what the operator must change where that is not possible."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((host, port))
    except OSError as problem:
        listening.close()
        raise SettingsError(
            f"{setting} must be a free port, and {host}:{port} cannot be used: {problem.strerror}."
        ) from None
    listening.setblocking(False)
    return listening


def served(app: ASGIApp, *, receiver: Receiver | None = None) -> uvicorn.Config:
    """Says how an application is served; with a receiver posts to the webhook go the short way."""
    return uvicorn.Config(
        app,
        http="httptools" if receiver is None else protocol_of(receiver),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=4,
        backlog=BACKLOG,
    )


def metrics_on_their_port(pool: Pool, settings: Settings) -> Callable[[], Awaitable[None]]:
    """Shows the metrics of this process on the port that the settings name; gives what ends it."""
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    port = settings.metrics_port or 0
    listening = listen(settings.host, port, setting="RECADO_METRICS_PORT")
    listening.listen()  # so that it answers from the moment that it is announced
    server = Server(served(metrics_app(pool, token=token)))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(f"Metrics are at http://{settings.host}:{listening.getsockname()[1]}/metrics", flush=True)

    async def close() -> None:
        server.should_exit = True
        await serving

    return close


class Server(uvicorn.Server):
    """Uvicorn without its signal handlers: signals stop the whole process in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield
