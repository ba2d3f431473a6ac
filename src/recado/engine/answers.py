"""Reads a message as the answer to a question: a typed value, or the reason why it does not do."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

import msgspec

from recado.engine.addresses import read_email, read_phone, read_url
from recado.engine.compare import FALSE, TRUE, Operator, compare
from recado.engine.dates import read_date, read_time, zone
from recado.engine.documents import read_cep, read_cnpj, read_cpf
from recado.engine.events import Json, Message
from recado.engine.filters import filters
from recado.engine.fold import fold_title
from recado.engine.numbers import plain, read_number
from recado.engine.values import as_text

MEDIA_TYPES = frozenset({"image", "video", "audio", "document"})
SILENT_TYPES = frozenset({"reaction", "system", "edit", "revoke", "unsupported", "sticker"})
YES = TRUE | {
    "s", "y", "claro", "com certeza", "pode", "pode ser", "quero", "aceito", "isso", "ok", "okay", "yep", "yeah", "sure",
}  # fmt: skip
NO = FALSE | {"n", "nunca", "negativo", "nao quero", "de jeito nenhum", "nope", "nah"}
CURRENCY = re.compile(r"R\$\s*")
LEADING_ZEROS = re.compile(r"^(-?)0+(?=[0-9])")


class AnswerType(StrEnum):
    """What a question asks for."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    URL = "url"
    YES_NO = "yes_no"
    CPF = "cpf"
    CNPJ = "cnpj"
    CEP = "cep"
    REGEX = "regex"
    OPTIONS = "options"
    MEDIA = "media"
    LOCATION = "location"
    ANY = "any"


class Rules(msgspec.Struct, frozen=True):
    """What an answer must keep to: `min` and `max` of numbers, dates (also `today`) and times; lengths; a pattern (RE2)."""

    min: Json = None
    max: Json = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


NO_RULES = Rules()


class Answer(msgspec.Struct, frozen=True):
    """An answer that does: the value to keep, as JSON, and the words of the message."""

    value: Json
    text: str


class BadAnswer(msgspec.Struct, frozen=True):
    """An answer that does not do. `reason` is a key of `texts.py`, `values` fill its placeholders."""

    reason: str
    values: Mapping[str, str] = {}


def answers(message: Message) -> bool:
    """Says whether a message answers questions at all; reactions, stickers and the like never do."""
    return message.type not in SILENT_TYPES


def read(
    message: Message,
    answer: AnswerType,
    *,
    now: datetime,
    timezone: str = "America/Sao_Paulo",
    locale: str = "pt-BR",
    rules: Rules = NO_RULES,
) -> Answer | BadAnswer:
    """Reads a message as an answer of this type; `now` says what `amanhã` means in the time zone.

    A question with options asks `options.match` first: what gets here matched none of them.
    """
    if answer in WORDLESS:
        return _kept_whole(message, answer)
    if message.type != "text" and not message.text.strip():
        return BadAnswer("only_text")
    return _Reading(now, timezone, locale, rules).read(message.text.strip(), answer)


def _kept_whole(message: Message, answer: AnswerType) -> Answer | BadAnswer:
    match answer:
        case AnswerType.MEDIA:
            return _kept(message, message.type in MEDIA_TYPES, "bad_media")
        case AnswerType.LOCATION:
            return _kept(message, message.type == "location", "bad_location")
    return Answer(message.text if message.value is None else message.value, message.text)


def _kept(message: Message, fits: bool, reason: str) -> Answer | BadAnswer:
    return Answer(message.value, message.text) if fits else BadAnswer(reason)


