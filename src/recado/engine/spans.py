"""Spans of time as people write them: `90 seconds`, `3 days`."""

import re
from datetime import timedelta

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
SPAN = re.compile(r"([0-9]{1,9}) (second|minute|hour|day)s?")


def parse_span(text: str) -> timedelta | None:
    """Reads a span of time; None for anything else."""
    found = SPAN.fullmatch(text)
    return timedelta(seconds=int(found[1]) * dict(UNITS)[found[2]]) if found else None


def span(time: timedelta) -> str:
    """Says a span of time in the largest unit that fits it."""
    seconds = round(time.total_seconds())
    for name, size in UNITS:
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "0 seconds"
