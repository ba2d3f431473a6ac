"""No author's secret is anywhere but in the requests: a flow that uses one in every place, services that repeat it all.

Every row of every table, every log line, every answer of the API and every sentence of `recado why` is searched, in
every spelling that a service could give back; and so that the search can find something, the requests are, too.
"""

import base64
import html
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus
from uuid import UUID

import pytest
import pytest_asyncio
import structlog
from aiohttp import web

from recado.cli.why import tell
from recado.store import journal_reading, secrets
from recado.store.ids import new_id
from recado.store.pool import Pool
from tests.web.api import Api, make_api
from tests.worker.flows import Document, bye, flow
from tests.worker.outside_world import Asked, Phone, World, open_phone, open_world
from tests.worker.stage import VAULT, Stage, run_until_idle, set_up

pytestmark = pytest.mark.asyncio

# Where a flow may name a secret; each place has one of its own, every other one with signs
# that every encoding writes differently.
PLACES = (
    *("URL", "QUERY", "HEADER", "BEARER", "AUTH_HEADER", "BASIC", "BASIC_USER", "JSON", "WHOLE", "FORM"),
    *("TEXT", "SQL", "PROMPT", "SYSTEM", "HOOK_URL", "HOOK_HEADER", "HOOK_BODY", "HOOK_SIGN"),
)  # fmt: skip
ODD, PLAIN = 'v{n}/+="&<{name}> é%{n}', "tok{n}_{name}.Xy"
VALUES = {
    name: (ODD if n % 2 else PLAIN).format(n=n, name=name.lower())
    for n, name in enumerate(PLACES, start=11)
}
# Of what calls are made by: no flow names these.
PASSWORD, KEY = "db/+pässwörd-77", "sk-model+key/88"
REFUSED = "/bad"
SERVERS_OWN = (
    "aiohttp.access",
    "aiohttp.server",
)  # the test's web server, which may log what it was asked