class _Reading(msgspec.Struct, frozen=True):
    """Where and when the answer is read, and the author's rules for it."""

    now: datetime
    timezone: str
    locale: str
    rules: Rules

    @property
    def today(self) -> date:
        """Gives the day of the author's customers."""
        return self.now.astimezone(zone(self.timezone)).date()

    def read(self, text: str, answer: AnswerType) -> Answer | BadAnswer:
        """Reads a typed answer and holds it against the rules."""
        value = self.value(text, answer)
        if value is None:
            return BadAnswer(f"bad_{answer.value}")
        return (
            self.out_of_limits(value) or self.misshapen(text, answer) or Answer(_json(value), text)
        )

    def value(self, text: str, answer: AnswerType) -> "Value | None":
        """Gives the value of a text as the type of answer has it, or None."""
        if reader := READERS.get(answer):
            return reader(text)
        match answer:
            case AnswerType.PHONE:
                return read_phone(text, self.locale.partition("-")[2] or "BR")
            case AnswerType.DATE:
                return read_date(text, self.today)
        return None

    def out_of_limits(self, value: "Value") -> BadAnswer | None:
        """Refuses what lies below the minimum or above the maximum."""
        if self.rules.min is None and self.rules.max is None:
            return None
        low, high = self.limit(self.rules.min, value), self.limit(self.rules.max, value)
        kind = (
            "date" if isinstance(value, date) else "time" if isinstance(value, time) else "number"
        )
        if low is not None and value < low:  # type: ignore[operator]
            return BadAnswer(f"{kind}_under_min", {"min": self.shown(low)})
        if high is not None and value > high:  # type: ignore[operator]
            return BadAnswer(f"{kind}_over_max", {"max": self.shown(high)})
        return None

    def limit(self, rule: Json, value: "Value") -> "Value | None":
        """Reads a limit as the kind of value it limits."""
        match value:
            case Decimal():
                return read_number(rule)
            case date():
                return read_date(as_text(rule), self.today)
            case time():
                return read_time(as_text(rule))
        return None

    def shown(self, limit: "Value") -> str:
        """Says a limit to the customer."""
        write = filters(self.locale)
        match limit:
            case Decimal():
                return as_text(write["number"](_json(limit)))
            case date():
                return as_text(write["date"](_json(limit), "long"))
        return as_text(_json(limit))

    def misshapen(self, text: str, answer: AnswerType) -> BadAnswer | None:
        """Refuses what is too short, too long, or not of the pattern."""
        least, most, pattern = self.rules.min_length, self.rules.max_length, self.rules.pattern
        if answer in LENGTHY and least is not None and len(text) < least:
            return BadAnswer("too_short", {"min": str(least)})
        if answer in LENGTHY and most is not None and len(text) > most:
            return BadAnswer("too_long", {"max": str(most)})
        if pattern and not compare(text, Operator.MATCHES, pattern):
            return BadAnswer("bad_regex")
        return None


WORDLESS = frozenset({AnswerType.ANY, AnswerType.MEDIA, AnswerType.LOCATION})
Value = str | bool | Decimal | date | time
LENGTHY = frozenset({AnswerType.TEXT, AnswerType.REGEX, AnswerType.EMAIL, AnswerType.URL})


def _json(value: Value) -> Json:
    match value:
        case Decimal():
            return plain(value)
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds" if value.second else "minutes")
    return value


def _text(text: str) -> str | None:
    return text or None


def _number(text: str) -> Decimal | None:
    # To the question "how many?" 007 is 7, and R$ 50 is 50.
    bare = CURRENCY.sub("", text, count=1)
    return read_number(LEADING_ZEROS.sub(r"\1", bare) if bare.startswith(("0", "-0")) else bare)


def _integer(text: str) -> Decimal | None:
    number = _number(text)
    return number if number is not None and number == number.to_integral_value() else None


def _yes_no(text: str) -> bool | None:
    words = fold_title(text)
    return True if words in YES else False if words in NO else None


READERS: Mapping[AnswerType, Callable[[str], Value | None]] = {
    AnswerType.TEXT: _text,
    AnswerType.REGEX: _text,
    AnswerType.NUMBER: _number,
    AnswerType.INTEGER: _integer,
    AnswerType.EMAIL: read_email,
    AnswerType.URL: read_url,
    AnswerType.TIME: read_time,
    AnswerType.YES_NO: _yes_no,
    AnswerType.CPF: read_cpf,
    AnswerType.CNPJ: read_cnpj,
    AnswerType.CEP: read_cep,
}
