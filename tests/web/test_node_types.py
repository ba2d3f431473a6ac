"""`GET /node-types`: all of them, with everything that a builder needs, in both languages."""

from collections.abc import AsyncIterator
from typing import Any

import jsonschema
import pytest
import pytest_asyncio

from recado.nodes import NODE_TYPES
from recado.store.pool import Pool
from tests.web.api import Api, make_api

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


async def test_every_type_says_what_it_is_takes_and_leads_to(api: Api) -> None:
    answer = await api.get("/node-types")

    assert answer.status == 200
    items = {item["type"]: item for item in answer.body["items"]}
    assert set(items) == set(NODE_TYPES)
    assert answer.body["total"] == len(NODE_TYPES) >= 21
    for type, item in items.items():
        assert item["family"], type
        assert item["icon"], type
        assert set(item["name"]) == set(item["help"]) == {"pt-BR", "en"}, type
        jsonschema.validate({"type": type, **item["example"]}, item["json_schema"])


async def test_every_field_has_its_name_in_both_languages(api: Api) -> None:
    items = (await api.get("/node-types")).body["items"]

    for item in items:
        for place, field in _fields(item["json_schema"]):
            title = field.get("recado", {}).get("title", {})
            assert set(title) == {"pt-BR", "en"}, f"{item['type']}: {place}"


def _fields(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Lists the fields of a type and of the objects it is made of; `type` and ids speak for themselves."""
    parts = [("", schema), *schema.get("$defs", {}).items()]
    return [
        (f"{part}.{name}", field)
        for part, each in parts
        for name, field in each.get("properties", {}).items()
        if name not in ("type", "id", "label")
    ]
