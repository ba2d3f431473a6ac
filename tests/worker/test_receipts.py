"""Read receipts and dots, on real HTTP: once a take-up, beside the lanes, and dropped wherever they could be in the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from recado.nodes import NODE_TYPES
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker import receipts
from recado.worker.hand_over import HandOver
from recado.worker.programs import Programs
from recado.worker.receipts import Receipts
from recado.worker.requests import Graph
from recado.worker.seen import Receipt
from recado.worker.turn import Turns
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import ASK_NAME, VAULT, run_until_idle, set_up
from tests.worker.town import open_town

pytestmark = pytest.mark.asyncio

ANA = "5511912345678"
START = {"id": "start", "type": "start"}
CALL = {
    "id": "ask",
    "type": "api_call",
    "data": {"url": "https://crm.example.com", "method": "GET"},
}
DELAY = {"id": "rest", "type": "delay", "data": {"amount": 1, "unit": "minutes", "typing": True}}
HELLO = {"id": "hello", "type": "message", "data": {"content": "Um momento"}}
BYE = {"id": "bye", "type": "end", "data": {"content": "Pronto"}}


def flow(*nodes: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Draws nodes one after the other."""
    ids = [node["id"] for node in nodes]
    edges = [{"id": f"e{a}", "source": a, "target": b} for a, b in pairwise(ids)]
    return {"nodes": list(nodes), "edges": edges, "settings": settings}


@dataclass
class Shop:
    """A desk whose turns hand over to a sender and to receipts; `now` is the receipts' clock."""

    desk: Desk
    receipts: Receipts = field(init=False)
    turns: Turns = field(init=False)
    now: float = 1_000.0

    def __post_init__(self) -> None:
        desk, graph = self.desk, Graph(self.desk.meta.url, "v25.0")
        self.receipts = Receipts(
            desk.stage.pool, VAULT, desk.client, graph=graph, monotonic=lambda: self.now
        )
        settings = {**desk.settings, "went": self.receipts.went}
        desk.sender = type(desk.sender)(desk.stage.pool, VAULT, desk.client, **settings)
        hand_over = HandOver(desk.sender, receipts=self.receipts)
        self.turns = Turns(desk.stage.pool, Programs(NODE_TYPES), queued=hand_over)

    async def hears(self, conversation: UUID, text: str, **more: Any) -> str:
        """Lets Ana write; gives the wamid. No turn is taken yet."""
        wamid = self.desk.meta.say(ANA, text)
        await self.desk.stage.hears(conversation, text, key=wamid, **more)
        return wamid

    async def turn(self) -> None:
        """Takes everything up, and waits until Meta has every receipt."""
        await run_until_idle(self.turns.step)
        await self.marked()

    async def marked(self) -> None:
        """Waits until no receipt is under way."""
        async with asyncio.timeout(20):
            while running := set(self.receipts._tasks):
                await asyncio.wait(running)
                await asyncio.sleep(0)  # what has waited for room begins when their callbacks run

    @property
    def reads(self) -> list[tuple[str, bool]]:
        """Lists what Meta was told: the message, and whether with dots."""
        return [(read.wamid, read.typing) for read in self.desk.meta.world.reads]

    def receipt(self, wamid: str, **more: Any) -> Receipt:
        """Makes a receipt as a turn does, of a conversation of its own."""
        values: dict[str, Any] = {
            "number_id": self.desk.stage.number,
            "conversation_id": new_id(),
            "workspace_id": self.desk.stage.workspace,
            "message_id": new_id(),
            "wamid": wamid,
            "phone_number_id": "100",
            "access_token_id": None,
            "graph_url": None,
            "age": 0.0,
            "heard": True,
            "typing": False,
        }
        return Receipt(**{**values, **more})


@pytest_asyncio.fixture
async def shop(pool: Pool) -> AsyncIterator[Shop]:
    async with open_desk(await set_up(pool)) as desk:
        shop = Shop(desk)
        yield shop
        await shop.receipts.stop()


async def test_a_message_that_a_flow_takes_up_is_marked_once(shop: Shop) -> None:
    await shop.desk.stage.publish(ASK_NAME)
    ana = await shop.desk.stage.customer(ANA)

    first = await shop.hears(ana, "oi")
    await shop.turn()
    await shop.desk.work()
    second = await shop.hears(ana, "Ana")
    await shop.turn()
    await shop.desk.work()

    assert shop.reads == [(first, False), (second, False)]


async def test_of_messages_taken_up_together_the_newest_speaks_for_all(shop: Shop) -> None:
    await shop.desk.stage.publish(ASK_NAME)
    ana = await shop.desk.stage.customer(ANA)

    await shop.hears(ana, "oi")
    newest = await shop.hears(ana, "olá", seconds=1)
    await shop.turn()

    assert shop.reads == [(newest, False)]


