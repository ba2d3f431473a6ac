"""Takes the text of an expression apart: numbers, texts, names, steps into values, signs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recado.engine.expression_mistakes import Refused
from recado.engine.values import STRING

# Letters of every language, the accents that a Mac writes apart, digits and _; other names stand in `backticks`.
LETTERS = r"[\w\u0300-\u036f]"
TOKEN = re.compile(
    rf"(?P<number>[0-9]+(?:\.[0-9]+)?)(?![\w.])|(?P<text>{STRING})|\.\s*(?P<step>{LETTERS}+)"
    rf"|(?P<name>[^\W\d]{LETTERS}*)|`(?P<quoted>[^`]*)`"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:,()\[\]{}|=])",
    re.DOTALL,
)
BLANK = re.compile(r"\s*")
PIECE = re.compile(r"[\w.]+|.", re.DOTALL)
CURLY = frozenset("“”„‟‘’‚‛«»‹›`´")
WORDS = frozenset(["true", "false", "null", "none", "and", "or", "not", "in", "if", "else"])
ESCAPES = {"n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression: its kind (number, text, step, name, sign, end), what it says, where it stands."""

    kind: str
    value: str
    at: int


def tokens(source: str) -> Iterator[Token]:
    """Gives the tokens of an expression, the last of kind `end`; raises Refused at what is none."""
    place = _after_blanks(source, 0)
    while place < len(source):
        found = TOKEN.match(source, place)
        if found is None:
            raise _refused(source, place)
        yield _token(found, place)
        place = _after_blanks(source, found.end())
    yield Token("end", "", len(source))


def _after_blanks(source: str, place: int) -> int:
    blank = BLANK.match(source, place)
    return blank.end() if blank else place


def _token(found: re.Match[str], place: int) -> Token:
    kind, value = found.lastgroup or "", found[found.lastgroup or 0]
    match kind:
        case "name" if value in WORDS:
            return Token("sign", value, place)
        case "quoted":
            return Token("name", " ".join(value.split()), place)
        case "text":
            return Token("text", _unquoted(value), place)
    return Token(kind, value, place)


def _unquoted(literal: str) -> str:
    return re.sub(
        r"\\(.)", lambda sign: ESCAPES.get(sign[1], sign[1]), literal[1:-1], flags=re.DOTALL
    )


def _refused(source: str, place: int) -> Refused:
    sign = source[place]
    if sign in "\"'":
        return Refused("unclosed_text", place, source[place:])
    if sign in CURLY:
        return Refused("curly_quotes", place, sign)
    piece = PIECE.match(source, place)
    return Refused("unexpected", place, piece[0] if piece else sign)
