"""The journal over HTTP: pages of turns with their explanation, for members of the workspace only."""

from collections.abc import AsyncIterator
from typing import Any, get_args
from uuid import UUID

import pytest
import pytest_asyncio

from recado.engine.events import Event
from recado.store.ids import new_id
from recado.store.pool import Pool
from recado.web.journal import EventAnswer
from tests.engine.test_explain import ENTRANCE
from tests.web.api import Answer, Api, make_api
from tests.worker.stage import Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with make_api(pool) as api:
        yield api


@pytest_asyncio.fixture
async def stage(pool: Pool, api: Api) -> Stage:
    """A bot in a workspace that the client's user is a viewer of."""
    labelled = {**ENTRANCE, "nodes": [dict(node) for node in ENTRANCE["nodes"]]}
    labelled["nodes"][3] = {
        **labelled["nodes"][3],
        "data": {**labelled["nodes"][3]["data"], "label": "Maior de idade?"},
    }
    return await set_up(pool, labelled)


async def talk(stage: Stage, *words: str) -> UUID:
    conversation = await stage.customer()
    for text in words:
        await stage.hears(conversation, text)
        await run_until_idle(stage.turns().step)
        await stage.sql("delete from outbox")
        await stage.sql(
            "update messages set sending_at = clock_timestamp() where direction = 'out'"
        )
    return conversation


async def viewer_of(api: Api, stage: Stage) -> Api:
    return await api.join("viewer", workspace_id=stage.workspace)


async def journal(api: Api, conversation: UUID, *, accept: str = "", **query: Any) -> Answer:
    path = f"/conversations/{conversation}/journal"
    return await api.request("GET", path, query=query, headers={"Accept-Language": accept})


async def test_a_turn_is_told_with_its_event_trace_and_messages(api: Api, stage: Stage) -> None:
    conversation = await talk(stage, "oi", "Ana", "17")
    viewer = await viewer_of(api, stage)

    answer = await journal(viewer, conversation)

    assert (answer.status, answer.body["total"], answer.body["next"]) == (200, 3, None)
    newest = answer.body["items"][0]
    assert newest["explanation"] == [
        "O cliente escreveu “17”.",
        "O nó “idade” guardou idade = 17; seguiu adiante.",
        "O nó “Maior de idade?” comparou idade (17) >= 18: não; seguiu por “senão”.",
        "O nó “volta” enviou “Volte depois, .”; terminou. "
        "A variável “apelido” não tinha valor e ficou vazia no texto.",
        "A sessão terminou.",
    ]
    assert newest["event"] | {"at": ""} == {
        "kind": "replied",
        "summary": "O cliente escreveu “17”.",
        "at": "",
        "message_type": "text",
        "message_text": "17",
        "late": False,
    }
    assert [(v["node"], v["label"], v["port"]) for v in newest["trace"]["visits"]] == [
        ("idade", None, "next"),
        ("maior", "Maior de idade?", "else"),
        ("volta", None, None),
    ]
    assert newest["trace"]["visits"][1]["facts"] == [
        {"variable": "idade", "left": 17, "operator": ">=", "right": 18, "holds": False}
    ]
    messages = (await viewer.get(f"/conversations/{conversation}/messages")).body["items"]
    assert newest["sent_message_ids"] == [messages[0]["id"]]
    assert newest["message_id"] == messages[1]["id"]
    assert (newest["flow_id"], newest["flow_version"]) == (str(stage.flow), 1)
    assert [effect["effect"] for effect in newest["effects"]] == ["send", "end_session"]


async def test_the_language_is_the_one_asked_for(api: Api, stage: Stage) -> None:
    conversation = await talk(stage, "oi")
    viewer = await viewer_of(api, stage)

    async def first(**asked: Any) -> str:
        told: str = (await journal(viewer, conversation, **asked)).body["items"][0]["explanation"][
            0
        ]
        return told

    assert await first() == "O cliente escreveu “oi”, e uma sessão nova começou."
    english = "The customer wrote “oi”, and a new session began."
    assert await first(accept="en-GB,en;q=0.9") == english
    assert await first(language="en", accept="pt-BR") == english
    assert (await journal(viewer, conversation, language="fr")).status == 422


async def test_pages_go_from_the_newest_turn_back(api: Api, stage: Stage) -> None:
    conversation = await talk(stage, "oi", "Ana", "17")
    viewer = await viewer_of(api, stage)

    first = (await journal(viewer, conversation, limit=2)).body
    second = (await journal(viewer, conversation, limit=2, cursor=first["next"])).body

    texts = [[turn["event"]["message_text"] for turn in page["items"]] for page in (first, second)]
    assert texts == [["17", "Ana"], ["oi"]]
    assert (second["total"], second["next"]) == (3, None)


async def test_turns_stay_in_the_order_of_their_commits_when_a_clock_was_wrong(
    api: Api, stage: Stage
) -> None:
    conversation = await talk(stage, "oi", "Ana")
    viewer = await viewer_of(api, stage)
    ids = [row["id"] for row in await stage.rows("select id from journal order by seq")]
    # The machine of the second turn had a clock that was behind: its id is the lesser one.
    spare = new_id()
    for old, new in ((ids[0], spare), (ids[1], ids[0]), (spare, ids[1])):
        await stage.sql("update journal set id = $2 where id = $1", old, new)

    first = (await journal(viewer, conversation, limit=1)).body
    second = (await journal(viewer, conversation, limit=1, cursor=first["next"])).body

    assert first["items"][0]["event"]["message_text"] == "Ana"
    assert second["items"][0]["event"]["message_text"] == "oi"


async def test_a_strangers_conversation_is_not_found(api: Api, stage: Stage) -> None:
    conversation = await talk(stage, "oi")

    answer = await journal(await api.stranger(), conversation)

    assert (answer.status, answer.code) == (404, "not_found")


async def test_every_event_there_is_has_its_kind() -> None:
    kinds = {event.__struct_config__.tag for event in get_args(Event)}

    assert set(get_args(EventAnswer.model_fields["kind"].annotation)) == kinds


async def test_a_turn_that_a_call_began_is_told_as_well(api: Api, stage: Stage) -> None:
    conversation = await talk(stage, "oi")
    called = {"event": "call_finished", "at": "2026-11-24T12:00:00Z", "token": "t.1"}
    await stage.sql(
        "update journal set event = event::jsonb || $1::jsonb",
        {**called, "result": {"ok": False, "error": "timeout"}},
    )

    answer = await journal(await viewer_of(api, stage), conversation, accept="en")

    assert answer.status == 200
    [turn] = answer.body["items"]
    assert turn["event"]["kind"] == "call_finished"
    assert turn["event"]["summary"] == "The call did not work: it took too long."