@pytest.mark.parametrize("where", ["workspaces", "chatbots", "flow"])
async def test_where_a_setting_forbids_it_nothing_is_marked(shop: Shop, where: str) -> None:
    own = {"read_receipts": False} if where == "flow" else {}
    await shop.desk.stage.publish(flow(START, BYE, **own))
    if where != "flow":
        await shop.desk.stage.sql(f"update {where} set settings = $1", {"read_receipts": False})

    await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.turn()

    assert shop.reads == []


async def test_the_narrower_setting_wins(shop: Shop) -> None:
    await shop.desk.stage.publish(flow(START, BYE, read_receipts=True))
    await shop.desk.stage.sql("update workspaces set settings = $1", {"read_receipts": False})

    wamid = await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.turn()

    assert shop.reads == [(wamid, False)]


@pytest.mark.parametrize(("typing", "dots"), [(None, True), (False, False)])
async def test_while_something_outside_is_asked_the_customer_sees_dots(
    shop: Shop, typing: bool | None, dots: bool
) -> None:
    await shop.desk.stage.publish(flow(START, CALL, BYE, typing=typing))

    wamid = await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.turn()

    assert shop.reads == [(wamid, dots)]


@pytest.mark.parametrize("wait", [CALL, DELAY], ids=["call", "delay"])
async def test_dots_come_after_the_messages_before_the_wait(
    shop: Shop, wait: dict[str, Any]
) -> None:
    await shop.desk.stage.publish(flow(START, HELLO, wait, BYE))

    wamid = await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.turn()
    before = shop.reads
    await shop.desk.work()
    await shop.marked()

    assert before == [(wamid, False)]
    assert shop.reads == [(wamid, False), (wamid, True)]
    assert shop.desk.texts() == ["Um momento"]


async def test_a_delay_without_typing_shows_nothing(shop: Shop) -> None:
    silent = {**DELAY, "data": {"amount": 1, "unit": "minutes"}}
    await shop.desk.stage.publish(flow(START, silent, BYE))

    wamid = await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.turn()

    assert shop.reads == [(wamid, False)]


async def test_a_delay_that_a_timer_leads_to_shows_dots_on_the_last_message(shop: Shop) -> None:
    first = {**DELAY, "id": "first", "data": {"amount": 1, "unit": "minutes"}}
    await shop.desk.stage.publish(flow(START, first, DELAY, BYE))
    wamid = await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.turn()

    await shop.desk.stage.pass_time(60)
    await shop.turn()
    await shop.desk.stage.pass_time(60)
    await shop.turn()

    assert shop.reads == [(wamid, False), (wamid, True)]


async def test_dots_are_forgotten_when_a_later_answer_is_out(shop: Shop) -> None:
    wamid, conversation = shop.desk.meta.say(ANA, "oi"), new_id()
    after, later = new_id(), new_id()

    shop.receipts.take(
        [shop.receipt(wamid, conversation_id=conversation, typing=True, after=after, heard=False)]
    )
    shop.receipts.went(later, conversation)
    shop.receipts.went(after, conversation)
    await shop.marked()

    assert shop.reads == []


async def test_a_long_delay_gets_its_dots_where_another_process_sends(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "A_MOMENT", 0.0)
    wamid = shop.desk.meta.say(ANA, "oi")
    about = {"access_token_id": await shop.desk.stage.value("select id from secrets")}
    about |= {"typing": True, "after": new_id(), "heard": False}

    shop.receipts.take([shop.receipt(wamid, lasts=60.0, **about)])
    shop.receipts.take([shop.receipt(wamid, lasts=1.0, **about)])
    await shop.desk.meta.wait_for(lambda: shop.reads)
    await shop.marked()

    assert shop.reads == [(wamid, True)]


@pytest.mark.parametrize("mode", ["human", "waiting"])
async def test_what_a_person_is_to_read_is_not_marked(shop: Shop, mode: str) -> None:
    await shop.desk.stage.publish(ASK_NAME)
    ana = await shop.desk.stage.customer(ANA)
    await shop.desk.stage.sql("update conversations set mode = $1", mode)

    await shop.hears(ana, "oi")
    await shop.turn()

    assert await shop.desk.stage.value("select count(*) from messages") == 1
    assert shop.reads == []


async def test_a_reaction_is_nothing_to_be_read(shop: Shop) -> None:
    await shop.desk.stage.publish(ASK_NAME)
    ana = await shop.desk.stage.customer(ANA)

    await shop.hears(ana, "👍", type="reaction")
    await shop.turn()

    assert shop.reads == []


