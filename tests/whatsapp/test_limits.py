"""The rates, the pair rule and the breaker, against plain restatements of what they promise."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.whatsapp.limits import (
    BURST_SECONDS,
    RECOVERY_SECONDS,
    Breaker,
    NumberRate,
    PairPacing,
    TokenBucket,
    per_second,
)

ANA, BIA = UUID(int=1), UUID(int=2)
GAPS = st.lists(
    st.tuples(st.floats(0, 30, allow_nan=False), st.integers(0, 100)), min_size=1, max_size=60
)


def most_in_any_window(passed: list[tuple[float, int]], rate: float) -> float:
    """Finds by how much the passages of any window exceed what its length and the rate allow."""
    return max(
        sum(count for at, count in passed[first : last + 1])
        - rate * (passed[last][0] - passed[first][0])
        for first in range(len(passed))
        for last in range(first, len(passed))
    )


@given(rate=st.integers(1, 1_000), burst=st.integers(1, 250), gaps=GAPS)
def test_never_more_than_rate_times_t_and_burst_in_any_window(
    rate: int, burst: int, gaps: list[tuple[float, int]]
) -> None:
    now = 1_000.0
    bucket, passed = TokenBucket(rate, burst, now=now), []
    for gap, wanted in gaps:
        now += gap
        granted = min(bucket.available(now), wanted)
        bucket.take(granted, now)
        passed.append((now, granted))

    assert most_in_any_window(passed, rate) <= burst + 1e-6


@given(rate=st.integers(1, 1_000), burst=st.integers(1, 250), count=st.integers(1, 300))
def test_after_the_wait_as_many_may_pass_and_not_before(rate: int, burst: int, count: int) -> None:
    bucket = TokenBucket(rate, burst, now=0.0)
    bucket.take(burst, 0.0)

    wait = bucket.wait(count, 0.0)

    assert wait == pytest.approx(min(count, burst) / rate)
    assert bucket.available(wait * 0.999 - 1e-6) < min(count, burst)
    assert bucket.available(wait + 1e-6) >= min(count, burst)


@given(limit=st.integers(1, 1_000), gaps=GAPS, refusals=st.sets(st.integers(0, 59)))
def test_a_number_never_sends_more_than_its_limit_whatever_meta_refuses(
    limit: int, gaps: list[tuple[float, int]], refusals: set[int]
) -> None:
    now = 1_000.0
    number, passed = NumberRate(limit, now=now), []
    for n, (gap, wanted) in enumerate(gaps):
        now += gap
        if n in refusals:
            number.slow_down(now)
        granted = min(number.available(now) or 0, wanted)
        number.take(granted, now)
        passed.append((now, granted))

    assert most_in_any_window(passed, limit) <= max(limit * BURST_SECONDS, 1) + 1e-6


def test_a_refused_rate_is_halved_once_a_moment_and_comes_back_slowly() -> None:
    number = NumberRate(80, now=0.0)

    number.slow_down(10.0)
    number.slow_down(10.5)  # was on its way at the same time
    rates = [number.rate(at) for at in (10.0, 10 + RECOVERY_SECONDS / 4, 10 + RECOVERY_SECONDS / 2)]
    number.slow_down(100.0)
    number.slow_down(101.0)

    assert rates == [40.0, 60.0, 80.0]
    assert number.rate(101.0) == pytest.approx(20.33, abs=0.01)


def test_a_halved_rate_is_never_nothing() -> None:
    number = NumberRate(1, now=0.0)

    for second in range(0, 20, 2):
        number.slow_down(float(second))

    assert number.rate(20.0) == 1.0


def test_no_limit_is_none_until_meta_refuses_and_again_when_it_has_come_back() -> None:
    number = NumberRate(None, level=80, now=0.0)

    before = number.available(0.0)
    number.slow_down(1.0)
    refused = number.rate(1.0), number.available(1.0)
    after = number.available(1.0 + RECOVERY_SECONDS)

    assert (before, refused, after) == (None, (40.0, 10), None)


def test_a_raised_limit_holds_from_then_on() -> None:
    number = NumberRate(80, now=0.0)
    number.take(20, 0.0)

    number.set(1_000, level=1_000, now=0.0)

    assert number.available(0.25) == 250


@given(limit=st.integers(1, 1_000))
def test_who_has_sent_all_it_might_waits_for_a_few_more(limit: int) -> None:
    number = NumberRate(limit, now=0.0)
    number.take(number.available(0.0) or 0, 0.0)

    wait = number.wait(0.0)

    assert 0 < wait <= max(1 / limit, 0.05) + 1e-9
    assert (number.available(wait + 1e-6) or 0) >= 1
    assert number.wait(wait + 1e-6) == 0


@pytest.mark.parametrize(
    ("limit", "coexistence", "rate"),
    [(80, False, 80), (80, True, 20), (10, True, 10), (None, False, None), (None, True, None)],
)
def test_a_number_in_the_app_too_has_twenty(
    limit: int | None, coexistence: bool, rate: int | None
) -> None:
    assert per_second(limit, coexistence=coexistence) == rate


@given(gaps=st.lists(st.floats(0, 20, allow_nan=False), max_size=200))
def test_a_person_gets_a_burst_of_45_and_one_in_six_seconds(gaps: list[float]) -> None:
    now, pairs, sent = 0.0, PairPacing(), []
    for gap in gaps:
        now += gap
        if pairs.wait(ANA, now) == 0:
            pairs.take(ANA, now)
            sent.append((now, 1))

    if sent:
        assert most_in_any_window(sent, 1 / 6) <= 45 + 1e-6


def test_the_pair_rule_bars_one_person_and_for_six_seconds() -> None:
    pairs = PairPacing()

    for _ in range(45):
        assert pairs.wait(ANA, 0.0) == 0
        pairs.take(ANA, 0.0)

    assert (pairs.wait(ANA, 0.0), pairs.wait(BIA, 0.0)) == (6.0, 0.0)
    assert (pairs.barred(0.0), pairs.barred(5.9), pairs.barred(6.0)) == ([ANA], [ANA], [])


def test_a_person_whom_meta_bars_gets_one_afterwards_and_no_burst() -> None:
    pairs = PairPacing()

    pairs.hold(ANA, 16.0, 100.0)
    barred = pairs.barred(100.0), pairs.barred(116.0)
    pairs.take(ANA, 116.0)

    assert barred == ([ANA], [])
    assert pairs.wait(ANA, 116.0) == 6.0


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1)), max_size=400))
def test_who_owes_nothing_is_forgotten(sends: list[tuple[int, float]]) -> None:
    now, pairs, sent = 0.0, PairPacing(), []
    for person, gap in sends:
        now += gap
        pairs.take(UUID(int=person), now)
        sent.append((now, person))

    owing = {person for at, person in sent if at + 6 * 45 > now}
    assert len(pairs) <= max(2 * len(owing), 64)
    pairs.forget_idle(now + 6 * len(sent))
    assert len(pairs) == 0


# The breaker.


def fail(breaker: Breaker, count: int, now: float = 0.0) -> None:
    for _ in range(count):
        breaker.end(breaker.begin(now), now, good=False, reason="connect")


def test_failures_in_a_row_open_it_and_one_success_starts_the_row_anew() -> None:
    breaker = Breaker(most=5)

    fail(breaker, 4)
    breaker.end(breaker.begin(0.0), 0.0, good=True)
    fail(breaker, 4)
    before = breaker.state(0.0)
    fail(breaker, 1)

    assert (before, breaker.state(0.0), breaker.reason) == ("closed", "open", "connect")
    assert (breaker.room(0.0), breaker.until) == (0, 5.0)


def test_a_ratio_of_failures_opens_it_too() -> None:
    breaker = Breaker(most=5, last=20, ratio=0.5)

    for n in range(19):
        breaker.end(breaker.begin(0.0), 0.0, good=n % 2 == 0, reason="timeout")
    before = breaker.state(0.0)
    fail(breaker, 1)

    assert (before, breaker.state(0.0)) == ("closed", "open")


def test_what_says_nothing_about_the_other_side_does_not_count() -> None:
    breaker = Breaker(most=2)

    for _ in range(10):
        breaker.end(breaker.begin(0.0), 0.0, good=None)
        fail(breaker, 1)
        breaker.end(breaker.begin(0.0), 0.0, good=True)

    assert breaker.state(0.0) == "closed"


def test_half_open_lets_one_through_and_its_success_closes() -> None:
    breaker = Breaker(most=1)
    fail(breaker, 1)

    assert (breaker.state(4.9), breaker.state(5.0), breaker.room(5.0)) == ("open", "half_open", 1)
    probe = breaker.begin(5.0)
    assert breaker.room(5.0) == 0
    breaker.end(probe, 6.0, good=True)

    assert (breaker.state(6.0), breaker.room(6.0), breaker.until) == ("closed", None, None)


def test_a_failing_probe_opens_it_for_twice_as_long_up_to_a_minute() -> None:
    breaker, now, times = Breaker(most=1), 0.0, []
    fail(breaker, 1)

    for _ in range(6):
        assert breaker.until is not None
        times.append(breaker.until - now)
        now = breaker.until
        breaker.end(breaker.begin(now), now, good=False, reason="connect")

    assert times == [5, 10, 20, 40, 60, 60]


def test_a_probe_that_was_not_made_leaves_room_for_another() -> None:
    breaker = Breaker(most=1)
    fail(breaker, 1)

    breaker.end(breaker.begin(5.0), 5.0, good=None)

    assert breaker.room(5.0) == 1


def test_late_results_of_earlier_requests_neither_close_nor_reopen() -> None:
    breaker = Breaker(most=1)
    early = [breaker.begin(0.0) for _ in range(3)]
    fail(breaker, 1)

    breaker.end(early[0], 1.0, good=True)
    while_open = breaker.state(1.0)
    breaker.end(early[1], 6.0, good=False, reason="timeout")
    half_open = breaker.state(6.0), breaker.until
    breaker.end(breaker.begin(6.0), 6.0, good=True)
    breaker.end(early[2], 7.0, good=False, reason="timeout")

    assert while_open == "open"
    assert half_open == ("half_open", 5.0)
    assert breaker.state(7.0) == "closed"


@given(
    st.lists(
        st.tuples(st.sampled_from([True, False, None]), st.floats(0, 20), st.integers(1, 5)),
        max_size=100,
    )
)
def test_whatever_happens_an_open_one_lets_nothing_through_and_a_half_open_one_one(
    story: list[tuple[bool | None, float, int]],
) -> None:
    breaker, now, flying = Breaker(most=3), 0.0, list[int]()
    for good, gap, wanted in story:
        now += gap
        state, room = breaker.state(now), breaker.room(now)
        begun = wanted if room is None else min(wanted, room)
        assert room is None if state == "closed" else room in ((0,) if state == "open" else (0, 1))
        flying += [breaker.begin(now) for _ in range(begun)]
        if state == "half_open":
            assert breaker.room(now) == 0
        if flying:
            breaker.end(flying.pop(0), now, good=good, reason="x")
        assert (breaker.until is None) == (breaker.state(now) == "closed")
