"""Moments and days in a time zone: read, moved, subtracted, compared, written.

Days, weeks, months and years move on the calendar and keep the clock on the wall; hours, minutes and seconds are real
time. A time of day that summer time skips is the same moment an hour later; where a month has no 31st its last day
stands for it.
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal

from recado.engine.dates import MOMENT, read_date, read_moment, read_time, zone
from recado.engine.events import Json
from recado.engine.filters import filters
from recado.engine.fold import fold
from recado.engine.values import as_text

Unit = Literal["seconds", "minutes", "hours", "days", "weeks", "months", "years"]
Order = Literal["==", "!=", "<", "<=", ">", ">="]
CLOCK_UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
}
DAY_UNITS = {"days": timedelta(days=1), "weeks": timedelta(weeks=1)}
MONTH_UNITS = {"months": 1, "years": 12}
SEPARATORS = (" as ", " at ", ", ", " ")


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in a time zone; with `whole_day` a day without a time, which begins with its first moment."""

    local: datetime
    whole_day: bool = False

    @property
    def wall(self) -> datetime:
        """Gives what calendar and clock on the wall show, without a zone."""
        if self.whole_day:
            return datetime.combine(self.local.date(), time())
        return self.local.replace(tzinfo=None)

    @property
    def utc(self) -> datetime:
        """Gives the moment in UTC: two local times of one zone would be compared by their walls."""
        return self.local.astimezone(UTC)

    def as_json(self) -> str:
        """Writes it as variables keep it: `2026-12-25`, or `2026-12-25T15:30:00-03:00`."""
        if self.whole_day:
            return self.local.date().isoformat()
        return self.local.isoformat(timespec="seconds")


def read_value(value: Json, timezone: str) -> Moment | None:
    """Reads an ISO or dd/mm/yyyy date, with or without a time; None when the value is none."""
    found = MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    moment = read_moment(value, timezone)
    if found is None or moment is None:
        return None
    try:
        return Moment(moment.astimezone(zone(timezone)), whole_day=found["time"] is None)
    except OverflowError:
        return None  # further east, the evening of 31 December 9999 is beyond the calendar's end


def read_words(text: str, now: datetime, timezone: str) -> Moment | None:
    """Reads what people write: `amanhã`, `25/12`, `15h30` (today), `15 de março às 10h`, besides what variables keep."""
    place = zone(timezone)
    today = now.astimezone(place).date()
    if (whole := read_value(text, timezone)) is not None:
        return whole
    if (day := read_date(text, today)) is not None:
        return _reachable(datetime.combine(day, time()), place, whole_day=True)
    if (clock := _clock(text)) is not None:
        return _reachable(datetime.combine(today, clock), place)
    for separator in SEPARATORS:
        before, _, after = fold(text).rpartition(separator)
        day, clock = read_date(before, today), _clock(after)
        if day is not None and clock is not None:
            return _reachable(datetime.combine(day, clock), place)
    return None


def read_pattern(text: str, pattern: str, timezone: str) -> Moment | None:
    """Reads a text by a pattern of `%d %m %Y %y %H %M %S`."""
    try:
        wall = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - it is a wall's
    except ValueError:
        return None
    whole_day = not any(sign in pattern for sign in ("%H", "%M", "%S"))
    return _reachable(wall, zone(timezone), whole_day=whole_day)


def move(moment: Moment, amount: float, unit: Unit) -> Moment | None:
    """Moves by so many units, back when `amount` is negative; None beyond the calendar's ends and for parts of months."""
    if amount == 0:
        return moment
    try:
        if unit in MONTH_UNITS:
            return _by_months(moment, amount * MONTH_UNITS[unit])
        if unit in DAY_UNITS:
            return _on_the_wall(moment, moment.wall + amount * DAY_UNITS[unit])
        later = moment.utc + amount * CLOCK_UNITS[unit]
        return Moment(later.astimezone(moment.local.tzinfo))
    except (OverflowError, ValueError):
        return None


def difference(first: Moment, second: Moment, unit: Unit) -> int:
    """Counts the complete units from the first to the second; negative when the second comes before."""
    if unit in CLOCK_UNITS:
        span = second.utc - first.utc
        whole = abs(span) // CLOCK_UNITS[unit]
        return whole if span >= timedelta() else -whole
    first, second = _alike(first, second)
    if _place(second) < _place(first):
        return -difference(second, first, unit)
    if unit in MONTH_UNITS:
        return _months_between(first, second) // MONTH_UNITS[unit]
    # When an hour comes twice, the wall can show less although time went by.
    return max(timedelta(), second.wall - first.wall) // DAY_UNITS[unit]


def holds(first: Moment, order: Order, second: Moment) -> bool:
    """Compares two moments; where one of them is a day without a time, only the days count."""
    one, other = map(_place, _alike(first, second))
    match order:
        case "==":
            return one == other
        case "!=":
            return one != other
        case "<":
            return one < other
        case "<=":
            return one <= other
        case ">":
            return one > other
        case ">=":
            return one >= other


def write(moment: Moment, pattern: str | None, locale: str) -> str:
    """Writes it by directives such as `%d/%m/%Y`, or short, medium, long, full, with the locale's names."""
    usual = "%d/%m/%Y" if moment.whole_day else "%d/%m/%Y %H:%M"
    return as_text(filters(locale)["date"](moment.as_json(), pattern or usual))


def _clock(text: str) -> time | None:
    # A bare number is no time of day here: nobody asked for one.
    return None if text.strip().isdigit() else read_time(text)


def _reachable(wall: datetime, place: tzinfo | None, *, whole_day: bool = False) -> Moment | None:
    """Gives the moment at which the wall shows this; None when that is beyond the calendar's ends elsewhere."""
    try:
        return _settled(wall, place, whole_day=whole_day)
    except OverflowError:
        return None


def _settled(wall: datetime, place: tzinfo | None, *, whole_day: bool = False) -> Moment:
    """Gives the moment at which the wall shows this; through UTC, so that a skipped time gets its right name."""
    return Moment(wall.replace(tzinfo=place).astimezone(UTC).astimezone(place), whole_day)


def _on_the_wall(moment: Moment, wall: datetime) -> Moment:
    whole_day = moment.whole_day and wall.time() == time()
    return _settled(wall, moment.local.tzinfo, whole_day=whole_day)


def _by_months(moment: Moment, months: float) -> Moment:
    if months != int(months):
        raise ValueError("a month has no parts")
    wall = moment.wall
    year, month = divmod(wall.year * 12 + wall.month - 1 + int(months), 12)
    last = monthrange(year, month + 1)[1]
    moved = wall.replace(year=year, month=month + 1, day=min(wall.day, last))
    return _on_the_wall(moment, moved)


def _months_between(first: Moment, second: Moment) -> int:
    one, other = first.wall, second.wall
    months = (other.year - one.year) * 12 + other.month - one.month
    # A month that ends beyond the calendar's last day is not over by then.
    moved = move(first, months, "months")
    reached = moved is not None and _place(moved) <= _place(second)
    return max(0, months if reached else months - 1)


def _alike(first: Moment, second: Moment) -> tuple[Moment, Moment]:
    """Makes both days when one of them is."""
    whole_day = first.whole_day or second.whole_day
    return replace(first, whole_day=whole_day), replace(second, whole_day=whole_day)


def _place(moment: Moment) -> datetime:
    """Gives what comes before and after: a day's date, else the moment itself."""
    return moment.wall if moment.whole_day else moment.utc
