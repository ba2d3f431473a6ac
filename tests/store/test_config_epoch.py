"""A workspace's epoch grows with the commit of every change to what turns keep in memory (migration 0007)."""

from collections.abc import Iterator
from uuid import UUID

import pytest
import pytest_asyncio

from recado.store.ids import new_id
from recado.store.pool import Db, Pool
from tests.worker.flows import bye, flow
from tests.worker.stage import set_up

pytestmark = pytest.mark.asyncio

# How a workspace's rows ($1) are found where they do not name it.
MINE = {
    "workspaces": "id = $1",
    "chatbot_flows": "chatbot_id in (select id from chatbots where workspace_id = $1)",
}
# What `worlds.lines`, `worlds.chatbots` and `worlds.published` read, with a new value for each.
UPDATES = {
    "workspaces.locale": "'en'",
    "workspaces.timezone": "'UTC'",
    "workspaces.texts": """'{"ended": "Tchau"}'""",
    "workspaces.settings": """'{"typing": false}'""",
    "whatsapp_numbers.is_active": "false",
    "whatsapp_numbers.phone_number": "phone_number || '1'",
    "whatsapp_numbers.display_name": "'Balcão'",
    "whatsapp_numbers.phone_number_id": "phone_number_id || '1'",
    "whatsapp_numbers.default_chatbot_id": "null",
    "whatsapp_numbers.access_token_id": "null",
    "whatsapp_numbers.graph_url": "'http://localhost'",
    "chatbots.name": "'Outro'",
    "chatbots.is_active": "false",
    "chatbots.is_fallback": "name = 'Spare'",
    "chatbots.variables": """'{"oferta": "pão"}'""",
    "chatbots.settings": """'{"typing": false}'""",
    "chatbot_flows.chatbot_id": "(select id from chatbots where workspace_id = $1 and name = 'Spare')",
    "chatbot_flows.flow_id": "(select id from flows where workspace_id = $1 and name = 'Spare')",
    "chatbot_flows.is_main": "false",
    "flows.published_version_id": "null",
    "flow_versions.document": """'{"nodes": []}'""",
    "flow_versions.triggers": """'[{"kind": "any"}]'""",
    "calendars.name": "'Feriados'",
    "calendars.definition": """'{"days": {}}'""",
}
INSERTS = {
    "whatsapp_numbers": """(id, workspace_id, phone_number, phone_shown, connection_type, webhook_token,
                            webhook_verify_token)
                           values (gen_random_uuid(), $1, '+551133333333', '', 'qrcode', 'token', '')""",
    "chatbots": "(id, workspace_id, name, is_fallback) values (gen_random_uuid(), $1, 'Fallback', true)",
    "chatbot_flows": """(chatbot_id, flow_id, is_main)
                        select c.id, f.id, true from chatbots c join flows f using (workspace_id, name)
                         where workspace_id = $1 and name = 'Spare'""",
    "calendars": "(id, workspace_id, name, definition) values (gen_random_uuid(), $1, 'Feriados', '{}')",
}
DELETES = ("whatsapp_numbers", "chatbots", "chatbot_flows", "flows", "flow_versions", "calendars")
# What senders, webhooks and editors write again and again, and turns do not keep.
UNREAD = {
    "workspaces.name": "'Loja nova'",
    "whatsapp_numbers.status": "'connected'",
    "whatsapp_numbers.health": "'{}'",
    "whatsapp_numbers.quality": "'{}'",
    "flows.draft": "'{}'",
}


def update(column: str, value: str) -> str:
    table, _, name = column.partition(".")
    return f"update {table} set {name} = {value} {mine(table)}"


def mine(table: str) -> str:
    return f"where {MINE.get(table, 'workspace_id = $1')}"


def changes() -> Iterator[tuple[str, str]]:
    for column, value in UPDATES.items():
        yield f"update {column}", update(column, value)
    for table, values in INSERTS.items():
        yield f"insert {table}", f"insert into {table} {values}"
    for table in DELETES:
        yield f"delete {table}", f"delete from {table} {mine(table)}"


async def set_up_shop(pool: Pool) -> UUID:
    """A workspace with everything that turns keep, and a chatbot and a flow to spare."""
    stage = await set_up(pool, flow(bye(content="Tchau")))
    await stage.sql(
        "update whatsapp_numbers set phone_number_id = $1 where id = $2",
        stage.number.hex,
        stage.number,
    )
    spare, _ = await stage.add_flow(flow(bye(content="Até")))
    await stage.sql("update flows set name = 'Spare' where id = $1", spare)
    for statement in (
        "insert into chatbots (id, workspace_id, name) values ($1, $2, 'Spare')",
        "insert into calendars (id, workspace_id, name, definition) values ($1, $2, 'Horário', '{}')",
    ):
        await stage.sql(statement, new_id(), stage.workspace)
    return stage.workspace


@pytest_asyncio.fixture
async def shop(pool: Pool) -> UUID:
    return await set_up_shop(pool)


async def epoch(db: Db | Pool, workspace: UUID) -> int:
    found: int = await db.fetchval("select config_epoch from workspaces where id = $1", workspace)
    return found


@pytest.mark.parametrize("change", [pytest.param(sql, id=name) for name, sql in changes()])
async def test_a_change_is_told_to_its_workspace_alone(pool: Pool, shop: UUID, change: str) -> None:
    other = await set_up_shop(pool)
    before, elsewhere = await epoch(pool, shop), await epoch(pool, other)

    done = await pool.execute(change, shop)

    assert not done.endswith(" 0"), "nothing was changed"
    assert await epoch(pool, shop) > before
    assert await epoch(pool, other) == elsewhere


@pytest.mark.parametrize("column", UNREAD)
async def test_what_turns_do_not_keep_is_not_told(pool: Pool, shop: UUID, column: str) -> None:
    before = await epoch(pool, shop)

    await pool.execute(update(column, UNREAD[column]), shop)

    assert await epoch(pool, shop) == before


async def test_two_transactions_that_overlap_are_both_told(pool: Pool, shop: UUID) -> None:
    before = await epoch(pool, shop)
    async with pool.acquire() as one, pool.acquire() as another:
        first, second = one.transaction(), another.transaction()
        await first.start()
        await second.start()
        await one.execute("update chatbots set is_active = false where name = 'Bot'")
        await another.execute("update calendars set name = 'Feriados'")
        await second.commit()
        between = await epoch(pool, shop)
        await first.commit()

    assert before < between < await epoch(pool, shop)


async def test_a_change_that_is_rolled_back_is_not_told(pool: Pool, shop: UUID) -> None:
    before = await epoch(pool, shop)
    async with pool.acquire() as db:
        transaction = db.transaction()
        await transaction.start()
        await db.execute("update chatbots set is_active = false")
        await transaction.rollback()

    assert await epoch(pool, shop) == before
