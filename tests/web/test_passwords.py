"""Passwords cost the same to check whether or not there is one; attempts are counted in bounded memory."""

import pytest

from recado.web.attempts import Attempts
from recado.web.passwords import hash_password, needs_new_hash, new_token, same, token_hash
from recado.web.passwords import verify_password as verify

PARAMETERS = "$argon2id$v=19$m=19456,t=2,p=1$"


@pytest.mark.asyncio
async def test_a_password_opens_its_own_hash_only() -> None:
    stored = await hash_password("pão de queijo")

    assert stored.startswith(PARAMETERS)
    assert await verify(stored, "pão de queijo")
    assert not await verify(stored, "pao de queijo")
    assert not await verify("!", "!")  # a user without a password


@pytest.mark.asyncio
async def test_without_a_hash_no_password_is_right() -> None:
    assert not await verify(None, "anything")


def test_a_weaker_hash_is_to_be_replaced() -> None:
    weak = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"

    assert needs_new_hash(weak)


def test_a_token_is_compared_by_its_hash() -> None:
    token = new_token()

    assert same(token_hash(token), token)
    assert not same(token_hash(token), new_token())
    assert not same(token_hash(token), None)


def test_attempts_come_back_when_the_window_is_over() -> None:
    attempts = Attempts(limit=2, window=10)
    assert [attempts.take("a", 0.0), attempts.take("a", 1.0)] == [None, None]

    assert attempts.take("a", 4.0) == 6
    assert attempts.take("b", 4.0) is None
    assert attempts.take("a", 10.0) is None


def test_a_right_password_starts_afresh() -> None:
    attempts = Attempts(limit=1, window=10)
    attempts.take("a", 0.0)

    attempts.forget("a")

    assert attempts.take("a", 1.0) is None


def test_the_memory_of_attempts_stays_bounded() -> None:
    attempts = Attempts(limit=1, window=10, keys=2)

    for key in "abc":
        attempts.take(key, 0.0)

    assert attempts.take("c", 1.0) == 9
    assert attempts.take("a", 1.0) is None  # the oldest was forgotten
