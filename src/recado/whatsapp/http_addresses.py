"""Where a host is: asked of the machine's resolver once for all who wait, and remembered for a little while."""

import asyncio
import socket
from functools import partial
from typing import Any

KEPT_SECONDS = 10.0  # a host that moves is found again soon, and a burst of replies asks once

AddressInfos = list[tuple[Any, ...]]
_Place = tuple[str, int]


class Addresses:
    """The addresses of the hosts that were asked for lately. Make it inside a running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: dict[_Place, asyncio.Task[AddressInfos]] = {}

    async def of(self, host: str, port: int) -> AddressInfos:
        """Gives a host's addresses; one who gives up waiting does not end the wait of the others."""
        place = host, port
        asked = self._asked.get(place)
        if asked is None:
            asked = self._asked[place] = self._loop.create_task(self._look_up(host, port))
            asked.add_done_callback(partial(self._keep, place))
        return await asyncio.shield(asked)

    async def _look_up(self, host: str, port: int) -> AddressInfos:
        return list(await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    def _keep(self, place: _Place, asked: asyncio.Task[AddressInfos]) -> None:
        """Forgets a failure at once: the next to ask tries again."""
        if asked.cancelled() or asked.exception():
            del self._asked[place]
        else:
            self._loop.call_later(KEPT_SECONDS, self._asked.pop, place)
