"""Values that a parser takes and the database cannot: refused by name, never a 500."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio
TOO_LATE, TOO_EARLY = "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


@pytest.mark.parametrize("odd", ["NaN", "inf", "-Infinity"])
async def test_a_position_that_is_no_number_is_refused(api: Api, odd: str) -> None:
    node = {"id": "start", "type": "start", "position": {"x": odd, "y": 0}}

    answer = await api.post("/flows", {"name": "F", "nodes": [node]})

    assert (answer.status, answer.code) == (422, "document_refused")
    assert answer.fields() == ["nodes.0.position.x"]


@pytest.mark.parametrize("bound", ["from", "to"])
@pytest.mark.parametrize("moment", [TOO_LATE, TOO_EARLY])
async def test_a_moment_that_no_calendar_holds_is_refused(
    api: Api, bound: str, moment: str
) -> None:
    answer = await api.get("/conversations", **{bound: moment})

    assert (answer.status, answer.fields()) == (422, [bound])


async def test_a_moment_without_a_zone_is_in_utc(api: Api) -> None:
    answer = await api.get("/conversations", **{"from": "2026-01-01T00:00:00"})

    assert answer.status == 200


@pytest.mark.parametrize("path", ["/conversations", "/alerts", "/webhook-log", "/parked"])
@pytest.mark.parametrize("moment", [TOO_LATE, TOO_EARLY])
async def test_a_cursor_with_such_a_moment_is_refused(api: Api, path: str, moment: str) -> None:
    cursor = base64.urlsafe_b64encode(f"{moment} {new_id()}".encode()).decode()

    answer: Any = await api.get(path, cursor=cursor)

    assert (answer.status, answer.code) == (422, "bad_cursor")
