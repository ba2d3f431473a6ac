"""What a database's own types become, and how values of a flow are read as them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from recado.calls.sql_values import as_json
from recado.engine.events import Json
from tests.calls.databases import Shop, open_shop


@pytest_asyncio.fixture
async def shop(empty_database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop("postgresql", empty_database_url, tmp_path) as shop:
        yield shop


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("true", True),
        ("null", None),
        ("12::bigint", 12),
        ("9223372036854775807", "9223372036854775807"),
        ("1.5::float8", 1.5),
        ("'NaN'::float8", "nan"),
        ("19.90::numeric", 19.9),
        ("12::numeric", 12),
        ("0.1234567890123456789012::numeric", "0.1234567890123456789012"),
        ("'NaN'::numeric", "NaN"),
        ("date '2026-12-25'", "2026-12-25"),
        ("time '09:30'", "09:30:00"),
        ("timestamp '2026-12-25 09:30'", "2026-12-25T09:30:00"),
        ("timestamptz '2026-12-25 09:30-03'", "2026-12-25T12:30:00+00:00"),
        ("interval '1 day 2 hours'", "26:00:00"),
        ("'\\x00ff'::bytea", "AP8="),
        ("'5b1c8b0e-7d52-4e5e-9a3e-0b1f3a6f1c11'::uuid", "5b1c8b0e-7d52-4e5e-9a3e-0b1f3a6f1c11"),
        ('\'{"a": [1, {"b": null}]}\'::jsonb', {"a": [1, {"b": None}]}),
        ("'[1, 2]'::json", [1, 2]),
        ("array[1, 2]", [1, 2]),
        ("array['a', null]", ["a", None]),
        ("'192.168.0.1'::inet", "192.168.0.1"),
        ("row(1, 'a')", [1, "a"]),
    ],
)
async def test_a_type_of_postgresql_becomes_json(shop: Shop, sql: str, value: Json) -> None:
    assert await shop.value(f"select {sql}") == value


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("integer", "5", 5),
        ("integer", " 007 ", 7),
        ("integer", 5.0, 5),
        ("bigint", 2**53, 2**53),
        ("numeric", "18,5", 18.5),
        ("numeric", "19.90", 19.9),
        ("float8", "1.234,5", 1234.5),
        ("boolean", "sim", True),
        ("boolean", 0, False),
        ("text", 18, "18"),
        ("text", {"a": 1}, '{"a":1}'),
        ("text", "a\0b", "ab"),
        ("date", "25/12/2026", "2026-12-25"),
        ("date", "2026-12-25T10:00:00-03:00", "2026-12-25"),
        ("timestamp", "25/12/2026 10:00", "2026-12-25T10:00:00"),
        ("timestamptz", "2026-12-25T10:00:00-03:00", "2026-12-25T13:00:00+00:00"),
        ("time", "15h30", "15:30:00"),
        ("uuid", "5b1c8b0e-7d52-4e5e-9a3e-0b1f3a6f1c11", "5b1c8b0e-7d52-4e5e-9a3e-0b1f3a6f1c11"),
        ("jsonb", {"a": [1]}, {"a": [1]}),
        ("jsonb", "[1]", [1]),
        ("jsonb", "oi", "oi"),
        ("integer[]", ["1", 2], [1, 2]),
        ("text[]", [], []),
    ],
)
async def test_a_value_is_read_as_the_type_of_its_place(
    shop: Shop, type: str, value: Json, expected: Json
) -> None:
    assert await shop.value(f"select cast(:v as {type})", v=value) == expected


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("integer", "cinco"),
        ("integer", "1,5"),
        ("boolean", "talvez"),
        ("date", "31/02/2026"),
        ("date", "25/12"),
        ("timestamp", "ontem"),
        ("time", "25h"),
        ("integer[]", "1"),
        ("uuid", "x-segredo-x"),
        ("smallint", 70_000),
    ],
)
async def test_a_value_that_does_not_fit_is_an_error_without_it(
    shop: Shop, type: str, value: Json
) -> None:
    result = await shop.ask(f"select cast(:valor as {type})", "scalar", valor=value)

    assert (result.ok, result.error) == (False, "query_failed")
    assert result.detail
    assert "segredo" not in result.detail


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (timedelta(hours=9), "09:00:00"),
        (-timedelta(minutes=90, microseconds=5), "-01:30:00.000005"),
        (time(9, 30), "09:30:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (Decimal("1E+2"), 100),
        (Decimal("1E-400"), "1E-400"),
        (Decimal("Infinity"), "Infinity"),
        (2**53, 2**53),
        (-(2**53) - 1, "-9007199254740993"),
        (float("inf"), "inf"),
        (b"\x00\xff", "AP8="),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (frozenset({1}), [1]),
        ((1, (2,)), [1, [2]]),
    ],
)
def test_a_drivers_value_becomes_json(value: object, expected: Json) -> None:
    assert as_json(value) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_never_another_one(value: Decimal) -> None:
    assert Decimal(str(json.loads(json.dumps(as_json(value))))) == value
