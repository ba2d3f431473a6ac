"""Ids sort by the time they were made, in one process strictly."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest

from recado.store import ids


def test_each_id_is_greater_than_the_one_before() -> None:
    made = [ids.new_id() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_a_version_7_uuid_of_now() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)

    made = ids.new_id()

    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made_at(made) <= datetime.now(UTC) + timedelta(seconds=1)


def test_a_clock_set_back_makes_no_smaller_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ids.new_id()
    monkeypatch.setattr("recado.store.ids.time.time_ns", lambda: 1_000_000_000)

    second = ids.new_id()

    assert second > first


def test_threads_never_get_the_same_tick() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [
            id
            for chunk in threads.map(lambda _: [ids.new_id() for _ in range(2_000)], range(8))
            for id in chunk
        ]

    ticks = {id.int >> 64 for id in made}

    assert len(ticks) == len(made)


def test_an_id_lies_between_the_floors_of_its_month() -> None:
    made = ids.new_id()
    month = made_at(made).date().replace(day=1)

    assert ids.month_floor(month) <= made < ids.month_floor(month + timedelta(days=32))


@pytest.mark.parametrize("day", [date(2026, 2, 1), date(2026, 2, 28)])
def test_the_floor_of_a_month_is_its_first_millisecond_in_utc(day: date) -> None:
    floor = ids.month_floor(day)

    assert made_at(floor) == datetime(2026, 2, 1, tzinfo=UTC)
    assert floor.int & (1 << 80) - 1 == 0


def made_at(an_id: UUID) -> datetime:
    """Reads the time in an id as RFC 9562 has it: its first 48 bits, in milliseconds."""
    return datetime.fromtimestamp((an_id.int >> 80) / 1000, UTC)
