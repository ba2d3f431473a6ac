"""Statuses that the database merges alone: what comes out is what the pure merge says, in whatever batches they come."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store import statuses
from recado.store.messages import Fate
from recado.store.pool import Pool
from recado.worker import fate as fates
from recado.worker.settle import Settler
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRICED = {"pricing": {"category": "service", "billable": True}}


@dataclass
class Sent:
    """A message that Meta has taken, and what statuses say of it."""

    stage: Stage
    id: UUID
    fate: Fate

    async def hears(self, word: str, payload: Any = None) -> None:
        """Puts a status into the inbox, and tells the pure merge of it."""
        at = (self.fate.status_at or AT) + timedelta(seconds=1)
        await self.stage.sql(
            """insert into status_inbox (phone_number_id, wamid, opaque, status, at, payload)
               values ('100', 'w1', $1, $2, $3, $4)""",
            f"{self.id}.1",
            word,
            at,
            payload or {},
        )
        self.fate = fates.told(self.fate, "w1", word, at, payload or {})

    async def stands(self) -> Fate:
        """Reads what is known about it."""
        row = await self.stage.fate(self.id)
        return Fate(**{name: row[name] for name in Fate.__dataclass_fields__})

    async def left(self) -> int:
        """Counts what waits."""
        return int(await self.stage.value("select count(*) from status_inbox"))


@pytest_asyncio.fixture
async def sent(pool: Pool) -> AsyncIterator[Sent]:
    stage = await set_up(pool)
    id = await stage.says(await stage.customer("5511912345678"), "Olá")
    await stage.sql("delete from outbox")
    await stage.sql(
        "update messages set status = 'accepted', wamid = 'w1', status_at = $2, sending_at = $2 where id = $1",
        id,
        AT,
    )
    sent = Sent(stage, id, Fate(id=id, status="accepted"))
    sent.fate = await sent.stands()
    yield sent


async def merge(sent: Sent, batch: int = 500) -> None:
    await run_until_idle(Settler(sent.stage.pool, freed=lambda _: None, batch=batch).step)


WORDS = [
    ["sent", "delivered", "read"],
    ["read", "sent", "delivered"],
    ["sent", "sent", "delivered", "delivered"],
    ["played"],
    ["failed"],
    ["sent", "failed", "sent"],
    ["delivered", "failed", "read"],
    ["failed", "delivered"],
    ["deleted", "sent", "warning"],
]


@pytest.mark.parametrize("batch", [1, 2, 500])
@pytest.mark.parametrize("words", WORDS)
async def test_it_ends_as_the_pure_merge_says(sent: Sent, words: list[str], batch: int) -> None:
    for word in words:
        await sent.hears(word)

    await merge(sent, batch)

    assert await sent.stands() == sent.fate
    assert await sent.left() == 0


async def test_the_database_needs_nobody_for_the_ordinary_case(sent: Sent) -> None:
    await sent.hears("sent", PRICED)
    await sent.hears("delivered")

    merged = await statuses.merge(sent.stage.pool, 500)

    assert (sorted(merged.words), merged.odd, merged.full) == (["delivered", "sent"], [], False)
    assert await sent.stands() == sent.fate
    assert await sent.left() == 0


@pytest.mark.parametrize(
    ("first", "second"), [(PRICED, {}), ({}, PRICED), ({"pricing": {"category": "x"}}, PRICED)]
)
async def test_what_a_message_costs_is_kept(sent: Sent, first: Any, second: Any) -> None:
    await sent.hears("delivered", first)
    await sent.hears("sent", second)

    await merge(sent)

    assert await sent.stands() == sent.fate
    assert sent.fate.pricing == PRICED["pricing"]


@pytest.mark.parametrize(
    "odd", [None, False, True, 0, 0.0, 3, "", "free", [], ["free"], {}, {"billable": False}]
)
async def test_a_price_of_an_odd_shape_is_the_same_to_both(sent: Sent, odd: Any) -> None:
    await sent.hears("sent", PRICED)
    await sent.hears("delivered", {"pricing": odd})

    merged = await statuses.merge(sent.stage.pool, 500)

    assert merged.odd == []
    assert await sent.stands() == sent.fate


async def test_a_price_comes_after_the_last_word(sent: Sent) -> None:
    await sent.hears("read")
    await merge(sent)
    await sent.hears("sent", PRICED)
    await merge(sent)

    assert await sent.stands() == sent.fate


async def test_what_tells_nothing_new_writes_nothing(sent: Sent) -> None:
    await sent.hears("read", PRICED)
    await merge(sent)
    written = await sent.stage.value("select xmin::text from messages where id = $1", sent.id)
    for word in ("sent", "delivered", "read"):
        await sent.hears(word, PRICED)

    await merge(sent)

    assert (
        await sent.stage.value("select xmin::text from messages where id = $1", sent.id) == written
    )
    assert await sent.left() == 0


@pytest.mark.parametrize(
    "more",
    [
        {"phone_number_id": "999"},
        {"opaque": None},
        {"opaque": "no id of ours"},
        {"opaque": "x" * 600},
        {"wamid": "w2"},
        {"payload": ["no object"]},
    ],
)
async def test_what_is_not_ordinary_is_left(sent: Sent, more: dict[str, Any]) -> None:
    before = await sent.stands()
    await sent.stage.hears_status(sent.id, "read", **{"wamid": "w1", **more})

    merged = await statuses.merge(sent.stage.pool, 500)

    assert (merged.words, len(merged.odd)) == ([], 1)
    assert await sent.stands() == before
    assert await sent.left() == 1


async def test_a_message_that_is_still_in_its_lane_is_left(sent: Sent) -> None:
    await sent.hears("sent")
    await sent.stage.sql(
        """insert into outbox (id, workspace_id, number_id, conversation_id, content, expires_at)
           select m.id, m.workspace_id, v.number_id, v.id, m.content, now() + interval '1 day'
             from messages m join conversations v on v.id = m.conversation_id where m.id = $1""",
        sent.id,
    )

    merged = await statuses.merge(sent.stage.pool, 500)
    await merge(sent)

    assert len(merged.odd) == 1
    assert await sent.stage.value("select count(*) from outbox") == 0
    assert (await sent.stands()).status == "sent"
