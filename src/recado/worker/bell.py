"""A bell between tasks of one process: rung when there is work, heard once however often it was rung."""

import asyncio


class Bell:
    """Wakes one waiting loop. The database is the truth; the bell is only the short cut."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self, _: str = "") -> None:
        """Wakes the loop, or keeps it from falling asleep."""
        self._rung.set()

    def hush(self) -> None:
        """Forgets the rings so far, because somebody looks for work now."""
        self._rung.clear()

    async def heard(self, *, within: float) -> bool:
        """Waits for a ring; says whether one came in time."""
        try:
            await asyncio.wait_for(self._rung.wait(), within)
        except TimeoutError:
            return False
        return True
