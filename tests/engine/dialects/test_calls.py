"""api_call, ai_prompt, database_query and script in the spellings of every dialect; no secret gets through."""

import json
from typing import Any

import pytest

from recado.engine.dialects import read
from tests.engine.dialects.one import one

Json = dict[str, Any]
SECRET = "sk-very-secret-1234"

CALLS: list[tuple[Json, Json]] = [
    ({"method": "POST", "url": "https://x.br/a", "authType": "none", "body": '{"a": 1}', "outputVariable": "r",
      "responseVar": "r", "headers": [{"key": "Accept", "value": "a/b"}]},
     {"method": "POST", "url": "https://x.br/a", "headers": [{"name": "Accept", "value": "a/b"}],
      "body": '{"a": 1}', "body_type": "json", "save_to": "r"}),
    ({"method": "get", "url": "https://x.br/a", "headers": {"Accept": "a/b"}, "queryParams": {"q": "{{x}}", "n": 2},
      "responseVariable": "r", "timeout": 20},
     {"method": "GET", "url": "https://x.br/a", "headers": [{"name": "Accept", "value": "a/b"}],
      "query": [{"name": "q", "value": "{{x}}"}, {"name": "n", "value": "2"}], "save_to": "r", "timeout": 20}),
    ({"url": "{{API_URL}}/x", "query_params": {"k": "v"}, "output_variable": "r", "body": {"a": "{{b}}"}},
     {"url": "{{API_URL}}/x", "query": [{"name": "k", "value": "v"}], "body": '{"a": "{{b}}"}', "body_type": "json",
      "save_to": "r"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), CALLS)
def test_a_call(data: Json, wanted: Json) -> None:
    found = one("api_call", data)

    assert (found.data, found.lost) == ({"timeout": 30, **wanted}, [])
    assert found.ways() == {None: "end", "error": "end"}


AUTHS: list[tuple[Json, Json]] = [
    ({"authType": "bearer", "secretId": "f00d"}, {"type": "bearer", "secret": "x_br_token"}),
    ({"authType": "api_key", "apiKey": SECRET}, {"type": "header", "secret": "x_br_key", "header": "X-API-Key"}),
    ({"authType": "basic", "username": "ana", "password": SECRET},
     {"type": "basic", "secret": "x_br_password", "username": "ana"}),
    ({"headers": {"Authorization": f"Bearer {SECRET}"}}, {"type": "bearer", "secret": "x_br_token"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "auth"), AUTHS)
def test_a_secret_becomes_a_name_to_make_one_under(data: Json, auth: Json) -> None:
    found = one("api_call", {"url": "https://x.br/a", "outputVariable": "r", **data})

    assert found.data["auth"] == auth
    assert found.told("secret_needed")["name"] == auth["secret"]
    assert SECRET not in everything(found)


HIDDEN: list[tuple[str, Json]] = [
    ("api_call", {"url": "https://x.br/a", "queryParams": {"api_key": SECRET}}),
    ("api_call", {"url": f"https://x.br/a?token={SECRET}&b=1", "outputVariable": "r"}),
    ("api_call", {"url": f"https://ana:{SECRET}@x.br/a", "outputVariable": "r"}),
    ("api_call", {"url": "https://x.br/a", "headers": {"X-Api-Key": SECRET}}),
    ("api_call", {"url": "https://x.br/a", "headers": {"Authorization": f"Basic {SECRET}"}}),
    ("ai_prompt", {"provider": "openai", "apiKey": SECRET, "prompt": "Oi"}),
    ("database_query", {"connectionString": f"postgresql://ana:{SECRET}@db.br/loja", "query": "select 1"}),
    ("database_query", {"host": "db.br", "password": SECRET, "query": "select 1"}),
    ("action", {"actionType": "webhook", "webhookUrl": "https://x.br", "headers": {"X-Api-Key": SECRET}}),
    ("action", {"actionType": "webhook", "webhookUrl": "https://x.br", "webhookSecret": SECRET}),
    ("script", {"scriptCode": "return 1", "apiKey": SECRET}),
]  # fmt: skip


@pytest.mark.parametrize(("type", "data"), HIDDEN)
def test_no_secret_gets_through_anywhere(type: str, data: Json) -> None:
    found = one(type, data)

    assert SECRET not in everything(found)
    assert {"secret_needed", "secret_dropped", "account_needed", "connection_needed", "field_not_kept"} & {*found.lost}  # fmt: skip


def test_a_node_of_an_unknown_type_leaves_its_secrets_behind() -> None:
    found = one("default", {"nodeType": "crm", "token": SECRET, "deep": {"password": SECRET}, "a": 1})  # fmt: skip

    assert (found.type, found.data) == ("crm", {"deep": {}, "a": 1})
    assert found.lost == ["unknown_type", "secret_dropped", "secret_dropped"]


def test_the_same_secret_has_one_name_and_another_has_another() -> None:
    def call(id: str, secret: str) -> Json:
        data = {"url": "https://x.br/a", "authType": "bearer", "secretId": secret}
        return {"id": id, "type": "api_call", "data": data}

    document, _ = read({"nodes": [call("a", "one"), call("b", "two"), call("c", "one")]})

    names = [node.data["auth"]["secret"] for node in document.nodes]
    assert names == ["x_br_token", "x_br_token_2", "x_br_token"]


def everything(found: Any) -> str:
    """Writes the document and its whole report."""
    notes = [*found.report.changed, *found.report.lost]
    return json.dumps([found.document.dump(), [note.say("en") for note in notes]])


@pytest.mark.parametrize(("on_error", "ways"), [("continue", {None: "end", "error": "end"}), ("stop", {None: "end"})])  # fmt: skip
def test_a_failure_goes_on_only_where_it_did(on_error: str, ways: Json) -> None:
    found = one("api_call", {"url": "https://x.br", "errorHandling": {"onError": on_error}})

    assert found.ways() == ways


def test_a_value_instead_of_a_failed_call_is_set_on_its_way() -> None:
    handling = {"onError": "continue", "fallbackValue": {"total": 0}}

    found = one("api_call", {"url": "https://x.br", "responseVariable": "r", "errorHandling": handling})  # fmt: skip

    assignments = [{"variable": "r", "value": {"total": 0}}]
    assert found.others() == {"x-set_variable": {"assignments": assignments}}
    assert found.ways() == {None: "end", "error": "x-set_variable"}
    assert found.ways("x-set_variable") == {None: "end"}


def test_retries_are_said_to_be_lost() -> None:
    handling = {"onError": "retry", "maxRetries": 3}

    found = one("api_call", {"url": "https://x.br", "errorHandling": handling})

    assert found.told("no_retry") == {"field": "errorHandling.maxRetries"}


def test_a_prompt() -> None:
    data = {"provider": "groq", "model": "m", "secretId": "f00d", "userPrompt": "Oi", "systemPrompt": "Seja breve",
            "temperature": 3, "maxTokens": 50, "responseVariable": "r", "timeout": 300,
            "errorHandling": {"onError": "continue", "fallbackValue": "Não sei"}}  # fmt: skip

    found = one("ai_prompt", data)

    assert found.data == {
        "account": "groq",
        "model": "m",
        "system": "Seja breve",
        "prompt": "Oi",
        "temperature": 2,
        "max_tokens": 50,
        "save_to": "r",
        "timeout": 120,
        "fallback": "Não sei",
    }
    assert found.told("account_needed") == {"name": "groq", "provider": "groq"}
    assert found.ways() == {None: "end", "error": "end"}


QUERIES: list[tuple[Json, str, Json]] = [
    ({"query": "select 1 where a = $1 and b = $2", "parameters": ["{{x}}", 2]},
     "select 1 where a = :p1 and b = :p2", {"p1": "{{x}}", "p2": 2}),
    ({"query": "select 1 where a = ? and b = ?", "parameters": [1, 2]},
     "select 1 where a = :p1 and b = :p2", {"p1": 1, "p2": 2}),
    ({"query": "select 1 where a = '{{x}}' and b = {{ y }} and c = 'ok?'", "host": "h"},
     "select 1 where a = :text and b = :y and c = 'ok?'", {"text": "{{x}}", "y": "{{y}}"}),
    ({"query": "select 1 where a like '%{{x}}%'", "host": "h"}, "select 1 where a like :text", {"text": "%{{x}}%"}),
    ({"query": "select a::int where b = :b", "parameters": {"b": "{{x}}"}, "host": "h"},
     "select a::int where b = :b", {"b": "{{x}}"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "query", "parameters"), QUERIES)
def test_values_in_a_query_are_bound(data: Json, query: str, parameters: Json) -> None:
    found = one("database_query", data)

    assert (found.data["query"], found.data["parameters"]) == (query, parameters)
    assert found.ways() == {None: "end", "error": "end", "empty": "end"}


def test_a_parameter_that_the_node_did_not_give_is_said() -> None:
    found = one("database_query", {"query": "select 1 where a = $1", "parameters": []})

    assert found.data["parameters"] == {"p1": ""}
    assert found.told("parameter_missing") == {"name": "p1"}


@pytest.mark.parametrize(
    ("data", "mode"),
    [
        ({"query": "insert into a values (1)", "queryType": "INSERT"}, "execute"),
        ({"query": "delete from a", "host": "h"}, "execute"),
        ({"query": "select 1", "resultFormat": "first"}, "first"),
        ({"query": "select 1", "resultFormat": "list"}, "rows"),
    ],
)
def test_what_a_query_gives_back(data: Json, mode: str) -> None:
    found = one("database_query", data)

    assert found.data["mode"] == mode
    assert ("empty" in found.ways()) == (mode != "execute")


def test_a_connection_is_named_after_its_database_and_described() -> None:
    data = {"connectionString": f"mysql://ana:{SECRET}@db.br:3306/loja?x=1", "databaseType": "mysql", "query": "select 1"}  # fmt: skip

    found = one("database_query", data)

    assert found.data["connection"] == "loja"
    assert found.told("connection_needed")["details"] == "mysql, host db.br, database loja"


def test_there_is_no_mongodb() -> None:
    found = one("database_query", {"connectionType": "mongodb", "database": "loja", "query": "{}"})

    assert found.lost[0] == "no_mongodb"


def test_a_script_counts_in_seconds_gets_the_variables_it_mentions_and_its_description() -> None:
    nodes = [
        {"id": "q", "type": "question", "data": {"questionText": "?", "outputVariable": "today"}},
        {"id": "x", "type": "script", "data": {
            "scriptCode": "return today + total;", "scriptLanguage": "javascript", "timeout": 2500,
            "description": "Soma", "outputVariable": "total", "pythonPackages": []}},
    ]  # fmt: skip

    document, _ = read({"nodes": nodes})

    assert document.nodes[1].data == {
        "language": "javascript",
        "code": "const today = today_var;\n// Soma\nreturn today + total;",
        "inputs": ["today_var", "total"],
        "save_to": "total",
        "timeout": 3,
    }


def test_python_stays_as_a_comment_and_is_not_run() -> None:
    found = one("script", {"code": "x = 1\nresult = x", "language": "python", "outputVariable": "r"})  # fmt: skip

    assert found.data["code"] == "// x = 1\n// result = x\nreturn null;"
    assert found.told("no_python") == {"language": "Python"}
