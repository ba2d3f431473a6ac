"""The journal that the real worker writes: a hundred conversations run again without a difference.

Crossed with what happens around a flow: a publish in the middle, migrations, takeovers that are given back, sessions
that expire, late messages.
"""

from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from recado.engine.compile import Program
from recado.engine.differences import between, from_record
from recado.engine.events import Replied
from recado.engine.library import Library
from recado.engine.replay import Recorded, rerun, versions
from recado.engine.state import State
from recado.nodes import NODE_TYPES
from recado.store.ids import new_id
from recado.store.journal_reading import list_recorded
from recado.store.notices import Migrated, Posting, Released, post, post_migration
from recado.store.pool import Pool
from recado.store.sessions import STATE, state_of
from recado.worker.programs import Programs
from tests.engine.shop import SIGNUP, says, shop
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

CUSTOMERS = 120
ROUNDS = 13
HANDED_OFF = 20  # customers who ask for a person
MINORS = range(HANDED_OFF, HANDED_OFF + 10)  # customers whom the last version certainly refuses
REFUSED = {10: "recomeçar", 11: "Comprar", 12: "12"}  # what they say in which round
OLD, NEW = "Só para maiores.", "Volte aos 18."


async def add_flow(stage: Stage, document: dict[str, Any]) -> UUID:
    """Publishes a flow that no chatbot has as its main one."""
    flow, version = new_id(), new_id()
    await stage.sql(
        "insert into flows (id, workspace_id, name, draft) values ($1, $2, 'Cadastro', '{}')",
        flow,
        stage.workspace,
    )
    await add_version(stage, flow, version, document, number=1)
    return flow


async def add_version(
    stage: Stage, flow: UUID, version: UUID, document: dict[str, Any], *, number: int
) -> None:
    await stage.sql(
        "insert into flow_versions (id, workspace_id, flow_id, number, document) values ($1, $2, $3, $4, $5)",
        version,
        stage.workspace,
        flow,
        number,
        document,
    )
    await stage.sql("update flows set published_version_id = $2 where id = $1", flow, version)


class Crowd:
    """Customers who wander through the shop over the worker and its database."""

    def __init__(self, stage: Stage, signup: UUID, people: dict[UUID, Random]) -> None:
        self.stage = stage
        self.signup = signup
        self.people = people

    async def say_something(self, round: int) -> None:
        """Everybody does something, and the worker takes it up."""
        shown = await self.buttons()
        for place, (conversation, random) in enumerate(self.people.items()):
            message = says(random, f"m{round}", shown.get(conversation, []))
            if round == 4 and place < HANDED_OFF:
                message = msgspec.structs.replace(message, type="text", text="atendente", tap=None)
            if round in REFUSED and place in MINORS:
                message = msgspec.structs.replace(
                    message, type="text", text=REFUSED[round], tap=None
                )
            await self.stage.hears(conversation, message.text, type=message.type, tap=message.tap)
        await run_until_idle(self.stage.turns().step)
        if round % 3:  # else the questions still wait to be sent, and the next messages are late
            await self.send_everything()

    async def buttons(self) -> dict[UUID, list[tuple[str, str]]]:
        """What is on the customers' screens."""
        found: dict[UUID, list[tuple[str, str]]] = {}
        for row in await self.stage.rows(
            "select conversation_id, content from messages where type = 'buttons' order by id"
        ):
            here = found.setdefault(row["conversation_id"], [])
            here += [(button["id"], button["title"]) for button in row["content"]["buttons"]]
        return found

    async def send_everything(self) -> None:
        """Plays the sender."""
        await self.stage.sql("delete from outbox")
        await self.stage.sql(
            """update messages set status = 'accepted', sending_at = clock_timestamp()
                where direction = 'out' and sending_at is null"""
        )

    async def expire(self) -> None:
        """Lets the time to live of every fifth session be over."""
        await self.stage.sql(
            """update conversation_states set session_expires_at = clock_timestamp()
                where status = 'active' and session_expires_at is not null
                  and hashtext(id::text) % 5 = 0"""
        )

    async def release(self) -> None:
        """People give the conversations back."""
        workspace = self.stage.workspace
        async with self.stage.pool.acquire() as db:
            await post(
                db,
                [
                    Posting(workspace, conversation, "x", Released(to="continue"))
                    for conversation in [*self.people][:HANDED_OFF]
                ],
            )

    async def publish(self, *, migrate: bool) -> UUID:
        """Publishes the shop with other words; `migrate` moves the running sessions."""
        version, flow = new_id(), self.stage.flow
        assert flow is not None
        number = 1 + await self.stage.value(
            "select max(number) from flow_versions where flow_id = $1", flow
        )
        document = shop(signup=str(self.signup), refusal=NEW)
        await add_version(self.stage, flow, version, document, number=number)
        if migrate:
            async with self.stage.pool.acquire() as db:
                moved = Migrated(flow=str(flow), version=str(version))
                assert await post_migration(db, self.stage.workspace, moved) > CUSTOMERS / 4
        return version


