"""What a turn loop keeps in memory of a workspace is never older than what the next message finds committed."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from recado.store.pool import Pool
from tests.worker.flows import bye, flow
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

OFFER = flow(bye(content="Temos {{chatbot.oferta}}"))
OPTED_OUT = "Pronto, você não vai mais receber mensagens nossas. Para voltar, escreva START."
NO_CHATBOT = "Nenhum chatbot configurado para este número."

Change = Callable[[Stage], Awaitable[object]]


async def text_changed(stage: Stage) -> None:
    await stage.sql("update workspaces set texts = $1", {"opted_out": "Até um dia."})


async def chatbot_deactivated(stage: Stage) -> None:
    await stage.sql("update chatbots set is_active = false")


async def variable_changed(stage: Stage) -> None:
    await stage.sql("update chatbots set variables = $1", {"oferta": "pão"})


async def published_anew(stage: Stage) -> None:
    assert stage.flow
    await stage.publish_again(stage.flow, flow(bye(content="Só {{chatbot.oferta}}")))


async def number_given_another_chatbot(stage: Stage) -> None:
    await stage.publish(flow(bye(content="Fechado")))


@pytest.mark.parametrize(
    ("change", "heard", "before", "after"),
    [
        (text_changed, "parar mensagens", OPTED_OUT, "Até um dia."),
        (chatbot_deactivated, "oi", "Temos café", NO_CHATBOT),
        (variable_changed, "oi", "Temos café", "Temos pão"),
        (published_anew, "oi", "Temos café", "Só café"),
        (number_given_another_chatbot, "oi", "Temos café", "Fechado"),
    ],
)
async def test_the_next_message_is_answered_by_what_stands_now(
    pool: Pool, change: Change, heard: str, before: str, after: str
) -> None:
    stage = await set_up(pool, OFFER)
    await stage.sql("update chatbots set variables = $1", {"oferta": "café"})
    ana, bia = await stage.customer(), await stage.customer("5511912345679")
    turns = stage.turns()

    async def answer(conversation: UUID) -> str:
        await stage.hears(conversation, heard)
        await run_until_idle(turns.step)
        return (await stage.history(conversation))[-1]

    first = await answer(ana)
    await change(stage)

    assert (first, await answer(bia)) == (f">{before}", f">{after}")
