"""Queries that want more than they may (`sql_attacks.json`): all refused, and the database is as it was.

Those marked `deep` are tried again without the check of the words: then the transaction, the rights, the one statement
or SQLite's judge must refuse them alone.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from recado.calls import sql
from tests.calls.databases import KINDS, Shop, open_shop

pytestmark = pytest.mark.asyncio

ATTACKS = json.loads(Path(__file__).with_name("sql_attacks.json").read_text())


def attacks(kind: str, *, deep: bool) -> list[dict[str, Any]]:
    """The attacks on a kind of database."""
    mine = [each for each in ATTACKS if each.get("kind", kind) == kind]
    return [each for each in mine if each.get("deep") or not deep]


@pytest_asyncio.fixture(params=KINDS)
async def shop(
    request: pytest.FixtureRequest, empty_database_url: str, tmp_path: Path
) -> AsyncIterator[Shop]:
    if request.param == "postgresql":
        admin = await asyncpg.connect(empty_database_url)
        await admin.execute("create extension dblink; create sequence contador")
        await admin.execute("grant all on sequence contador to public")
        await admin.close()
    async with open_shop(request.param, empty_database_url, tmp_path) as shop:
        yield shop


@pytest.mark.parametrize("deep", [False, True], ids=["", "deep"])
async def test_every_attack_is_refused(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deep: bool
) -> None:
    if deep:
        monkeypatch.setattr(sql, "refused_word", lambda query, mode: None)
    marker = tmp_path / "marker"
    through: list[str] = []

    for attack in attacks(shop.kind, deep=deep):
        attacker = shop.writable() if attack.get("writable") else shop
        query = attack["query"].replace("{marker}", str(marker))
        result = await attacker.ask(query, attack.get("mode", "rows"), a=1, b=2, within=3)
        if result.ok or result.error != "query_failed" or marker.exists():
            through.append(f"{attack['name']}: {result}")

    assert through == []
    left = await shop.ask("select id, nome from pedidos order by id")
    assert left.ok, left
    assert [list(row.values()) for row in left.value] == [[1, "Ana"], [2, "Bruno's"], [3, "Célia"]]


async def test_the_list_is_long_enough() -> None:
    assert {kind: len(attacks(kind, deep=False)) >= 35 for kind in KINDS} == dict.fromkeys(
        KINDS, True
    )
