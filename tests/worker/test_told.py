"""What of a call's answer may be kept: no secret, nothing that PostgreSQL refuses, nothing too large."""

import base64
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from recado.calls.masks import Mask
from recado.engine.events import CallResult
from recado.engine.flow import MAX_VALUE_BYTES
from recado.worker.caller import LONGEST_DETAIL, told

SECRET = "s3cr3t/+ção"


def kept(**result: Any) -> CallResult:
    return told(CallResult(**{"ok": True, **result}), Mask([SECRET, "12345"]))


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        f"Bearer {SECRET}!",
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"api:{SECRET}".encode()).decode(),
        base64.urlsafe_b64encode(f"Bearer {SECRET} again".encode()).decode(),
        {SECRET: [{"a": SECRET}]},
        12345,
    ],
)
def test_a_secret_is_masked_wherever_it_comes_back(echo: Any) -> None:
    result = kept(value={"echo": echo}, detail=f"you sent {echo}")

    written = msgspec.json.encode(result).decode()
    assert "•••" in msgspec.json.decode(written)["detail"]
    for form in (str(echo), SECRET, quote(SECRET, safe=""), "12345", "s3cr3t"):
        assert form.lower() not in written.lower()


def test_an_answer_without_secrets_is_as_it_was() -> None:
    value = {"a": [1, 2.5, True, None, "texto"], "b": {"c": "123456"}}

    assert told(CallResult(ok=True, value=value, status=200), Mask([])) == CallResult(
        ok=True, value=value, status=200
    )


@pytest.mark.parametrize("value", ["x" * (MAX_VALUE_BYTES - 1), ["y" * MAX_VALUE_BYTES]])
def test_what_is_larger_than_a_variable_is_an_error(value: Any) -> None:
    result = kept(value=value, status=200)
    failed = kept(ok=False, value=value, error="bad_status", status=500)

    assert (result.ok, result.value, result.error) == (False, None, "too_large")
    assert (failed.value, failed.error, failed.status) == (None, "bad_status", 500)


def test_what_is_nested_too_deep_is_an_error() -> None:
    value: Any = "x"
    for _ in range(500):
        value = [value]

    assert kept(value=value).error == "too_large"


def test_a_detail_is_cut_after_it_was_masked() -> None:
    result = kept(ok=False, error="bad_status", detail="x" * (LONGEST_DETAIL - 3) + SECRET)

    assert result.detail == "x" * (LONGEST_DETAIL - 3) + "•••"


def test_what_postgresql_does_not_store_is_left_out() -> None:
    result = kept(value={"a\0": "b\0c\ud800"}, detail="d\0")

    assert result == CallResult(ok=True, value={"a": "bc?"}, detail="d")


def test_parts_of_an_answer_are_masked_and_bounded_as_well() -> None:
    parts = {"a.b": [SECRET, {SECRET: 1}], "c": "x" * 60_000, "d": "y" * 60_000}

    result = kept(extracted=parts)
    large = kept(extracted={str(number): "x" * 60_000 for number in range(5)})

    assert result.extracted == {**parts, "a.b": ["•••", {"•••": 1}]}
    assert (large.ok, large.error, large.extracted) == (False, "too_large", None)
