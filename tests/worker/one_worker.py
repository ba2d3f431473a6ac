"""A worker process for tests: works until SIGTERM, then drains; killed, it leaves whatever it was doing."""

import asyncio
import signal
import sys

import structlog

from recado.config import Settings
from recado.store.pool import create_pool
from recado.worker.run import Worker
from tests.worker.stage import VAULT


async def work(url: str, graph_url: str) -> None:
    """Starts a worker and waits for the end."""
    pool = await create_pool(url, min_size=1, max_size=6)
    settings = Settings(graph_url=graph_url, unknown_wait=5, egress_allow=("127.0.0.1",))
    roles = frozenset({"turn", "send", "call", "settle"})
    worker = Worker(pool, VAULT, settings=settings, url=url, roles=roles)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await worker.start()
    sys.stdout.write("working\n")
    sys.stdout.flush()
    await over.wait()
    await worker.drain()
    await pool.close()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(work(sys.argv[1], sys.argv[2]))
