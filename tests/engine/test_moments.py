"""Reckoning with moments: summer time, ends of months, days without a time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recado.engine.dates import zone
from recado.engine.moments import (
    DAY_UNITS,
    Moment,
    Unit,
    difference,
    holds,
    move,
    read_pattern,
    read_value,
    read_words,
    write,
)

SAO_PAULO = "America/Sao_Paulo"
NEW_YORK = "America/New_York"
ZONES = [SAO_PAULO, NEW_YORK, "Europe/Lisbon", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
UNITS: list[Unit] = ["seconds", "minutes", "hours", "days", "weeks", "months", "years"]
NOON = datetime(2026, 11, 23, 15, tzinfo=UTC)  # in São Paulo; a Monday


def moment(text: str, timezone: str = SAO_PAULO) -> Moment:
    found = read_value(text, timezone)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "json"),
    [
        ("2026-12-25", "2026-12-25"),
        ("25/12/2026", "2026-12-25"),
        ("25/12/2026 08:30", "2026-12-25T08:30:00-03:00"),
        ("2026-12-25T08:30:00Z", "2026-12-25T05:30:00-03:00"),
        (" 2026-12-25T08:30:00+09:00 ", "2026-12-24T20:30:00-03:00"),
        # Brazil's last summer time began at a midnight that did not exist.
        ("2018-11-04", "2018-11-04"),
        ("2018-11-04 00:30", "2018-11-04T01:30:00-02:00"),
        ("2026-02-30", None),
        ("amanhã", None),
        ("15:30", None),
        (1_767_225_600, None),
        (None, None),
    ],
)
def test_values_are_read_as_days_or_moments(value: object, json: str | None) -> None:
    found = read_value(value, SAO_PAULO)

    assert (found.as_json() if found else None) == json


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("amanhã", "2026-11-24"),
        ("hoje às 15h", "2026-11-23T15:00:00-03:00"),
        ("amanhã 8h30", "2026-11-24T08:30:00-03:00"),
        ("15h30", "2026-11-23T15:30:00-03:00"),
        ("25/12", "2026-12-25"),
        ("25/12 às 10:00", "2026-12-25T10:00:00-03:00"),
        ("15 de março de 2027, 10h", "2027-03-15T10:00:00-03:00"),
        ("March 15 at 3pm", "2026-03-15T15:00:00-03:00"),
        ("2026-12-25T10:00:00-03:00", "2026-12-25T10:00:00-03:00"),
        ("15", None),
        ("25/12 10", None),
        ("qualquer dia", None),
        ("", None),
    ],
)
def test_words_are_read_as_people_mean_them(text: str, json: str | None) -> None:
    found = read_words(text, NOON, SAO_PAULO)

    assert (found.as_json() if found else None) == json


@pytest.mark.parametrize(
    ("text", "pattern", "json"),
    [
        ("12/25/2026", "%m/%d/%Y", "2026-12-25"),
        ("25.12.26 08h05", "%d.%m.%y %Hh%M", "2026-12-25T08:05:00-03:00"),
        (" 25/12/2026 ", "%d/%m/%Y", "2026-12-25"),
        ("25/13/2026", "%d/%m/%Y", None),
        ("25/12/2026 x", "%d/%m/%Y", None),
    ],
)
def test_a_pattern_reads_what_fits_it(text: str, pattern: str, json: str | None) -> None:
    found = read_pattern(text, pattern, SAO_PAULO)

    assert (found.as_json() if found else None) == json


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2026-03-07T12:00:00-05:00", 1, "days", "2026-03-08T12:00:00-04:00"),
        ("2026-03-07T12:00:00-05:00", 24, "hours", "2026-03-08T13:00:00-04:00"),
        ("2026-03-07T02:30:00-05:00", 1, "days", "2026-03-08T03:30:00-04:00"),
        ("2026-11-01T00:30:00-04:00", 1, "hours", "2026-11-01T01:30:00-04:00"),
        ("2026-11-01T00:30:00-04:00", 2, "hours", "2026-11-01T01:30:00-05:00"),
        ("2026-01-31", 1, "months", "2026-02-28"),
        ("2028-01-31", 1, "months", "2028-02-29"),
        ("2026-03-31", -1, "months", "2026-02-28"),
        ("2028-02-29", 1, "years", "2029-02-28"),
        ("2026-01-15", 1.5, "years", "2027-07-15"),
        ("2026-12-30", 2, "weeks", "2027-01-13"),
        ("2026-12-30", 1.5, "days", "2026-12-31T12:00:00-05:00"),
        ("2026-12-30", 90, "minutes", "2026-12-30T01:30:00-05:00"),
        ("2026-12-30", 0, "hours", "2026-12-30"),
        ("2026-12-30", 0.5, "months", None),
        ("2026-12-30", 8_000, "years", None),
        ("2026-12-30", -2_026, "years", None),
        ("2026-12-30", 1e300, "days", None),
        ("2026-12-30", 1e12, "seconds", None),
    ],
)
def test_moving_keeps_to_calendar_and_clock(
    start: str, amount: float, unit: Unit, end: str | None
) -> None:
    found = move(moment(start, NEW_YORK), amount, unit)

    assert (found.as_json() if found else None) == end


@pytest.mark.parametrize(
    ("first", "second", "unit", "count"),
    [
        ("2000-11-24", "2026-11-23", "years", 25),
        ("2000-11-24", "2026-11-24", "years", 26),
        ("2004-02-29", "2026-02-28", "years", 22),
        ("2026-01-31", "2026-02-28", "months", 1),
        ("2026-01-31", "2026-03-30", "months", 1),
        ("2026-03-31", "2026-02-28", "months", -1),
        ("2026-11-23T23:00:00-03:00", "2026-11-24T22:00:00-03:00", "days", 0),
        ("2026-11-23T23:00:00-03:00", "2026-11-24", "days", 1),
        ("2018-11-03", "2018-11-05", "days", 2),
        ("2018-11-04", "2018-11-05", "days", 1),
        ("2018-11-04", "2018-11-05", "hours", 23),
        ("2026-11-23", "2026-12-07", "weeks", 2),
        ("2026-11-23T12:00:00Z", "2026-11-23T11:00:01Z", "minutes", -59),
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:59Z", "minutes", 0),
    ],
)
def test_a_difference_counts_complete_units(
    first: str, second: str, unit: Unit, count: int
) -> None:
    assert difference(moment(first), moment(second), unit) == count


@pytest.mark.parametrize("timezone", [SAO_PAULO, "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize("day", ["31/12/9999", "01/01/0001"])
def test_the_ends_of_the_calendar_are_no_place_to_fall_off(day: str, timezone: str) -> None:
    iso = "-".join(reversed(day.split("/")))

    read = [read_value(f"{iso}T{clock}Z", timezone) for clock in ("00:00", "23:59")]
    read += [read_words(f"{day} às {clock}", NOON, timezone) for clock in ("0h", "23h59")]
    read += [read_pattern(f"{day} 23:59", "%d/%m/%Y %H:%M", timezone)]

    assert any(read)
    for one in filter(None, read):
        assert difference(moment("2000-01-31T23:59", timezone), one, "months")
        assert one.as_json().startswith(("9999-12-3", "0001-01-0"))


def test_a_month_that_ends_beyond_the_calendar_is_not_complete() -> None:
    assert difference(moment("2000-01-31T23:59"), moment("9999-12-01T00:00"), "months") == 95_998


def test_a_day_is_compared_by_its_date() -> None:
    day, noon = moment("2026-11-23"), moment("2026-11-23T12:00:00-03:00")

    assert holds(day, "==", noon)
    assert holds(noon, "<=", day)
    assert not holds(noon, ">", day)
    assert holds(noon, "!=", moment("2026-11-24"))


def test_an_hour_that_comes_twice_has_an_order() -> None:
    first, second = (
        moment(f"2026-11-01T01:30:00{offset}", NEW_YORK) for offset in ("-04:00", "-05:00")
    )

    assert holds(first, "<", second)
    assert holds(second, ">=", first)
    assert difference(first, second, "minutes") == 60
    assert difference(first, second, "days") == difference(first, second, "months") == 0


@pytest.mark.parametrize(
    ("text", "pattern", "locale", "written"),
    [
        ("2026-12-25", None, "pt-BR", "25/12/2026"),
        ("2026-12-25T08:30:00-03:00", None, "pt-BR", "25/12/2026 08:30"),
        ("2026-12-25", "%A, %d de %B", "pt-BR", "sexta-feira, 25 de dezembro"),
        ("2026-12-25", "long", "en", "December 25, 2026"),
    ],
)
def test_writing_follows_pattern_and_locale(
    text: str, pattern: str | None, locale: str, written: str
) -> None:
    assert write(moment(text), pattern, locale) == written


instants = st.integers(631_000_000, 2_050_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
zones = st.sampled_from(ZONES)
units = st.sampled_from(UNITS)
amounts = st.integers(-500, 500)


def made(at: datetime, timezone: str, *, whole_day: bool = False) -> Moment:
    local = at.astimezone(zone(timezone))
    found = read_value(local.date().isoformat() if whole_day else local.isoformat(), timezone)
    assert found is not None
    return found


@given(at=instants, timezone=zones, whole_day=st.booleans())
def test_what_is_written_as_json_reads_the_same(
    at: datetime, timezone: str, whole_day: bool
) -> None:
    one = made(at, timezone, whole_day=whole_day)

    assert read_value(one.as_json(), timezone) == one


@given(at=instants, timezone=zones, amount=amounts, unit=units, whole_day=st.booleans())
def test_a_moved_moment_exists_on_the_wall(
    at: datetime, timezone: str, amount: int, unit: Unit, whole_day: bool
) -> None:
    moved = move(made(at, timezone, whole_day=whole_day), amount, unit)

    assert moved is not None
    assert moved.local == moved.utc.astimezone(zone(timezone))
    assert moved.local.utcoffset() == moved.utc.astimezone(zone(timezone)).utcoffset()


@given(at=instants, timezone=zones, amount=amounts, unit=st.sampled_from(UNITS[:3]))
def test_real_time_can_be_moved_back(at: datetime, timezone: str, amount: int, unit: Unit) -> None:
    one = made(at, timezone)
    moved = move(one, amount, unit)
    assert moved is not None

    assert move(moved, -amount, unit) == one
    assert difference(one, moved, unit) == amount


@given(at=instants, timezone=zones, amount=amounts, unit=st.sampled_from(sorted(DAY_UNITS)))
def test_days_keep_the_clock_wherever_it_exists(
    at: datetime, timezone: str, amount: int, unit: Unit
) -> None:
    one = made(at, timezone)
    moved = move(one, amount, unit)
    assert moved is not None
    wanted = one.wall + amount * DAY_UNITS[unit]

    exists = wanted.replace(tzinfo=zone(timezone)).astimezone(UTC).astimezone(zone(timezone))
    assume(exists.replace(tzinfo=None) == wanted)
    assert moved.wall == wanted


@given(at=instants, other=instants, timezone=zones, unit=units, whole_day=st.booleans())
def test_a_difference_is_the_most_that_can_be_added(
    at: datetime, other: datetime, timezone: str, unit: Unit, whole_day: bool
) -> None:
    first, second = sorted(
        (made(moment, timezone, whole_day=whole_day) for moment in (at, other)),
        key=lambda moment: moment.utc,
    )

    count = difference(first, second, unit)

    reached, beyond = move(first, count, unit), move(first, count + 1, unit)
    assert reached is not None
    assert beyond is not None
    assert count >= 0
    # A skipped hour moves a moment on: by that much the wall may be ahead.
    slack = timedelta(hours=1)
    assert reached.utc <= second.utc + slack
    assert beyond.utc > second.utc - slack
    assert difference(second, first, unit) == -count


@given(at=instants, other=instants, timezone=zones, whole_day=st.booleans())
def test_exactly_one_order_holds(
    at: datetime, other: datetime, timezone: str, whole_day: bool
) -> None:
    first, second = made(at, timezone), made(other, timezone, whole_day=whole_day)

    assert [holds(first, "<", second), holds(first, "==", second), holds(first, ">", second)].count(
        True
    ) == 1
    assert holds(first, "<=", second) is not holds(first, ">", second)
    assert holds(first, ">=", second) is not holds(first, "<", second)
    assert holds(first, "!=", second) is not holds(first, "==", second)
