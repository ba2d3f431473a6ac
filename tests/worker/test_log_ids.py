"""Every line of the log that is about a message says whose, where and which; none holds a body or a secret."""

import ast
import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from recado.nodes import NODE_TYPES
from recado.store.pool import Pool
from recado.whatsapp.fake_faults import Fault
from recado.worker import receipts as reading
from recado.worker.hand_over import HandOver
from recado.worker.programs import Programs
from recado.worker.receipts import Receipts
from recado.worker.requests import Graph
from recado.worker.settle import Settler
from recado.worker.turn import Turns
from tests.worker.bad_nodes import BAD_TYPES, flow_with
from tests.worker.desk import Desk, open_desk
from tests.worker.stage import VAULT, run_until_idle, set_up

ANA = "5511912345678"
SAID, ANSWERED, TOKEN = "minha senha e 4711", "quarenta e sete onze", "token"
WHERE = ("workspace", "number", "conversation")
WORKER = Path(reading.__file__).parent
Lines = list[MutableMapping[str, Any]]


def flow(*nodes: dict[str, Any]) -> dict[str, Any]:
    """Draws nodes one after the other, after a start."""
    all = [{"id": "start", "type": "start"}, *nodes]
    edges = [
        {"id": f"e{n}", "source": all[n]["id"], "target": all[n + 1]["id"]}
        for n in range(len(all) - 1)
    ]
    return {"nodes": all, "edges": edges}


ANSWER = flow({"id": "a", "type": "end", "data": {"content": ANSWERED + " {{nobody}}"}})
HANDOFF = flow({"id": "h", "type": "handoff", "data": {"content": ANSWERED}})


@pytest_asyncio.fixture
async def desk(pool: Pool) -> AsyncIterator[Desk]:
    async with open_desk(await set_up(pool)) as desk:
        yield desk


async def goes_through(
    desk: Desk, *faults: Fault, said: str = SAID, types: Any = NODE_TYPES
) -> Lines:
    """Lets a message go all the way: turn, receipt, send, statuses; gives the lines about it."""
    conversation = await desk.stage.customer(ANA)
    receipts = Receipts(desk.stage.pool, VAULT, desk.client, graph=Graph(desk.meta.url, "v25.0"))
    hand_over = HandOver(desk.sender, receipts=receipts)
    turns = Turns(desk.stage.pool, Programs(types), queued=hand_over)
    settler = Settler(desk.stage.pool, freed=lambda _: None)
    desk.meta.fail(*faults)
    with capture_logs() as lines:
        wamid = desk.meta.say(ANA, said)
        id = await desk.stage.hears(conversation, said, key=wamid)
        await _take_up(turns)
        await desk.work()
        await _statuses(desk, conversation)
        await run_until_idle(settler.step)
        async with asyncio.timeout(20):
            while running := set(receipts._tasks):
                await asyncio.wait(running)
        await receipts.stop()
    about = [line for line in lines if {*WHERE, "message", "wamid"} & line.keys()]
    assert {line["wamid"] for line in about if line.get("message") == str(id)} <= {wamid}
    return about


async def _take_up(turns: Turns) -> None:
    for _ in range(20):
        try:
            if not await turns.step():
                return
        except RuntimeError as problem:  # of a node of `bad_nodes`
            turns.isolate(problem)


async def _statuses(desk: Desk, conversation: UUID) -> None:
    rows = await desk.stage.rows(
        "select id, wamid from messages where conversation_id = $1 and direction = 'out'",
        conversation,
    )
    for row in rows:
        failed = {"status": "failed", "errors": [{"code": 131026}]}
        payload = {"wamid": row["wamid"] or "wamid.late", "payload": failed}
        await desk.stage.hears_status(row["id"], "failed", **payload)


def checked(lines: Lines) -> set[str]:
    """Holds lines against the rule; names what they tell."""
    for line in lines:
        assert [key for key in WHERE if not line.get(key)] == [], line
        assert "message" in line, line
        told = repr(line)
        for secret in (SAID, "4711", ANSWERED, f"'{TOKEN}'"):
            assert secret not in told, line
    return {line["event"] for line in lines}


@pytest.mark.asyncio
async def test_an_answered_message(desk: Desk) -> None:
    await desk.stage.publish(ANSWER)

    told = checked(await goes_through(desk))

    assert told >= {"turn_done", "session_ended", "missing_variable", "send_accepted"}
    assert told >= {"delivery_failed"}


@pytest.mark.asyncio
async def test_a_message_that_goes_to_a_person(desk: Desk) -> None:
    await desk.stage.publish(HANDOFF)

    assert checked(await goes_through(desk)) >= {"turn_done", "handed_off", "send_accepted"}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "event"),
    [
        (Fault(kind="error", code=131026), "send_failed"),
        (Fault(kind="error", code=131000), "send_put_back"),
        (Fault(kind="reset_after"), "send_unknown"),
        (Fault(kind="error", code=131000, on="receipts"), "receipts_held"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_message_whose_answer_has_trouble(desk: Desk, fault: Fault, event: str) -> None:
    await desk.stage.publish(ANSWER)

    assert event in checked(await goes_through(desk, fault))


@pytest.mark.asyncio
async def test_a_message_that_nobody_answers(desk: Desk) -> None:
    assert "no_chatbot" in checked(await goes_through(desk))


@pytest.mark.asyncio
async def test_a_message_to_a_number_that_is_switched_off(desk: Desk) -> None:
    await desk.stage.publish(ANSWER)
    await desk.stage.sql("update whatsapp_numbers set is_active = false")

    assert checked(await goes_through(desk)) >= {"number_inactive"}


@pytest.mark.asyncio
async def test_a_message_that_refuses_consent(desk: Desk) -> None:
    await desk.stage.publish(ANSWER)

    assert "consent" in checked(await goes_through(desk, said="parar mensagens"))


@pytest.mark.asyncio
async def test_a_message_that_is_given_up(desk: Desk) -> None:
    await desk.stage.publish(flow_with("raises"))

    assert "event_parked" in checked(await goes_through(desk, said="boom", types=BAD_TYPES))


def by_hand() -> Iterator[str]:
    """Finds log lines of the worker that name a message or a conversation, but not by all of its ids."""
    for path in sorted(WORKER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log" | "_log")), keywords=keywords
                ):
                    names = {keyword.arg for keyword in keywords}
                    if names & {"message", "conversation", "wamid"} and None not in names:
                        yield f"{path.name}:{node.lineno}"


def test_ids_of_a_message_are_logged_together_or_not_at_all() -> None:
    assert list(by_hand()) == []
