"""News of an account that change how we send: from Meta's post to the number."""

import json
from pathlib import Path
from typing import Any

import pytest

from recado.store.pool import Pool
from recado.worker.settle import Settler
from tests.web.desk import Json, Ours, add_number, add_workspace, open_desk, post

pytestmark = pytest.mark.asyncio

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "webhooks"
UPGRADE = "doc--phone-number-quality-update--phone_number_quality_update.json"
SYNC = "doc--smb-app-state-sync--smb_app_state_sync.json"
PHONE = "+15550783881"


def upgrade(event: str = "THROUGHPUT_UPGRADE", phone: Any = "15550783881") -> Json:
    value = {"display_phone_number": phone, "event": event, "current_limit": "TIER_UNLIMITED"}
    return post({"field": "phone_number_quality_update", "value": value})


def echo(number: Ours) -> Json:
    metadata = {"display_phone_number": "1", "phone_number_id": number.phone_number_id}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "message_echoes": [{"id": "w"}]}
    return post({"field": "smb_message_echoes", "value": value})


async def named(pool: Pool, **more: Any) -> Ours:
    """Makes a number whose phone is the one of Meta's example."""
    number = await add_number(pool, secret="s", **more)
    await pool.execute(
        "update whatsapp_numbers set phone_number = $2 where id = $1", number.id, PHONE
    )
    return number


async def told(pool: Pool, number: Ours) -> tuple[Any, Any]:
    row = await pool.fetchrow(
        "select health, limits->'messages_per_second' as limit from whatsapp_numbers where id = $1",
        number.id,
    )
    return row["health"], row["limit"]


async def receive(pool: Pool, *posts: Json | bytes, secret: str = "s") -> None:
    """Takes posts in, then lets the settle loop look at them."""
    async with open_desk(pool) as desk:
        for each in posts:
            assert (await desk.post(each, secret=secret))[0] == 200
    await Settler(pool, freed=lambda _: None).step()


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not on this machine")
async def test_metas_own_examples_are_taken_up(pool: Pool) -> None:
    number = await named(pool)

    await receive(pool, (CORPUS / UPGRADE).read_bytes())
    upgraded = await told(pool, number)
    await receive(pool, (CORPUS / SYNC).read_bytes())

    assert upgraded == ({"throughput": "upgraded"}, 1000)
    assert (await told(pool, number))[0] == {"coexistence": True}


async def test_an_upgrade_raises_the_limit_that_nobody_has_changed(pool: Pool) -> None:
    number = await named(pool)

    await receive(pool, upgrade(), upgrade())

    assert await told(pool, number) == ({"throughput": "upgraded"}, 1000)
    outcomes = await pool.fetch("select outcome from webhook_log order by id")
    assert [row["outcome"] for row in outcomes] == ["stored", "duplicate"]
    assert await pool.fetchval("select count(*) from account_inbox") == 0


@pytest.mark.parametrize("limit", [30, None])
async def test_an_upgrade_leaves_a_limit_that_somebody_has_set(
    pool: Pool, limit: int | None
) -> None:
    number = await named(pool)
    await pool.execute("update whatsapp_numbers set limits = $1", {"messages_per_second": limit})

    await receive(pool, upgrade())

    assert await told(pool, number) == (
        {"throughput": "upgraded"},
        None if limit is None else limit,
    )


async def test_an_upgrade_is_for_the_number_that_it_names(pool: Pool) -> None:
    workspace = await add_workspace(pool)
    first = await add_number(pool, workspace=workspace, phone_number_id="1", secret="s")
    second = await named(pool, workspace=workspace, phone_number_id="2")
    await pool.execute(
        "update whatsapp_numbers set phone_number = '+5511987654321' where id = $1", first.id
    )

    await receive(pool, upgrade(phone="551187654321"))  # Meta's spelling, without the ninth digit

    assert await told(pool, first) == ({"throughput": "upgraded"}, 1000)
    assert await told(pool, second) == ({}, 80)


@pytest.mark.parametrize(
    "news",
    [
        upgrade(event="ONBOARDING"),
        upgrade(phone="15550000000"),
        upgrade(phone=None),
        upgrade(phone=[]),
        post({"field": "phone_number_quality_update", "value": "odd"}),
        post({"field": "smb_message_echoes", "value": {"message_echoes": []}}),
    ],
)
async def test_other_news_change_nothing(pool: Pool, news: Json) -> None:
    number = await named(pool)

    await receive(pool, news)

    assert await told(pool, number) == ({}, 80)


async def test_a_strangers_signature_changes_nothing(pool: Pool) -> None:
    number = await named(pool)

    async with open_desk(pool) as desk:
        status, _ = await desk.post(upgrade(), secret="wrong")

    assert status == 401
    assert await pool.fetchval("select count(*) from account_inbox") == 0
    assert await told(pool, number) == ({}, 80)


async def test_words_typed_in_the_app_mark_a_number_that_is_in_it_too(pool: Pool) -> None:
    number = await named(pool)

    await receive(pool, upgrade(), echo(number))

    assert await told(pool, number) == ({"coexistence": True}, 1000)


async def test_news_wait_for_their_second_and_hold_no_status_up(pool: Pool) -> None:
    number, now = await named(pool), [100.0]
    settler = Settler(pool, freed=lambda _: None, monotonic=lambda: now[0])
    await settler.step()
    async with open_desk(pool) as desk:
        await desk.post(json.dumps(upgrade()).encode(), secret="s")

    await settler.step()
    early = await told(pool, number)
    now[0] += 1.0
    await settler.step()

    assert (early[1], (await told(pool, number))[1]) == (80, 1000)
