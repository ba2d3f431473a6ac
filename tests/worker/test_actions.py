"""Actions and counted events on PostgreSQL: what is written, and what the next message finds."""

from typing import Any

import pytest

from recado.store.pool import Pool
from tests.worker.flows import bye, flow, say
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

HEARD: list[dict[str, Any]] = [
    {"type": "add_tag", "tags": "vip, novo"},
    {"type": "remove_tag", "tags": ["antigo"]},
    {"type": "set_field", "field": "itens", "value": [1, {"a": 2}]},
    {"type": "save_contact", "name": "Ana Souza", "email": "ana@example.com", "phone": "11 91234-5678"},
]  # fmt: skip


def action(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"id": "do", "type": "action", "data": {"actions": list(actions)}}


async def playing(pool: Pool, *nodes: dict[str, Any]) -> Stage:
    """A conversation that came to its end."""
    stage = await set_up(pool, flow(*nodes, bye()))
    ana = await stage.customer()
    await stage.sql("update contacts set tags = '{antigo,fiel}', fields = '{\"cpf\": \"1\"}'")
    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)
    return stage


async def test_what_a_contact_is_after_the_actions(pool: Pool) -> None:
    stage = await playing(pool, action(*HEARD), say("hi", "{{contact.name}} {{contact.tags}}"))

    row = (await stage.rows("select name, phone, tags, fields, name_kept from contacts"))[0]
    assert (row["name"], row["phone"], row["name_kept"]) == ("Ana Souza", "5511912345678", True)
    assert row["tags"] == ["fiel", "vip", "novo"]
    assert row["fields"] == {
        "cpf": "1",
        "itens": [1, {"a": 2}],
        "email": "ana@example.com",
        "phone": "+5511912345678",
    }
    said = await stage.value("select text from messages where direction = 'out'")
    assert said == 'Ana Souza ["fiel","vip","novo"]'
    assert await stage.value("select value from contact_identities") is None


async def test_a_consent_that_a_flow_records_has_no_words_of_the_contact(pool: Pool) -> None:
    stage = await playing(
        pool, action({"type": "opt_in"}, {"type": "opt_out"}), say("hi", "Até logo.")
    )

    rows = await stage.rows("select granted, words, message_id from consents order by id")
    assert [tuple(row) for row in rows] == [(True, "", None), (False, "", None)]
    assert await stage.value("select opted_out from contacts")
    assert await stage.value("select status from conversation_states") == "completed"
    assert await stage.value("select text from messages where direction = 'out'") == "Até logo."


async def test_opting_out_by_a_flow_calls_back_what_timers_said(pool: Pool) -> None:
    stage = await set_up(pool, flow(action({"type": "opt_out"}), say("hi", "Até logo."), bye()))
    ana = await stage.customer()
    reminder = await stage.says(ana, "Lembrete")
    await stage.sql("update outbox set origin = 'timer'")

    await stage.hears(ana, "oi")
    await run_until_idle(stage.turns().step)

    assert await stage.lane(ana) == ["Até logo."]
    assert (await stage.fate(reminder))["status"] == "cancelled"


async def test_what_is_counted(pool: Pool) -> None:
    count = {
        "event": "compra", "value": "1.234,50", "properties": {"itens": [1, 2]}, "goal": True,
    }  # fmt: skip
    stage = await playing(pool, {"id": "count", "type": "analytics", "data": count})

    (row,) = await stage.rows("select * from tracked")
    assert (row["event"], row["value"], row["properties"]) == ("compra", 1234.5, {"itens": [1, 2]})
    assert (row["goal"], row["node_id"], row["flow_id"]) == (True, "count", stage.flow)
    assert row["session_id"] == await stage.value("select id from conversation_states")


async def test_a_notice_to_the_team(pool: Pool) -> None:
    notice = {"type": "notify_team", "text": "Ana quer falar.", "team": "Vendas"}
    stage = await playing(pool, action(notice))

    (alert,) = await stage.rows("select kind, details from alerts")
    assert alert["kind"] == "team_notice"
    assert (alert["details"]["text"], alert["details"]["team"]) == ("Ana quer falar.", "Vendas")


async def test_a_call_is_asked_for_and_nothing_of_a_secret_is_kept(pool: Pool) -> None:
    hook = {
        "type": "webhook", "url": "https://crm.example.com/?k={{secret.CHAVE}}", "secret": "ASSINA",
        "body": '{"k": "{{secret.CHAVE}}"}',
    }  # fmt: skip
    stage = await playing(pool, action(hook))

    (call,) = await stage.rows("select kind, node_id, request, repeatable from calls")
    assert (call["kind"], call["node_id"], call["repeatable"]) == ("http", "do", False)
    assert call["request"]["url"] == ["https://crm.example.com/?k=", {"secret": "CHAVE", "escape": "url"}]  # fmt: skip
    assert call["request"]["sign"] == "ASSINA"
    assert await stage.value("select status from conversation_states") == "active"
