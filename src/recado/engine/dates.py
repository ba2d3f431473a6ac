"""Dates and times as people write them: a fixed list of forms, because guessing libraries guess wrong."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from recado.engine.events import Json
from recado.engine.fold import fold

ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII)
SLASHED = re.compile(
    r"(?P<day>\d{1,2})(?P<sign>[/.-])(?P<month>\d{1,2})(?:(?P=sign)(?P<year>\d{4}|\d{2}))?",
    re.ASCII,
)
# 15 de março de 2026, 15 march, 1º de maio
SPELLED = re.compile(
    r"(?P<day>\d{1,2})(?:o|st|nd|rd|th)?(?: de| of)? (?P<word>[a-z]{3,9})\.?,?(?:(?: de)? (?P<year>\d{4}))?",
    re.ASCII,
)
# march 15, 2026
MONTH_FIRST = re.compile(
    r"(?P<word>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<year>\d{4}))?", re.ASCII
)
CLOCKS = (
    # 15:30, 15:30:20, 3:30 pm
    re.compile(
        r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?: ?(?P<half>[ap])\.?m\.?)?"
    ),
    # 15h, 15h30, 15 horas, 15hs
    re.compile(r"(?P<hour>\d{1,2}) ?h(?:s|rs?|oras?)? ?(?:(?P<minute>\d{2})(?: ?m(?:in)?)?)?"),
    # 15, 3pm
    re.compile(r"(?P<hour>\d{1,2})(?: ?(?P<half>[ap])\.?m\.?)?"),
)
MOMENT = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})"
    r"(?:(?:[T ]| às )(?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
DAYS: Mapping[str, int] = {
    "anteontem": -2, "ontem": -1, "hoje": 0, "amanha": 1, "depois de amanha": 2,
    "yesterday": -1, "today": 0, "tomorrow": 1, "the day after tomorrow": 2,
    "day after tomorrow": 2,
}  # fmt: skip
TIMES: Mapping[str, time] = {
    "meio-dia": time(12), "meio dia": time(12), "noon": time(12), "midday": time(12),
    "meia-noite": time(0), "meia noite": time(0), "midnight": time(0),
}  # fmt: skip
MONTH_WORDS = (
    "janeiro jan january", "fevereiro fev february feb", "marco mar march", "abril abr april apr",
    "maio mai may", "junho jun june", "julho jul july", "agosto ago august aug",
    "setembro set september sep sept", "outubro out october oct", "novembro nov november",
    "dezembro dez december dec",
)  # fmt: skip
MONTHS: Mapping[str, int] = {
    word: number for number, words in enumerate(MONTH_WORDS, start=1) for word in words.split()
}
MAX_LENGTH = 60


def read_date(text: str, today: date) -> date | None:
    """Reads a day: ISO, dd/mm/yyyy, dd/mm/yy, dd/mm, `15 de março`, `March 15, 2026`, hoje, amanhã, tomorrow.

    Without a year it is the year of `today`; two digits are the nearest year within fifty.
    """
    if len(text) > MAX_LENGTH:
        return None
    words = fold(text).rstrip(".!")
    if words in DAYS:
        return _day(today, DAYS[words])
    for form in (ISO, SLASHED, SPELLED, MONTH_FIRST):
        if found := form.fullmatch(words):
            return _date_of(found.groupdict(), today)
    return None


def read_time(text: str) -> time | None:
    """Reads a time of day: 15:30, 15h30, 15h, às 15h, 3pm, 3:30 pm, meio-dia, midnight."""
    if len(text) > MAX_LENGTH:
        return None
    words = re.sub(r"^(as|ao|a|at) ", "", fold(text).rstrip("!"))
    if words in TIMES:
        return TIMES[words]
    for form in CLOCKS:
        if found := form.fullmatch(words):
            return _time_of(found.groupdict())
    return None


def read_moment(value: Json, timezone: str = "UTC") -> datetime | None:
    """Reads an ISO or dd/mm/yyyy date, with or without a time, as a moment in UTC; what names no zone is in `timezone`."""
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        return None
    found = MOMENT.fullmatch(value.strip())
    day = read_date(found["date"], date.min) if found else None
    if found is None or day is None:
        return None
    try:
        moment = datetime.combine(day, time.fromisoformat(found["time"] or "00:00"))
        return moment.replace(tzinfo=_offset(found["zone"]) or zone(timezone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1_000)
def zone(name: str) -> tzinfo:
    """Gives a time zone by its IANA name, and UTC for a name that does not exist."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def known_zone(name: str) -> bool:
    """Says whether there is a time zone of this IANA name."""
    return zone(name) is not UTC


def _day(today: date, distance: int) -> date | None:
    try:
        return today + timedelta(days=distance)
    except OverflowError:
        return None


def _date_of(parts: Mapping[str, str | None], today: date) -> date | None:
    month = MONTHS.get(parts.get("word") or "") or int(parts.get("month") or 0)
    try:
        return date(_year(parts["year"], today), month, int(parts["day"] or 0))
    except ValueError:
        return None


def _year(text: str | None, today: date) -> int:
    if text is None:
        return today.year
    if len(text) == 4:
        return int(text)
    near = today.year // 100 * 100 + int(text)
    return near - 100 if near - today.year > 50 else near + 100 if today.year - near > 50 else near


def _time_of(parts: Mapping[str, str | None]) -> time | None:
    hour, half = int(parts["hour"] or 0), parts.get("half")
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))
    except ValueError:
        return None


def _offset(text: str | None) -> tzinfo | None:
    return datetime.strptime(text, "%z").tzinfo if text else None