def spellings(value: str) -> Iterator[str]:
    """Every way in which the value could stand in a text."""
    yield value
    yield quote(value, safe="")
    yield quote(value)
    yield quote_plus(value)
    yield html.escape(value)
    for ascii in (True, False):
        nested = value
        for _ in range(4):  # JSON in JSON, as a journal keeps an answer that quotes an answer
            nested = json.dumps(nested, ensure_ascii=ascii)[1:-1]
            yield nested
    yield value.encode().hex()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            whole = encode(b"x" * before + value.encode() + b"x" * 3).decode()
            yield whole[before + 1 : (before + len(value.encode())) * 8 // 6]


def found(text: str) -> set[str]:
    """Names the secrets that stand in a text, whole and in any spelling."""
    everything = {**VALUES, "PASSWORD": PASSWORD, "KEY": KEY}
    low = text.lower()
    return {
        name
        for name, value in everything.items()
        if any(form.lower() in low for form in spellings(value))
    }


def echo(asked: Asked) -> web.Response:
    """Gives back all that was asked, in the body, in base64, in a header, and as an error where the path says so."""
    heard = {
        "path": asked.path,
        "query": asked.query,
        "fields": parse_qs(asked.query),
        "headers": asked.headers,
        "body": asked.body,
    }
    told = json.dumps(heard, ensure_ascii=False)
    told_again = [
        base64.b64encode(told.encode()).decode(),
        base64.urlsafe_b64encode(b" " + told.encode()).decode(),
        quote(told),
        html.escape(told),
    ]
    if asked.path.endswith("/chat/completions"):
        answer = {"role": "assistant", "content": f"Você disse {asked.body}"}
        body = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": answer, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        }
        if REFUSED in asked.path:
            return web.json_response({"error": {"message": told, "type": "x"}}, status=400)
        return web.json_response(body)
    status = 400 if asked.path.startswith(REFUSED) else 200
    repeated = {"X-Repeated": quote(asked.headers.get("Authorization", ""))}
    return web.json_response({"heard": heard, "again": told_again}, status=status, headers=repeated)


def calling(type: str, **data: Any) -> Document:
    """A node that keeps its answer under its own name; the id is given by `flow_of`."""
    return {"type": type, "data": data}


def requests(url: str) -> list[Document]:
    """Every kind of node that can name a secret, in every place where it can."""
    ref = {name: f"{{{{secret.{name}}}}}" for name in PLACES}
    nodes = []
    for base in (url, url + REFUSED):
        place = f"{base}/{ref['URL']}"
        nodes += [
            calling(
                "api_call",
                url=place,
                query=[{"name": "q", "value": ref["QUERY"]}],
                headers=[{"name": "X-H", "value": f"a {ref['HEADER']} b"}],
                auth={"type": "bearer", "secret": "BEARER"},
            ),
            calling(
                "api_call",
                method="POST",
                url=place,
                auth={"type": "basic", "username": ref["BASIC_USER"], "secret": "BASIC"},
                body=f'{{"a": "x {ref["JSON"]}", "b": {ref["WHOLE"]}}}',
            ),
            calling(
                "api_call",
                method="POST",
                url=place,
                auth={"type": "header", "header": "X-Key", "secret": "AUTH_HEADER"},
                body=f"a={ref['FORM']}",
                body_type="form",
            ),
            calling("api_call", method="PUT", url=place, body=f"<{ref['TEXT']}>", body_type="text"),
            calling(
                "ai_prompt",
                account="modelo" if base == url else "modelo ruim",
                system=f"Nunca diga {ref['SYSTEM']}",
                prompt=f"Repita {ref['PROMPT']}: {{{{message.text}}}}",
                history=3,
            ),
            calling(
                "action",
                actions=[
                    {
                        "type": "webhook",
                        "url": f"{base}/{ref['HOOK_URL']}",
                        "headers": [{"name": "X-Hook", "value": ref["HOOK_HEADER"]}],
                        "body": f'{{"k": "{ref["HOOK_BODY"]}"}}',
                        "secret": "HOOK_SIGN",
                    }
                ],
            ),
        ]
    for query in ("select :s as um, 'x' || :s as dois", "select * from falta where a = :s"):
        for connection in ("arquivo", "servidor"):
            nodes.append(
                calling(
                    "database_query",
                    connection=connection,
                    query=query,
                    parameters={"s": ref["SQL"]},
                )
            )
    return nodes


def flow_of(nodes: list[Document]) -> Document:
    """All of them in a row, whatever comes of each, and at the end the bot says everything that it knows."""
    boxes = []
    for n, node in enumerate(nodes):
        kept = {"save_to": f"v{n}"} if node["type"] != "action" else {}
        boxes.append({"id": f"n{n}", "type": node["type"], "data": {**node["data"], **kept}})
    ids = [box["id"] for box in boxes] + ["bye"]
    known = " ".join(f"{{{{v{n}}}}}" for n in range(len(nodes)))
    edges = ["start>n0"]
    for box, then in zip(boxes, ids[1:], strict=True):
        ports = ["error"] + (["next"] if box["type"] == "action" else ["success"])
        ports += ["empty"] if box["type"] == "database_query" else []
        edges += [f"{box['id']}:{port}>{then}" for port in ports]
    return flow(*boxes, bye(content=f"Sei: {known}"), edges=" ".join(edges))


@dataclass
class Evidence:
    """Texts that were written somewhere, by where."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, where: str, text: object) -> None:
        """Keeps a text."""
        self.texts.setdefault(where, []).append(str(text))

    def leaks(self) -> dict[str, set[str]]:
        """Names the places where a secret was found, and which."""
        places = {where: found("\n".join(texts)) for where, texts in self.texts.items()}
        return {where: names for where, names in places.items() if names}


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as world:
        world.answer = echo
        yield world


@pytest_asyncio.fixture
async def stage(pool: Pool, world: World) -> Stage:
    stage = await set_up(pool, flow_of(requests(world.url)))
    port = int(world.url.rpartition(":")[2])
    async with pool.acquire() as db:
        for name, value in VALUES.items():
            await put(db, stage, "author", value, name)
        password = await put(db, stage, "author", PASSWORD, None)
        key = await put(db, stage, "author", KEY, None)
        await db.execute(
            """insert into connections (id, workspace_id, name, kind, host, port, database, username,
                                        password_id, tls)
               values ($1, $3, 'arquivo', 'sqlite', null, null, 'loja.db', null, null, false),
                      ($2, $3, 'servidor', 'postgresql', '127.0.0.1', $5, 'loja', 'bot', $4, false)""",
            new_id(),
            new_id(),
            stage.workspace,
            password,
            port,
        )
        await db.execute(
            """insert into ai_accounts (id, workspace_id, name, base_url, model, key_id)
               values ($1, $3, 'modelo', $4, 'm', $5), ($2, $3, 'modelo ruim', $6, 'm', $5)""",
            new_id(),
            new_id(),
            stage.workspace,
            f"{world.url}/v1",
            key,
            f"{world.url}{REFUSED}/v1",
        )
    return stage


async def put(db: Any, stage: Stage, purpose: Any, value: str, name: str | None) -> UUID:
    return await secrets.put(
        db, VAULT, workspace_id=stage.workspace, purpose=purpose, value=value, name=name
    )


@pytest_asyncio.fixture
async def phone(stage: Stage, tmp_path: Path) -> AsyncIterator[Phone]:
    (tmp_path / "loja.db").touch()
    async with open_phone(stage, tmp_path) as phone:
        yield phone


async def dump(pool: Pool, evidence: Evidence) -> None:
    """Reads every row of every table as text."""
    tables = await pool.fetch(
        """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
            order by 1"""
    )
    assert len(tables) > 30
    for table in tables:
        for row in await pool.fetch(f'select t::text from "{table["relname"]}" t'):
            evidence.add(f"table {table['relname']}", row[0])
            for part in re.findall(r"\\\\x([0-9a-f]+)", row[0]):
                data = bytes.fromhex(part).decode("utf-8", "replace")
                evidence.add(f"bytes in {table['relname']}", data)


async def read_api(api: Api, stage: Stage, ana: UUID, evidence: Evidence) -> int:
    """Reads everything that the API shows; gives how many answers there were."""
    someone = await api.join("owner", workspace_id=stage.workspace)
    named = {
        "number_id": stage.number,
        "chatbot_id": stage.chatbot,
        "flow_id": stage.flow,
        "conversation": ana,
        "number": 1,
        "secret_id": await stage.value("select id from secrets where name = 'URL'"),
    }
    count = 0
    for template, operations in api.description["paths"].items():
        wanted = re.findall(r"\{(\w+)\}", template)
        if "get" not in operations or not all(name in named for name in wanted):
            continue
        answer = await someone.get(template.format(**named))
        if answer.status == 200:
            count += 1
        evidence.add(f"API {template}", json.dumps(answer.body, ensure_ascii=False))
    for path in (f"/secrets/{named['secret_id']}", "/secrets"):
        refused = await someone.request("POST", path, body={"name": "no!", "value": "x"})
        evidence.add(f"API {path}", refused.body)
    return count


async def read_why(pool: Pool, evidence: Evidence) -> int:
    """Asks of every message why it was sent."""
    count = 0
    async with pool.acquire() as db:
        for row in await db.fetch("select id from messages"):
            message = await journal_reading.find_message(db, str(row["id"]))
            assert message
            turns = await journal_reading.turns_of_message(db, message)
            for language in ("pt-BR", "en"):
                for line in tell(message, turns, {}, language=language):
                    count += 1
                    evidence.add("why", line)
    return count


async def test_no_secret_is_anywhere_but_in_the_requests(
    stage: Stage,
    phone: Phone,
    world: World,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    evidence = Evidence()
    caplog.set_level(logging.DEBUG)
    ana = await stage.customer()
    await stage.hears(ana, "oi")
    with structlog.testing.capture_logs() as lines:
        # Looked at while calls are queued, while they run, and while their results wait.
        for _ in range(60):
            await run_until_idle(stage.turns().step)
            await dump(stage.pool, evidence)
            await phone.calls.step()
            await dump(stage.pool, evidence)
            await phone.work()
            await dump(stage.pool, evidence)
            if await stage.value("select count(*) from inbox") == 0:
                break
    status = await stage.value("select status from conversation_states")
    calls = [line for line in lines if line["event"] == "call_done"]
    async with make_api(stage.pool) as api:
        answers = await read_api(api, stage, ana, evidence)
    sentences = await read_why(stage.pool, evidence)
    for line in lines:
        evidence.add("log", repr(line))
    for record in caplog.records:
        if record.name not in SERVERS_OWN:
            evidence.add("log", f"{record.getMessage()} {record.__dict__}")
    evidence.add("output", "".join(capfd.readouterr()))

    # Everything ran, and everything that can be said of it was read.
    assert status == "completed"
    assert len(calls) == len(requests(world.url))
    assert {call["error"] for call in calls} >= {None, "bad_status", "query_failed"}
    assert answers >= 20
    assert sentences > 20
    # The services got every secret, and repeated them.
    asked = "\n".join(str(part) for each in world.asked for part in vars(each).values())
    assert found(asked) == {*VALUES, "KEY"} - {"SQL", "HOOK_SIGN"}
    assert {"table journal", "table conversation_states", "table messages"} <= {
        where for where, texts in evidence.texts.items() if any("•••" in text for text in texts)
    }

    assert evidence.leaks() == {}


def test_the_search_finds_a_secret_in_every_spelling() -> None:
    value = VALUES["BASIC"]
    told = [
        value,
        quote(value),
        json.dumps({"a": value}),
        base64.b64encode(f"someone:{value}".encode()).decode(),
        base64.urlsafe_b64encode(f"a{value}bc".encode()).decode(),
        value.encode().hex(),
    ]

    assert [found(f"... {text} ...") for text in told] == [{"BASIC"}] * len(told)
