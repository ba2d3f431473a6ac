"""Hand-made tests: payloads that leave out nearly everything find their number all the same."""

import pytest

from recado.store.pool import Pool
from tests.web.desk import PATH, add_number, add_workspace, open_desk

pytestmark = pytest.mark.asyncio

# The user's own samples, byte for byte but for the comment (original analysis, 1.2 and 8).
WITH_ENTRY_ID = """{
     "messaging_product": "whatsapp",
     "entry": [{
       "id": "phone_number_id",
       "changes": [{
         "value": {
           "messages": [{
             "from": "55119999999",
             "text": { "body": "Olá" }
           }]
         }
       }]
     }]
   }""".encode()
WITHOUT_ID = """{
     "entry": [{
       "changes": [{
         "value": {
           "messages": [{
             "from": "55119999999",
             "text": { "body": "Olá" }
           }]
         }
       }]
     }]
   }""".encode()
HOOK = "/whatsapp/webhook"


@pytest.mark.parametrize("sample", [WITH_ENTRY_ID, WITHOUT_ID])
async def test_the_users_samples_reach_the_only_number(pool: Pool, sample: bytes) -> None:
    number = await add_number(pool, phone_number_id=None, waba_id=None, is_active=None)

    async with open_desk(pool) as desk:
        assert await desk.post(sample, path=HOOK) == (200, {"status": "ok"})

    row = await pool.fetchrow(
        """select i.message, i.at <= clock_timestamp() as now, c.phone, v.number_id from inbox i
             join conversations v on v.id = i.conversation_id join contacts c on c.id = v.contact_id"""
    )
    assert (row["message"]["type"], row["message"]["text"]) == ("text", "Olá")
    assert (row["phone"], row["number_id"], row["now"]) == ("55119999999", number.id, True)


async def test_the_same_hand_made_post_twice_is_two_messages(pool: Pool) -> None:
    await add_number(pool)

    async with open_desk(pool) as desk:
        for _ in range(2):
            await desk.post(WITHOUT_ID)

    assert await pool.fetchval("select count(*) from inbox") == 2
    assert await pool.fetchval("select count(*) from conversations") == 1


async def test_the_entry_id_is_first_a_phone_number_id(pool: Pool) -> None:
    named = await add_number(pool, phone_number_id="phone_number_id", waba_id="1")
    await add_number(pool, phone_number_id="2", waba_id="phone_number_id")

    async with open_desk(pool) as desk:
        await desk.post(WITH_ENTRY_ID)

    assert await pool.fetchval("select number_id from conversations") == named.id


async def test_then_an_account_with_exactly_one_number(pool: Pool) -> None:
    named = await add_number(pool, phone_number_id="1", waba_id="phone_number_id")
    await add_number(pool, phone_number_id="2", waba_id="other")

    async with open_desk(pool) as desk:
        await desk.post(WITH_ENTRY_ID)
        await add_number(pool, phone_number_id="3", waba_id="phone_number_id")
        assert (await desk.post(WITH_ENTRY_ID))[0] == 200

    rows = await pool.fetch("select number_id from conversations")
    assert [row["number_id"] for row in rows] == [named.id]
    assert await pool.fetchval("select count(*) from inbox") == 1


async def test_a_number_that_is_switched_off_is_not_meant(pool: Pool) -> None:
    await add_number(pool, is_active=False)
    active = await add_number(pool, phone_number_id="2")

    async with open_desk(pool) as desk:
        await desk.post(WITHOUT_ID)

    assert await pool.fetchval("select number_id from conversations") == active.id


async def test_of_several_the_one_that_can_answer_is_meant(pool: Pool) -> None:
    workspace = await add_workspace(pool)
    able = await add_number(pool, workspace=workspace, is_active=None)
    await add_number(pool, phone_number_id="2", is_active=None)
    await pool.execute(
        "insert into chatbots (id, workspace_id, name, is_fallback) values ($1, $2, 'F', true)",
        able.id,
        workspace,
    )

    async with open_desk(pool) as desk:
        await desk.post(WITHOUT_ID)

    assert await pool.fetchval("select number_id from conversations") == able.id


async def test_between_several_nobody_is_meant_and_it_is_logged(pool: Pool) -> None:
    await add_number(pool)
    await add_number(pool, phone_number_id="2")

    async with open_desk(pool) as desk:
        assert (await desk.post(WITHOUT_ID))[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 0
    row = await pool.fetchrow("select outcome, reason, body from webhook_log")
    assert tuple(row) == ("unknown_number", "no_number", WITHOUT_ID)


async def test_the_numbers_own_address_names_it(pool: Pool) -> None:
    await add_number(pool)
    second = await add_number(pool, phone_number_id="2")

    async with open_desk(pool) as desk:
        await desk.post(WITHOUT_ID, path=f"{PATH}/{second.webhook_token}")

    assert await pool.fetchval("select number_id from conversations") == second.id


async def test_where_there_is_a_secret_it_must_sign_but_the_answer_is_200(pool: Pool) -> None:
    await add_number(pool, secret="s")

    async with open_desk(pool) as desk:
        assert (await desk.post(WITHOUT_ID))[0] == 200
        assert await pool.fetchval("select count(*) from inbox") == 0
        assert (await desk.post(WITHOUT_ID, secret="s"))[0] == 200

    assert await pool.fetchval("select count(*) from inbox") == 1
    rows = await pool.fetch("select outcome from webhook_log order by id")
    assert [row["outcome"] for row in rows] == ["rejected", "stored"]
