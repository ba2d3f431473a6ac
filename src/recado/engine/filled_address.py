"""What a value may not change of the address that it is filled into: the host, and how far up its path goes.

A value decides the host only where its placeholder is the beginning of the address, for then it is the whole address.
Anywhere else it is a piece of a path, a query or a fragment.
"""

import re
from itertools import pairwise

# Scheme and authority (RFC 3986, 3.2). A backslash ends none: some readers take it for a slash, others do not.
HOST = re.compile(r"(?:[^/?#]*:)?//[^/?#]*|[^/?#]*")
PATH = re.compile(r"[^?#]*")
# Many readers take `%2e` for a dot (WHATWG URL, "double-dot path segment").
DOT = re.compile("%2e", re.IGNORECASE)


class FilledAddress:
    """An address that is being filled: its text, and where the values stand in it."""

    def __init__(self) -> None:
        self._text = ""
        self._begun = False
        self._filled: list[tuple[int, int]] = []

    def write(self, text: str) -> None:
        """Adds what the author wrote."""
        self._begun = True
        self._text += text

    def fill(self, text: str) -> None:
        """Adds what stands in a placeholder's place."""
        if self._begun:
            self._filled.append((len(self._text), len(self._text) + len(text)))
        self.write(text)

    def refusal(self) -> str | None:
        """Says why the address may not be called, as a key of `reasons.CALL_ERRORS`."""
        if self.names_host():
            return "value_in_host"
        return "value_in_path" if self._climbs() else None

    def names_host(self) -> bool:
        """Says whether a value other than the whole address stands in the host part, or touches it."""
        return any(start <= self._host_end() for start, _ in self._filled)

    def _climbs(self) -> bool:
        """Says whether a value makes a segment of the path `.` or `..`."""
        start = self._host_end()
        found = PATH.match(self._text, start)
        path = found[0] if found else ""
        ends = [start + at for at, sign in enumerate(path) if sign == "/"] + [start + len(path)]
        dotted = [
            (left + 1, right)
            for left, right in pairwise(ends)
            if DOT.sub(".", self._text[left + 1 : right]) in (".", "..")
        ]
        return any(
            left <= first and last <= right
            for left, right in dotted
            for first, last in self._filled
        )

    def _host_end(self) -> int:
        found = HOST.match(self._text)
        return found.end() if found else 0
