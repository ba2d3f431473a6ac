"""Finds what an author probably meant: the known word that is nearest to the one that was written.

Comparing words is slow, so only those that share the most pairs of letters are compared, no word twice, and in one
compilation not without end: a flow with a thousand misspelt names has another problem.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nsmallest

from recado.engine.fold import fold

CUTOFF = 0.75
LONGEST = 200
MOST_KNOWN = 2_000
MOST_COMPARED = 20
MOST_SEARCHES = 50


class Spelling:
    """Suggests known words for misspelt ones, while one flow is compiled; `left` is how many it will yet look for."""

    def __init__(self) -> None:
        self.left = MOST_SEARCHES
        self._known: dict[frozenset[str], _Known] = {}
        self._found: dict[tuple[str, frozenset[str]], str | None] = {}

    def nearest(self, word: str, known: Iterable[str]) -> str | None:
        """Gives the known word that is most like this one, if any is like it; case and accents don't count."""
        words = frozenset(known)
        asked = (word, words)
        if asked not in self._found:
            if self.left == 0 or not words or len(word) > LONGEST:
                return None
            self.left -= 1
            self._found[asked] = self._words(words).nearest(fold(word))
        return self._found[asked]

    def _words(self, words: frozenset[str]) -> "_Known":
        if words not in self._known:
            self._known[words] = _Known(words)
        return self._known[words]


class _Known:
    """Known words, folded, and which of them have a pair of letters."""

    def __init__(self, words: Iterable[str]) -> None:
        kept = sorted(word for word in words if len(word) <= LONGEST)[:MOST_KNOWN]
        self._folded = {fold(word): word for word in kept}
        self._having: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._folded:
            for pair in _pairs(word):
                self._having[pair].append(word)

    def nearest(self, word: str) -> str | None:
        """Gives the word, as it was written, that is most like a folded one."""
        shared = Counter(each for pair in _pairs(word) for each in self._having.get(pair, ()))
        likely = nsmallest(MOST_COMPARED, shared, key=lambda each: (-shared[each], each))
        found = get_close_matches(word, likely, n=1, cutoff=CUTOFF)
        return self._folded[found[0]] if found else None


def _pairs(word: str) -> set[str]:
    """Gives each letter with the next one; the first and the last one also with the edge of the word."""
    edged = f" {word} "
    return {edged[at : at + 2] for at in range(len(edged) - 1)}
