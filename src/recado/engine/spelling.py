"""Finds what an author probably meant: the known word that is nearest to the one that was written."""

from collections.abc import Iterable
from difflib import get_close_matches

from recado.engine.fold import fold

CUTOFF = 0.75
MOST_KNOWN = 2_000


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Gives the known word that is most like this one, if any is like it; case and accents don't count."""
    folded = {fold(each): each for each in list(known)[:MOST_KNOWN]}
    found = get_close_matches(fold(word)[:200], folded, n=1, cutoff=CUTOFF)
    return folded[found[0]] if found else None