async def test_a_message_that_waited_long_is_answered_and_not_marked(shop: Shop) -> None:
    await shop.desk.stage.publish(ASK_NAME)
    await shop.hears(await shop.desk.stage.customer(ANA), "oi")
    await shop.desk.stage.sql("update inbox set received_at = received_at - interval '21 seconds'")

    await shop.turn()
    await shop.desk.work()

    assert shop.reads == []
    assert shop.desk.texts() == ["Qual é o seu nome?"]


async def test_answers_go_out_while_receipts_hang(shop: Shop) -> None:
    await shop.desk.stage.publish(ASK_NAME)
    shop.desk.meta.fail(Fault(kind="delay", ms=60_000, on="receipts"))
    await shop.hears(await shop.desk.stage.customer(ANA), "oi")

    await run_until_idle(shop.turns.step)
    await shop.desk.work()

    assert shop.receipts.running == 1
    assert shop.desk.texts() == ["Qual é o seu nome?"]
    assert shop.reads == []


async def test_only_so_many_run_at_once_and_the_rest_waits(shop: Shop) -> None:
    token = await shop.desk.stage.value("select id from secrets")
    wamids = [shop.desk.meta.say(ANA, str(n)) for n in range(50)]

    shop.receipts.take(shop.receipt(wamid, access_token_id=token, typing=True) for wamid in wamids)
    running = shop.receipts.running
    await shop.marked()

    assert running == receipts.AT_ONCE
    assert sorted(wamid for wamid, _ in shop.reads) == sorted(wamids)
    # The answers of those that waited may be out: then dots would stand there for nothing.
    assert sum(typing for _, typing in shop.reads) == receipts.AT_ONCE


async def crowd(shop: Shop) -> list[Receipt]:
    """Fills the room with receipts, and gives two more that will have to wait."""
    token = await shop.desk.stage.value("select id from secrets")
    some = [
        shop.receipt(shop.desk.meta.say(ANA, str(n)), access_token_id=token)
        for n in range(receipts.AT_ONCE + 2)
    ]
    shop.receipts.take(some[:-2])
    return some[-2:]


async def test_one_that_waits_is_dropped_when_the_answer_is_out(shop: Shop) -> None:
    answered, open_ = await crowd(shop)

    shop.receipts.take([answered, open_])
    shop.receipts.went(new_id(), answered.conversation_id)
    await shop.marked()

    marked = {wamid for wamid, _ in shop.reads}
    assert answered.wamid not in marked
    assert open_.wamid in marked


async def test_one_that_waits_is_dropped_when_it_is_late(shop: Shop) -> None:
    late, fresh = await crowd(shop)

    shop.receipts.take([late])
    shop.now += receipts.LATE + 1
    shop.receipts.take([fresh])
    await shop.marked()

    marked = {wamid for wamid, _ in shop.reads}
    assert late.wamid not in marked
    assert fresh.wamid in marked


async def test_only_so_many_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "WAITING", 1)
    oldest, newest = await crowd(shop)

    shop.receipts.take([oldest, newest])
    await shop.marked()

    marked = {wamid for wamid, _ in shop.reads}
    assert oldest.wamid not in marked
    assert newest.wamid in marked


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="error", code=190, http=401, count=1, on="receipts"),
        Fault(kind="error", code=130429, count=1, on="receipts"),
        Fault(kind="reset_before", count=1, on="receipts"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.code}",
)
async def test_a_number_that_meta_refuses_gets_none_for_a_while(shop: Shop, fault: Fault) -> None:
    token = await shop.desk.stage.value("select id from secrets")
    first, second, third = (
        shop.receipt(shop.desk.meta.say(ANA, str(n)), access_token_id=token) for n in range(3)
    )
    shop.desk.meta.fail(fault)

    shop.receipts.take([first])
    await shop.marked()
    shop.receipts.take([second])
    await shop.marked()
    shop.now += receipts.HELD
    shop.receipts.take([third])
    await shop.marked()

    assert shop.reads == [(third.wamid, False)]


async def test_a_message_that_meta_does_not_know_holds_nothing_up(shop: Shop) -> None:
    token = await shop.desk.stage.value("select id from secrets")
    known = shop.receipt(shop.desk.meta.say(ANA, "oi"), access_token_id=token)

    shop.receipts.take([shop.receipt("wamid.by_hand", access_token_id=token)])
    await shop.marked()
    shop.receipts.take([known])
    await shop.marked()

    assert shop.reads == [(known.wamid, False)]


async def test_a_worker_marks_what_it_takes_up(pool: Pool, database_url: str) -> None:
    stage = await set_up(pool, ASK_NAME)
    async with open_town(stage, pool, database_url) as town:
        await town.worker()

        wamid = town.meta.say(ANA, "oi")
        await town.got(ANA, 1)
        (read,) = await town.meta.wait_for(lambda: list(town.meta.world.reads))

    assert (read.wamid, read.typing) == (wamid, False)
