"""What news do to a message: the same in whatever order they come."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.store.messages import Fate
from recado.worker import fate as fates

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
QUEUED = Fate(id=UUID(int=1), status="queued")
STEPS = ["accepted", "sent", "delivered", "read"]


def news(fate: Fate, word: str, wamid: str = "w1") -> Fate:
    if word == "accepted":
        return fates.accepted(fate, wamid, sending_at=AT)
    return fates.told(fate, wamid, word, AT + timedelta(seconds=len(word)), {})


@pytest.mark.parametrize("order", list(permutations(STEPS)))
def test_statuses_only_rise_whatever_order_they_come_in(order: tuple[str, ...]) -> None:
    fate = QUEUED
    for word in order:
        fate = news(fate, word)

    assert (fate.status, fate.wamid, fate.double_wamid) == ("read", "w1", None)


@pytest.mark.parametrize("order", list(permutations(["accepted", "sent", "failed"])))
def test_failed_ends_a_message(order: tuple[str, ...]) -> None:
    fate = QUEUED
    for word in order:
        fate = news(fate, word)

    assert fate.status == "failed"


@pytest.mark.parametrize("order", list(permutations(["failed", "delivered", "sent"])))
def test_an_arrival_disproves_a_failure(order: tuple[str, ...]) -> None:
    fate = QUEUED
    for word in order:
        fate = news(fate, word)

    assert fate.status == "delivered"
    assert fate.error is not None  # both stay known


@given(st.lists(st.sampled_from([*STEPS, "failed", "played", "deleted", "warning"]), max_size=12))
def test_the_same_news_twice_change_nothing(words: list[str]) -> None:
    fate = QUEUED
    for word in words:
        fate = news(fate, word)
        assert news(fate, word) == fate


@given(st.permutations([*STEPS, "played", "failed"]), st.integers(min_value=0, max_value=6))
def test_the_end_does_not_depend_on_the_order(words: list[str], cut: int) -> None:
    chosen = words[:cut]
    forwards, backwards = QUEUED, QUEUED
    for word in chosen:
        forwards = news(forwards, word)
    for word in reversed(chosen):
        backwards = news(backwards, word)

    assert (forwards.status, forwards.wamid) == (backwards.status, backwards.wamid)


def test_our_own_failure_is_taken_back_when_meta_has_the_message() -> None:
    given_up = fates.failed(QUEUED, {"code": "window_closed"}, sending_at=None)

    assert news(given_up, "sent").status == "sent"
    assert news(given_up, "accepted").status == "accepted"


def test_a_second_wamid_is_a_second_copy_and_is_counted_once() -> None:
    once = news(QUEUED, "sent", "w1")
    twice = news(once, "accepted", "w2")
    again = news(twice, "delivered", "w2")

    assert not fates.went_out_twice(QUEUED, once)
    assert fates.went_out_twice(once, twice)
    assert not fates.went_out_twice(twice, again)


def test_an_unknown_send_rises_to_whatever_is_learnt() -> None:
    doubtful = fates.unknown(QUEUED, sending_at=AT)

    assert doubtful.status == "unknown"
    assert news(doubtful, "sent").status == "sent"
    assert fates.unknown(news(QUEUED, "sent"), sending_at=AT).status == "sent"


def test_pricing_is_kept_once_it_was_told() -> None:
    priced = fates.told(QUEUED, "w1", "sent", AT, {"pricing": {"category": "service"}})

    assert news(priced, "read").pricing == {"category": "service"}


def test_words_of_metas_that_we_do_not_know_only_prove_that_she_has_it() -> None:
    assert news(QUEUED, "warning").status == "accepted"
    assert news(news(QUEUED, "read"), "deleted").status == "read"


def test_we_do_not_give_up_what_meta_has() -> None:
    taken = news(QUEUED, "accepted")

    assert fates.failed(taken, {"code": 1}, sending_at=AT) == taken
