"""Spans of time as people write them: `90 seconds`, `3 days`, `2h`."""

import re
from datetime import timedelta

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
SPAN = re.compile(r"([0-9]{1,9}) ?(days?|hours?|minutes?|seconds?|[dhms])")
SECONDS = {name[0]: size for name, size in UNITS}
LONGEST = timedelta(days=400)


def parse_span(text: str, *, longest: timedelta = LONGEST) -> timedelta | None:
    """Reads a span of time; None for anything else, and for one that is longer."""
    found = SPAN.fullmatch(text)
    seconds = int(found[1]) * SECONDS[found[2][0]] if found else None
    if seconds is None or seconds > longest.total_seconds():
        return None
    return timedelta(seconds=seconds)


def span(time: timedelta) -> str:
    """Says a span of time in the largest unit that fits it."""
    seconds = round(time.total_seconds())
    for name, size in UNITS:
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "0 seconds"
