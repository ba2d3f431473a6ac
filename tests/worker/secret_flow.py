"""A flow that names a secret in every place where one may stand, and a service that repeats all that it hears."""

import base64
import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus

from aiohttp import web

from tests.worker.flows import Document, bye, flow
from tests.worker.outside_world import Asked

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
