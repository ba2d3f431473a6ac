"""Opening hours: spans over midnight, summer time, holidays, and which rule beats which."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.engine.calendar import WEEK, Opening, opening, parse_calendar
from recado.engine.calendar_holidays import holidays_of, is_known

SAO_PAULO = "America/Sao_Paulo"
ZONES = [SAO_PAULO, "America/New_York", "Europe/Lisbon", "Australia/Lord_Howe", "Asia/Kathmandu"]
NINE_TO_SIX = [{"from": "09:00", "to": "18:00"}]
EVERY_DAY = dict.fromkeys(WEEK, NINE_TO_SIX)
ALL_DAY = {day: [{"from": "00:00", "to": "24:00"}] for day in WEEK}
NIGHTS = {day: [{"from": "18:00", "to": "02:00"}] for day in WEEK}
HALVES = {day: [{"from": "12:00", "to": "00:00"}, {"from": "23:59", "to": "12:00"}] for day in WEEK}


def opened(raw: dict[str, Any], wall: str) -> Opening:
    """Asks a calendar about what the wall shows in its own zone."""
    calendar = parse_calendar({"timezone": SAO_PAULO, **raw})
    return opening(calendar, datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(SAO_PAULO)))


@pytest.mark.parametrize(
    ("wall", "is_open"),
    [
        ("2026-11-23 08:59", False),
        ("2026-11-23 09:00", True),
        ("2026-11-23 11:59:59", True),
        ("2026-11-23 12:00", False),
        ("2026-11-23 13:00", True),
        ("2026-11-23 17:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-24 10:00", False),
    ],
)
def test_a_day_may_have_several_spans(wall: str, is_open: bool) -> None:
    spans = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]

    assert opened({"hours": {"monday": spans}}, wall) == Opening(is_open, "hours")


@pytest.mark.parametrize(
    ("wall", "is_open"),
    [
        ("2026-11-27 17:59", False),
        ("2026-11-27 18:00", True),
        ("2026-11-27 23:59", True),
        ("2026-11-28 00:00", True),
        ("2026-11-28 01:59", True),
        ("2026-11-28 02:00", False),
        ("2026-11-27 01:00", False),
        ("2026-11-29 01:00", False),
    ],
)
def test_a_night_belongs_to_the_day_it_begins_on(wall: str, is_open: bool) -> None:
    hours = {"friday": [{"from": "18:00", "to": "02:00"}]}

    assert opened({"hours": hours}, wall).open is is_open


def test_a_night_lasts_into_a_closed_day_but_none_begins_there() -> None:
    night = {
        "hours": NIGHTS,
        "closed": [{"date": "2026-11-28", "name": "Balanço"}],
    }

    assert opened(night, "2026-11-28 01:00") == Opening(True, "hours")
    assert opened(night, "2026-11-28 19:00") == Opening(False, "closed", "Balanço")
    assert opened(night, "2026-11-29 01:00") == Opening(False, "hours")


def test_an_open_day_beats_a_closed_one_which_beats_a_holiday() -> None:
    christmas = {"hours": EVERY_DAY, "holidays": {"country": "BR"}}
    closed = {**christmas, "closed": [{"date": "2026-12-20", "to": "2026-12-27", "name": "Férias"}]}
    open_ = {
        **closed,
        "open": [{"date": "2026-12-25", "hours": [{"from": "10:00", "to": "12:00"}]}],
    }
    noon = "2026-12-25 11:00"

    assert opened({"hours": EVERY_DAY}, noon) == Opening(True, "hours")
    assert opened(christmas, noon) == Opening(False, "holiday", "Natal")
    assert opened(closed, noon) == Opening(False, "closed", "Férias")
    assert opened(open_, noon) == Opening(True, "open")
    assert opened(open_, "2026-12-25 13:00") == Opening(False, "open")


@pytest.mark.parametrize("day", ["2026-12-20", "2026-12-27"])
def test_closed_days_include_both_ends(day: str) -> None:
    closed = {"hours": EVERY_DAY, "closed": [{"date": "2026-12-20", "to": "2026-12-27"}]}

    assert opened(closed, f"{day} 10:00").rule == "closed"
    before, after = date.fromisoformat(day) - timedelta(1), date.fromisoformat(day) + timedelta(1)
    assert sum(opened(closed, f"{near} 10:00").open for near in (before, after)) == 1


@pytest.mark.parametrize(
    ("holidays", "day", "name"),
    [
        ({"country": "BR"}, "2026-09-07", "Independência do Brasil"),
        ({"country": "BR"}, "2026-07-09", None),
        ({"country": "BR", "state": "SP"}, "2026-07-09", "Revolução Constitucionalista"),
        ({"country": "BR"}, "2026-02-17", None),
        ({"country": "BR", "optional": True}, "2026-02-17", "Carnaval"),
        (
            {"country": "PT"},
            "2026-06-10",
            "Dia de Portugal, de Camões e das Comunidades Portuguesas",
        ),
        ({"municipal": [{"date": "01-25", "name": "Cidade"}]}, "2031-01-25", "Cidade"),
        ({"municipal": [{"date": "2026-01-25", "name": "Cidade"}]}, "2026-01-25", "Cidade"),
        ({"municipal": [{"date": "2026-01-25", "name": "Cidade"}]}, "2027-01-25", None),
        ({"municipal": [{"date": "02-29"}]}, "2028-02-29", ""),
        ({}, "2026-12-25", None),
    ],
)
def test_holidays_are_a_countrys_a_states_and_a_towns(
    holidays: dict[str, Any], day: str, name: str | None
) -> None:
    found = opened({"hours": ALL_DAY, "holidays": holidays}, f"{day} 10:00")

    assert found == (Opening(True, "hours") if name is None else Opening(False, "holiday", name))


def test_holidays_have_the_names_of_their_own_country() -> None:
    assert holidays_of("BR", None, 2026)[date(2026, 1, 1)] == "Confraternização Universal"


@pytest.mark.parametrize(
    ("country", "state", "known"),
    [("BR", None, True), ("BR", "SP", True), ("BR", "ZZ", False), ("XX", None, False)],
)
def test_a_country_and_a_state_are_known_or_not(
    country: str, state: str | None, known: bool
) -> None:
    assert is_known(country, state) is known


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"timezone": "Lua/Norte"}, "Lua/Norte"),
        ({}, "timezone"),
        ({"timezone": "UTC", "cor": 1}, "cor"),
        ({"timezone": "UTC", "hours": {"segunda": NINE_TO_SIX}}, "segunda"),
        ({"timezone": "UTC", "hours": {"monday": [{"from": "9:00", "to": "18:00"}]}}, ".from"),
        ({"timezone": "UTC", "hours": {"monday": [{"from": "24:00", "to": "18:00"}]}}, ".from"),
        ({"timezone": "UTC", "hours": {"monday": [{"from": "09:00", "to": "09:00"}]}}, "24:00"),
        ({"timezone": "UTC", "hours": {"monday": NINE_TO_SIX * 11}}, "hours"),
        ({"timezone": "UTC", "holidays": {"country": "XX"}}, "XX"),
        ({"timezone": "UTC", "holidays": {"country": "BR", "state": "ZZ"}}, "ZZ"),
        ({"timezone": "UTC", "holidays": {"state": "SP"}}, "country"),
        ({"timezone": "UTC", "holidays": {"municipal": [{"date": "02-30"}]}}, "municipal[0]"),
        ({"timezone": "UTC", "closed": [{"date": "2026-02-30"}]}, "closed[0].date"),
        ({"timezone": "UTC", "closed": [{"date": "2026-02-02", "to": "2026-02-01"}]}, "closed[0]"),
        ({"timezone": "UTC", "open": [{"date": "2026-02-02", "hours": []}]}, "open[0].hours"),
        ("aberto", "object"),
    ],
)
def test_a_mistake_in_a_calendar_is_named_with_its_place(raw: Any, where: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        parse_calendar(raw)

    assert where in str(refused.value)


clocks = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda hm: f"{hm[0]:02}:{hm[1]:02}")
spans = st.fixed_dictionaries({"from": clocks, "to": clocks | st.just("24:00")}).filter(
    lambda span: span["from"] != span["to"]
)
weeks = st.dictionaries(st.sampled_from(WEEK), st.lists(spans, max_size=3))
moments = st.integers(1_420_000_000, 1_900_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
) | st.sampled_from(
    # Where clocks go forward or back: an hour around midnight in Brazil, half an hour at Lord Howe.
    [
        datetime(2018, 11, 4, 3, tzinfo=UTC),
        datetime(2019, 2, 17, 2, tzinfo=UTC),
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2026, 4, 4, 15, tzinfo=UTC),
    ]
).flatmap(
    lambda turn: st.integers(-7_200, 7_200).map(lambda seconds: turn + timedelta(seconds=seconds))
)


def open_by_the_wall(week: dict[str, list[dict[str, str]]], wall: datetime) -> bool:
    """Says the same as the calendar, minute by minute of the wall's clock: slow, and plain to see."""
    for back in (0, 1):
        day = wall.date() - timedelta(days=back)
        for span in week.get(WEEK[day.weekday()], []):
            start = datetime.combine(day, time.fromisoformat(span["from"]))
            to = "00:00" if span["to"] == "24:00" else span["to"]
            end = datetime.combine(day, time.fromisoformat(to))
            if span["to"] == "24:00" or end <= start:
                end += timedelta(days=1)
            if start <= wall < end:
                return True
    return False


@given(week=weeks, at=moments, zone=st.sampled_from(ZONES))
def test_what_counts_is_the_clock_on_the_wall(
    week: dict[str, Any], at: datetime, zone: str
) -> None:
    calendar = parse_calendar({"timezone": zone, "hours": week})
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert opening(calendar, at).open is open_by_the_wall(week, wall)


@given(at=moments, zone=st.sampled_from(ZONES))
def test_a_week_without_gaps_is_always_open_and_an_empty_one_never(at: datetime, zone: str) -> None:
    always = parse_calendar({"timezone": zone, "hours": ALL_DAY})
    nights = parse_calendar({"timezone": zone, "hours": HALVES})
    never = parse_calendar({"timezone": zone})

    assert opening(always, at).open
    assert opening(nights, at).open
    assert not opening(never, at).open


@given(at=moments, asked_in=st.sampled_from(ZONES))
def test_the_zone_in_which_somebody_asks_does_not_matter(at: datetime, asked_in: str) -> None:
    calendar = parse_calendar({"timezone": SAO_PAULO, "hours": EVERY_DAY})

    assert opening(calendar, at.astimezone(ZoneInfo(asked_in))) == opening(calendar, at)
