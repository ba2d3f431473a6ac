"""The page of metrics: who may see it, what receiving counts, and that labels cannot grow without end."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry, Counter
from pydantic import SecretStr

from recado.cli.listening import metrics_on_their_port
from recado.config import Settings
from recado.store.metrics import MOST_LINES, Lines
from recado.store.pool import Pool, create_pool
from tests.metering import grown, value
from tests.web.api import PUBLIC_URL, make_api
from tests.web.desk import Desk, add_number, message_post, open_desk, text

pytestmark = pytest.mark.asyncio
TOKEN = "a-token-of-the-operators"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(pool) as desk:
        yield desk


async def page(pool: Pool, settings: Settings, headers: dict[str, str]) -> tuple[int, Any]:
    async with make_api(pool, settings=settings) as api:
        path = api.url + "/metrics"
        async with api.http.get(path, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.mark.parametrize(
    "settings",
    [{}, {"metrics_port": 0}, {"metrics_port": 0, "metrics_token": SecretStr(TOKEN)}],
    ids=["off", "own port", "own port and token"],
)
async def test_the_main_port_shows_no_metrics_unless_it_asks_for_a_token(
    pool: Pool, settings: dict[str, Any]
) -> None:
    status, _ = await page(pool, Settings(public_url=PUBLIC_URL, **settings), BEARER)

    assert status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer somebody's"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        (BEARER, 200),
    ],
)
async def test_the_main_port_shows_metrics_to_who_brings_the_token(
    pool: Pool, headers: dict[str, str], status: int
) -> None:
    settings = Settings(public_url=PUBLIC_URL, metrics_token=SecretStr(TOKEN))

    found, shown = await page(pool, settings, headers)

    assert found == status
    assert ("recado_queue_depth{" in shown) == (status == 200)


@pytest.mark.parametrize("token", [None, TOKEN])
async def test_metrics_have_a_port_of_their_own(
    pool: Pool, token: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = SecretStr(token) if token else None
    close = metrics_on_their_port(pool, Settings(metrics_port=0, metrics_token=secret))
    url = capsys.readouterr().out.split()[-1]

    async with (
        aiohttp.ClientSession() as http,
        http.get(url) as stranger,
        http.get(url, headers=BEARER) as operator,
    ):
        shown = await operator.text()
    await close()

    assert (stranger.status, operator.status) == (401 if token else 200, 200)
    assert 'recado_queue_depth{queue="outbox"} 0.0' in shown
    assert "recado_database_up 1.0" in shown
    assert "recado_pool_size 8.0" in shown


async def test_without_a_database_the_queues_are_unknown(
    pool: Pool, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = await create_pool(database_url)
    await closed.close()
    close = metrics_on_their_port(closed, Settings(metrics_port=0))
    url = capsys.readouterr().out.split()[-1]

    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        shown = await answer.text()
    await close()

    assert answer.status == 200
    assert "recado_database_up 0.0" in shown
    assert "recado_queue_depth{" not in shown


async def test_what_comes_in_is_counted(pool: Pool, desk: Desk) -> None:
    number = await add_number(pool, secret="s3cret")
    post = message_post(number, text())

    with (
        grown("recado_webhook_posts_total", outcome="stored") as stored,
        grown("recado_webhook_posts_total", outcome="duplicate") as again,
        grown("recado_webhook_posts_total", outcome="rejected") as rejected,
        grown("recado_webhook_answers_total", status="200") as good,
        grown("recado_webhook_answers_total", status="401") as refused,
        grown("recado_messages_received_total", number=str(number.id)) as received,
        grown("recado_messages_duplicate_total") as duplicates,
        grown("recado_commit_posts_count") as commits,
        grown("recado_webhook_seconds_count") as answers,
    ):
        await desk.post(post, secret="s3cret")
        await desk.post(post, secret="s3cret")
        await desk.post(post, secret="another")

    assert (stored.by, again.by, rejected.by) == (1, 1, 1)
    assert (good.by, refused.by) == (2, 1)
    assert (received.by, duplicates.by) == (1, 1)
    assert (commits.by, answers.by) == (3, 3)
    assert value("recado_commit_waiting") == 0


async def test_a_metric_has_only_so_many_lines() -> None:
    counter = Counter("test_lines", "Lines.", ["number", "what"], registry=CollectorRegistry())
    lines = Lines(counter)

    for n in range(MOST_LINES + 10):
        lines.of(str(n), "a").inc()

    samples = [
        each for each in next(iter(counter.collect())).samples if each.name.endswith("_total")
    ]
    assert len(samples) == MOST_LINES + 1
    assert {each.value for each in samples if each.labels["number"] == "other"} == {10.0}
