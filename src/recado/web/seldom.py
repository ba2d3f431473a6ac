"""Warnings that a stranger can cause: written once a minute for each subject, so that nobody floods the log."""

from collections.abc import Callable
from time import monotonic

import structlog

log = structlog.get_logger(__name__)

EVERY = 60.0  # seconds
SUBJECTS = 10_000


class Seldom:
    """Remembers when each warning was last written, and how many were held back since."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._written: dict[tuple[str, str], tuple[float, int]] = {}

    def warn(self, event: str, subject: str, **ids: object) -> None:
        """Writes the warning unless the same one about the same subject was written within a minute."""
        now = self._clock()
        last, held_back = self._written.get((event, subject), (now - EVERY, 0))
        if now - last < EVERY:
            self._written[event, subject] = (last, held_back + 1)
            return
        if len(self._written) >= SUBJECTS:
            self._written.clear()
        self._written[event, subject] = (now, 0)
        log.warning(event, held_back=held_back, **ids)
