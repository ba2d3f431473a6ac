"""Asks the system's resolver for a host's addresses, each look-up on a thread of its own.

Not on the event loop's pool of threads: there a few authors' dead name servers would hold up everybody's look-ups. A
name server that is silent holds a thread for half a minute, so names of one owner have few threads at once, and the
others' names still find one. A thread that waits does not keep the process from ending.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address
from weakref import WeakValueDictionary

from recado.calls.public_addresses import Ip

MOST_AT_ONCE = 256
MOST_OF_ONE = 4
# Labels that stand before a country's where owners register below it: com.br, gov.br, co.uk.
LONGEST_SECOND = 3

LookUp = Callable[[str, int], Awaitable[list[Ip]]]
Resolve = Callable[[str, int], list[Ip]]


def _resolve(host: str, port: int) -> list[Ip]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    # The zone of a link-local address, if the system names one, stands in the text.
    return list(dict.fromkeys(ip_address(str(address[0])) for *_, address in found))


class Resolver:
    """Looks names up; at most so many at once of one owner and in all, the rest waits."""

    def __init__(self, resolve: Resolve = _resolve) -> None:
        self._resolve = resolve
        self._free = asyncio.Semaphore(MOST_AT_ONCE)
        # Kept alive by those who wait or ask.
        self._owners: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def __call__(self, host: str, port: int) -> list[Ip]:
        """Gives the addresses of a host in the system's order; raises OSError when there are none."""
        mine = self._owners.setdefault(owner(host), asyncio.Semaphore(MOST_OF_ONE))
        await mine.acquire()
        try:
            await self._free.acquire()
        except BaseException:
            mine.release()
            raise

        def over() -> None:
            mine.release()
            self._free.release()

        return await self._begin(host, port, over)

    def _begin(self, host: str, port: int, over: Callable[[], None]) -> asyncio.Future[list[Ip]]:
        """Begins a look-up; its places are free when the name server has answered, whoever still waits for it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Ip]] = loop.create_future()

        def settle(addresses: list[Ip] | None, error: OSError | None) -> None:
            over()
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
                addresses = self._resolve(host, port)
            except (OSError, UnicodeError) as problem:
                error = OSError(str(problem))
            # The loop may have ended while the name server was silent.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, addresses, error)

        try:
            threading.Thread(target=ask, name="look-up", daemon=True).start()
        except RuntimeError as problem:
            over()
            raise OSError(str(problem)) from problem
        return answer


def owner(host: str) -> str:
    """Gives the part of a name that somebody registered, by a rule that needs no list and is right for most."""
    labels = host.lower().rstrip(".").split(".")
    second = labels[-2] if len(labels) > 1 else ""
    below = len(labels[-1]) == 2 and len(second) <= LONGEST_SECOND
    return ".".join(labels[-3:] if below else labels[-2:])