async def talk(pool: Pool) -> Crowd:
    """Lets the crowd talk through everything."""
    stage = await set_up(pool)
    signup = await add_flow(stage, SIGNUP)
    await stage.publish(shop(signup=str(signup), refusal=OLD))
    people = {
        await stage.customer(f"55119{number:08}"): Random(number) for number in range(CUSTOMERS)
    }
    crowd = Crowd(stage, signup, people)
    for round in range(ROUNDS):
        match round:
            case 3:
                await crowd.publish(migrate=False)
            case 6:
                await crowd.expire()
            case 7:
                await crowd.release()
            case 9:
                await crowd.publish(migrate=True)
        await crowd.say_something(round)
    return crowd


async def read(crowd: Crowd) -> list[Recorded]:
    """Reads all journals as `recado replay` does."""
    async with crowd.stage.pool.acquire() as db:
        return [
            row
            for conversation in crowd.people
            for row in await list_recorded(db, crowd.stage.workspace, conversation)
        ]


async def programs_of(crowd: Crowd, ids: set[str]) -> dict[str, Program]:
    async with crowd.stage.pool.acquire() as db:
        found = await Programs(NODE_TYPES).load(db, {UUID(id) for id in ids})
    return {str(id): program for id, program in found.items()}


async def test_a_hundred_conversations_of_the_worker_come_out_the_same(pool: Pool) -> None:
    crowd = await talk(pool)
    recorded = await read(crowd)
    own = await programs_of(crowd, versions(recorded))

    runs = rerun(recorded, Library(own))

    assert from_record(runs) == []
    assert {run.reason for run in runs} == {""}
    assert len({row.version for row in recorded}) == 4  # three of the shop, one of the sign-up
    kinds = {type(row.event).__name__ for row in recorded}
    assert kinds == {"Started", "Replied", "Stopped", "Released", "Migrated"}
    assert any(isinstance(row.event, Replied) and row.event.late for row in recorded)
    states = {run.recorded.session: run.after for run in runs}
    kept = await crowd.stage.rows(f"select {STATE} from conversation_states s")
    assert len(kept) > CUSTOMERS
    for row in kept:
        assert _without_expiry(states[str(row["session_id"])]) == _without_expiry(state_of(row))

    # Every version of the shop as if it were the first one: only what the later ones said is different.
    first = own[str(crowd.stage.version)]
    swapped = {id: first for id, program in own.items() if "menu" in program.nodes}
    found = between(runs, rerun(recorded, Library(own | swapped), own=runs))

    reworded = {(row.id, "says") for row in recorded if NEW in str(row.effects)}
    assert len(reworded) >= len(MINORS)
    assert {(difference.recorded.id, difference.kind) for difference in found} == reworded


def _without_expiry(state: State | None) -> State | None:
    """Leaves out what this test sets by hand to let sessions expire."""
    return state and msgspec.structs.replace(state, expires_at=None)


async def test_the_journal_knows_which_messages_a_turn_sent(pool: Pool) -> None:
    stage = await set_up(pool, shop(signup=str(new_id()), intro="Bem-vindo!"))
    conversation = await stage.customer()
    await stage.hears(conversation, "oi")

    await run_until_idle(stage.turns().step)

    (sent,) = [row["sent"] for row in await stage.rows("select sent from journal")]
    texts = [await stage.value("select text from messages where id = $1", UUID(id)) for id in sent]
    assert texts == ["Bem-vindo!", "Loja Centro: o que deseja, ?"]
    assert await stage.value("select min(seq) from journal") >= 1
