"""Asks the system's resolver for a host's addresses, each look-up on a thread of its own.

Not on the event loop's pool of threads: there a few authors' dead name servers would hold up everybody's look-ups.
A thread that still waits for a name server does not keep the process from ending.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

from recado.calls.public_addresses import Ip

MOST_AT_ONCE = 64

LookUp = Callable[[str, int], Awaitable[list[Ip]]]


class Resolver:
    """Looks names up; at most 64 at once, the rest waits."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, host: str, port: int) -> list[Ip]:
        """Gives the addresses of a host in the system's order; raises OSError when there are none."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Ip]] = loop.create_future()

        def settle(addresses: list[Ip] | None, error: OSError | None) -> None:
            self._free.release()
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(addresses or [])

        def ask() -> None:
            addresses: list[Ip] | None = None
            error: OSError | None = None
            try:
                addresses = _resolve(host, port)
            except (OSError, UnicodeError) as problem:
                error = OSError(str(problem))
            # The loop may have ended while the name server was silent.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, addresses, error)

        threading.Thread(target=ask, name="look-up", daemon=True).start()
        return await answer


def _resolve(host: str, port: int) -> list[Ip]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    # The zone of a link-local address, if the system names one, stands in the text.
    return list(dict.fromkeys(ip_address(str(address[0])) for *_, address in found))
