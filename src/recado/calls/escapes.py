"""Undoes the escapes of JSON in a text that may be no JSON, and knows where each sign came from."""

import re
from bisect import bisect_left
from collections.abc import Mapping

# RFC 8259, 7; a pair of halves is one sign.
ESCAPE = re.compile(
    r"\\(?:u(?P<high>d[89ab][0-9a-f]{2})\\u(?P<low>d[c-f][0-9a-f]{2})|u(?P<sign>[0-9a-f]{4})"
    r"|(?P<short>[\"\\/bfnrt]))",
    re.IGNORECASE,
)
SHORT: Mapping[str, str] = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Unescaped:
    """A text with its escapes undone once."""

    def __init__(self, escaped: str) -> None:
        pieces: list[str] = []
        # The places of undone escapes in the new text, and how much shorter it is behind each.
        self._places: list[int] = []
        self._shorter = [0]
        last = 0
        for found in ESCAPE.finditer(escaped):
            pieces += [escaped[last : found.start()], _sign(found)]
            self._places.append(found.start() - self._shorter[-1])
            self._shorter.append(self._shorter[-1] + found.end() - found.start() - 1)
            last = found.end()
        self.text = "".join([*pieces, escaped[last:]])

    def original(self, place: int) -> int:
        """Gives the place in the escaped text where the sign at a place of this one begins."""
        return place + self._shorter[bisect_left(self._places, place)]


def _sign(found: re.Match[str]) -> str:
    if found["high"]:
        pair = bytes.fromhex(found["high"] + found["low"])
        return pair.decode("utf-16-be")
    if found["sign"]:
        return chr(int(found["sign"], 16))
    return SHORT.get(found["short"], found["short"])
