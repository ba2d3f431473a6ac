"""What begins a flow besides its chatbot's choice: any message, or one with certain words.

Words are compared without case, accents, punctuation and emoji. `exact` wants nothing but the word; `contains` wants it
somewhere, from the beginning of a word: "promo" is in "promoções", "oi" is not in "coisa". With `regex` the words are
RE2 patterns, searched in the text as it was written.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import re2
from pydantic import BaseModel, ConfigDict, Field

from recado.engine.fold import fold_title
from recado.engine.node import field
from recado.engine.patterns import bad_pattern, compiled
from recado.engine.problems import Problem

Match = Literal["exact", "contains", "regex"]
Word = Annotated[str, Field(min_length=1, max_length=1_000)]


class TriggerRule(BaseModel):
    """A rule by which a message begins the flow: `any` fits every one, `keyword` those with one of the words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["any", "keyword"] = field("Tipo", "Type", default="keyword")
    words: tuple[Word, ...] = field("Palavras", "Words", default=(), ui="words", max_length=100)
    match: Match = field(
        "Comparação",
        "Match",
        default="exact",
        help=(
            "exact: a mensagem é só a palavra; contains: a palavra aparece na mensagem; regex: expressão regular.",
            "exact: the message is just the word; contains: the word is in the message; regex: a regular expression.",
        ),
    )

    def problems(self, *, field: str) -> Iterator[Problem]:
        """Finds a keyword without words, blank words, and patterns that RE2 refuses."""
        if self.type == "any":
            return
        if not self.words:
            yield Problem(code="missing_field", field=f"{field}.words")
        for index, word in enumerate(self.words):
            path = f"{field}.words.{index}"
            if not word.strip():
                yield Problem(code="missing_field", field=path)
            elif self.match == "regex" and (reason := bad_pattern(word)):
                yield Problem(code="bad_pattern", field=path, params={"reason": reason})


def triggered(words: Iterable[str], match: Match, text: str) -> bool:
    """Says whether a message has one of a keyword's words in it."""
    said = fold_title(text)
    match match:
        case "exact":
            return bool(said) and any(fold_title(word) == said for word in words)
        case "contains":
            return any(f" {fold_title(word)}" in f" {said}" for word in words)
        case "regex":
            return any(_found(word, text) for word in words)


def _found(pattern: str, text: str) -> bool:
    try:
        return compiled(pattern).search(text) is not None
    except (re2.error, UnicodeEncodeError):
        return False  # a lone surrogate, or a pattern from before patterns were checked
