"""Our own Graph client against the fake: both must tell the same story about a send."""

import pytest

from recado.engine.content import Text
from recado.whatsapp.client import Accepted, Account, GraphClient, Marked, Refused, Unknown
from recado.whatsapp.fake_faults import Fault
from recado.whatsapp.messages import Recipient, payload
from tests.whatsapp.fake_stage import ANA, NUMBER, Stage, on_stage

pytestmark = pytest.mark.asyncio
BODY = payload(Text("olá"), to=Recipient(phone=ANA), opaque="0198.1")


def account(stage: Stage) -> Account:
    return Account(NUMBER.phone_number_id, NUMBER.access_token, graph_url=stage.fake.url)


async def test_an_accepted_send_and_a_read_receipt() -> None:
    async with on_stage() as stage, GraphClient() as client:
        wamid = stage.fake.say(ANA, "oi")

        sent = await client.send(account(stage), BODY)
        marked = await client.mark_read(account(stage), wamid, typing=True)

        assert sent == Accepted(wamid=stage.fake.sent_to(ANA)[0].wamid, wa_id=ANA)
        assert marked == Marked()


async def test_a_closed_window_is_refused_with_its_code() -> None:
    async with on_stage() as stage, GraphClient() as client:
        refused = await client.send(account(stage), BODY)

        assert isinstance(refused, Refused)
        assert refused.code == 131047


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault(kind="reset_before"), 0),
        (Fault(kind="http_500"), 0),
        (Fault(kind="reset_after"), 1),
    ],
)
async def test_a_lost_answer_is_unknown_whether_accepted_or_not(
    fault: Fault, accepted: int
) -> None:
    async with on_stage() as stage, GraphClient() as client:
        stage.fake.say(ANA, "oi")
        stage.fake.fail(fault)

        lost = await client.send(account(stage), BODY)

        assert isinstance(lost, Unknown)
        assert len(stage.fake.sent_to(ANA)) == accepted
