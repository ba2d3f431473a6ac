"""A customer in the middle of a question, for tests of what else can happen to a conversation."""

from typing import Any
from uuid import UUID

from recado.store.notices import Notice
from tests.worker.flows import ask, bye, flow
from tests.worker.stage import Stage, run_until_idle

TWO_QUESTIONS = flow(
    ask("nome", "Nome?"), ask("idade", "Idade?"), bye(content="{{nome}}, {{idade}}")
)


async def asked(stage: Stage) -> UUID:
    """A conversation whose first question has gone out."""
    ana = await stage.customer()
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    await stage.settles()
    return ana


async def said(stage: Stage, conversation: UUID) -> list[str]:
    """What the bot said."""
    return [line[1:] for line in await stage.history(conversation) if line.startswith(">")]


async def tell(stage: Stage, conversation: UUID, notice: Notice) -> None:
    """Lets something happen, and the worker take it up."""
    await stage.notices(conversation, notice)
    await run_until_idle(stage.turns().step)


async def session(stage: Stage) -> Any:
    """The newest session."""
    return (await stage.rows("select *, engine::jsonb from conversation_states order by id desc"))[
        0
    ]
