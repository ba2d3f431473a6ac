"""Makes two spellings of the same words equal: what people type is compared folded."""

import unicodedata
from functools import lru_cache

# Punctuation, emoji (So, with their skin tones Sk and joiners Cf), controls and what Unicode does not know.
# Sm and Sc stay: "A+" is not "A", and "R$" means something.
STRIPPED = frozenset(
    {"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "So", "Sk", "Cf", "Cc", "Cs", "Co", "Cn"}
)

SHORT = 100  # longer texts are not kept


def fold(text: str) -> str:
    """Folds case, accents and compatibility forms (NFKD), and collapses whitespace."""
    if text.isascii():
        return " ".join(text.lower().split())
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(sign for sign in spread if not unicodedata.combining(sign))
    return " ".join(bare.casefold().split())


def fold_title(text: str) -> str:
    """Folds a title and drops punctuation and emoji; a title made of nothing else stays as it is.

    Punctuation between letters becomes a blank ("pré-pago" is "pre pago"), and so does the sign in "1,5 kg",
    which is not "15 kg".
    """
    # A message is held against commands, keywords and titles, which stay the same.
    return _cached_title(text) if len(text) <= SHORT else _title(text)


@lru_cache(maxsize=4_096)
def _cached_title(text: str) -> str:
    return _title(text)


def _title(text: str) -> str:
    folded = text.lower() if text.isascii() else fold(text)
    ascii = folded.isascii()
    bare = folded.translate(_ASCII) if ascii else "".join(map(_bare, _keycaps(folded)))
    return " ".join(bare.split()) or " ".join(folded.split())


def _bare(sign: str) -> str:
    return " " if unicodedata.category(sign) in STRIPPED else sign


# What `_bare` makes of each ASCII sign: nearly every text is ASCII once it is folded.
_ASCII = {code: _bare(chr(code)) for code in range(128)}


def _keycaps(text: str) -> str:
    # 2️⃣ is a digit, a variation selector and a keycap: the digit is what counts.
    return text.replace("\N{VARIATION SELECTOR-16}", "").replace(
        "\N{COMBINING ENCLOSING KEYCAP}", ""
    )
