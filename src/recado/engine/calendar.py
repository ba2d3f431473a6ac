"""Opening hours: the week in the calendar's own zone, holidays, and the days that are exceptions.

A span belongs to the day it begins on, also where it ends after midnight: Friday 18:00 to 02:00 is open on Saturday
at 01:00 though Saturday is a holiday, and closed then if Friday is one. A day listed under `open` beats one listed
under `closed`, which beats a holiday, which beats the week. What counts is the clock on the wall: an hour that comes
twice when summer time ends is open or closed both times.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from recado.engine.calendar_holidays import holidays_of, is_known
from recado.engine.dates import known_zone, zone
from recado.engine.events import Json

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEK: tuple[Weekday, ...] = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
ClockOrEnd = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Label = Annotated[str, Meta(max_length=200)]
YEARLY = re.compile(r"\d{2}-\d{2}")
A_LEAP_YEAR = 2000


class Span(Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """Open from one time of day to another, `HH:MM`; one that does not end later ends on the next day."""

    start: Clock
    end: ClockOrEnd

    def __post_init__(self) -> None:
        """Refuses a span of no length."""
        if self.start == self.end:
            raise ValueError("from and to are the same; a whole day is 00:00 to 24:00")

    def holds(self, minute: int) -> bool:
        """Says whether it is open at a minute counted from the midnight its day begins with."""
        start, end = _minutes(self.start), _minutes(self.end)
        return start <= minute < (end if end > start else end + DAY)


DAY = 24 * 60
Spans = Annotated[tuple[Span, ...], Meta(max_length=10)]


class Municipal(Struct, frozen=True, forbid_unknown_fields=True, rename={"day": "date"}):
    """A holiday that no list knows: `MM-DD` every year, or `YYYY-MM-DD` once."""

    day: Annotated[str, Meta(pattern=r"^(\d{4}-)?\d{2}-\d{2}$")]
    name: Label = ""

    def __post_init__(self) -> None:
        """Refuses what is no day."""
        date.fromisoformat(f"{A_LEAP_YEAR}-{self.day}" if self.yearly else self.day)

    @property
    def yearly(self) -> bool:
        """Says whether it comes every year."""
        return YEARLY.fullmatch(self.day) is not None

    def falls_on(self, day: date) -> bool:
        """Says whether a day is this holiday."""
        return self.day == (f"{day:%m-%d}" if self.yearly else day.isoformat())


class Holidays(Struct, frozen=True, forbid_unknown_fields=True):
    """Which holidays close: a country's (ISO code), with those of a state, the municipal ones, and the half-official."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    state: Annotated[str, Meta(max_length=50)] | None = None
    municipal: Annotated[tuple[Municipal, ...], Meta(max_length=100)] = ()
    optional: bool = False

    def __post_init__(self) -> None:
        """Refuses a country or state that the lists do not know."""
        if self.state and not self.country:
            raise ValueError("a state needs its country")
        if self.country and not is_known(self.country, self.state):
            raise ValueError(f"no holidays are known for {self.country} {self.state or ''}".strip())

    def name_of(self, day: date) -> str | None:
        """Gives the name of the holiday that a day is, if it is one."""
        for own in self.municipal:
            if own.falls_on(day):
                return own.name
        if self.country is None:
            return None
        return holidays_of(self.country, self.state, day.year, optional=self.optional).get(day)


class ClosedDays(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"first": "date", "last": "to"},
):
    """A day, or the days up to another, on which it is closed whatever the week says."""

    first: date
    last: date | None = None
    name: Label = ""

    def __post_init__(self) -> None:
        """Refuses an end before the beginning."""
        if self.last is not None and self.last < self.first:
            raise ValueError("to is before date")


class OpenDay(Struct, frozen=True, forbid_unknown_fields=True, rename={"day": "date"}):
    """A day with hours of its own, also if it is a holiday."""

    day: date
    hours: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=10)]
    name: Label = ""


class Calendar(Struct, frozen=True, forbid_unknown_fields=True):
    """When a business is open. A weekday without hours is closed all day."""

    timezone: str
    hours: dict[Weekday, Spans] = {}
    holidays: Holidays = Holidays()
    closed: Annotated[tuple[ClosedDays, ...], Meta(max_length=200)] = ()
    open: Annotated[tuple[OpenDay, ...], Meta(max_length=200)] = ()

    def __post_init__(self) -> None:
        """Refuses a zone that does not exist."""
        if not known_zone(self.timezone):
            raise ValueError(f"there is no time zone {self.timezone}")


class Opening(Struct, frozen=True):
    """Whether it is open, and the rule that says so: the week's hours, a holiday, a closed day or an open one."""

    open: bool
    rule: Literal["hours", "holiday", "closed", "open"]
    name: str = ""


def parse_calendar(raw: Json) -> Calendar:
    """Reads a calendar as it is stored; raises msgspec.ValidationError that names the path."""
    return msgspec.convert(raw, Calendar)


def opening(calendar: Calendar, at: datetime) -> Opening:
    """Says whether the calendar is open at a moment, and by which rule."""
    local = at.astimezone(zone(calendar.timezone))
    minute = local.hour * 60 + local.minute
    for rule, spans in _days(calendar, local.date()):
        if any(span.holds(minute) for span in spans):
            return msgspec.structs.replace(rule, open=True)
        minute += DAY
    rule, _ = next(_days(calendar, local.date()))
    return rule


def _days(calendar: Calendar, today: date) -> Iterator[tuple[Opening, Spans]]:
    """Gives the rule and the hours of a day, then those of the day before it, whose night may last."""
    for day in (today, today - timedelta(days=1)):
        yield _day(calendar, day)


def _day(calendar: Calendar, day: date) -> tuple[Opening, Spans]:
    for extra in calendar.open:
        if extra.day == day:
            return Opening(False, "open", extra.name), extra.hours
    for closed in calendar.closed:
        if closed.first <= day <= (closed.last or closed.first):
            return Opening(False, "closed", closed.name), ()
    if (name := calendar.holidays.name_of(day)) is not None:
        return Opening(False, "holiday", name), ()
    return Opening(False, "hours"), calendar.hours.get(WEEK[day.weekday()], ())


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)
