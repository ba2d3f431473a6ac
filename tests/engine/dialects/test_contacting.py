"""action, handoff, whatsapp_template and analytics in the spellings of every dialect."""

from typing import Any

import pytest

from tests.engine.dialects.one import one

Json = dict[str, Any]
UNUSED = {"contactFields": {"name": "", "email": "", "phone": ""}, "tagName": "", "fieldName": "", "fieldValue": "",
          "webhookUrl": "", "webhookMethod": "POST", "timeout": 30, "retryOnFailure": True,
          "continueOnError": False}  # fmt: skip

ACTIONS: list[tuple[Json, list[Json]]] = [
    ({**UNUSED, "actionType": "add_tag", "tagName": "a, b"}, [{"type": "add_tag", "tags": ["a", "b"]}]),
    ({**UNUSED, "actionType": "remove_tag", "tagName": "a"}, [{"type": "remove_tag", "tags": ["a"]}]),
    ({**UNUSED, "actionType": "update_field", "fieldName": "f", "fieldValue": "{{v}}"},
     [{"type": "set_field", "field": "f", "value": "{{v}}"}]),
    ({**UNUSED, "actionType": "save_contact", "contactFields": {"name": "{{n}}", "email": "", "phone": ""}},
     [{"type": "save_contact", "name": "{{n}}"}]),
    ({"action_type": "save_contact", "contact_data": {"name": "{{n}}", "tags": ["t"], "custom_fields": {"c": "{{v}}"}}},
     [{"type": "save_contact", "name": "{{n}}", "fields": {"c": "{{v}}"}}, {"type": "add_tag", "tags": ["t"]}]),
    ({"action_type": "send_email", "email_data": {"to": "a@x.br", "subject": "S", "body": "B"}},
     [{"type": "email", "to": "a@x.br", "subject": "S", "body": "B"}]),
    ({"actions": [{"type": "save_contact", "config": {"fields": {"name": "nome", "company": "empresa"}}},
                  {"type": "webhook", "config": {"url": "https://x.br", "method": "post", "headers": {"A": "b"},
                                                 "body": {"a": 1}, "timeout": 10}}]},
     [{"type": "save_contact", "name": "{{nome}}", "fields": {"company": "{{empresa}}"}},
      {"type": "webhook", "url": "https://x.br", "method": "POST", "headers": [{"name": "A", "value": "b"}],
       "body": '{"a": 1}', "timeout": 10}]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), ACTIONS)
def test_an_action(data: Json, wanted: list[Json]) -> None:
    found = one("action", data)

    assert (found.type, found.data["actions"], found.lost) == ("action", wanted, [])
    assert found.ways() == {None: "end"}


def test_an_action_that_sets_a_variable_in_between_becomes_three_nodes_in_order() -> None:
    steps = [
        {"type": "save_contact", "config": {"fields": {"name": "nome"}}},
        {"type": "update_variable", "config": {"variableName": "n", "value": 1, "operation": "increment"}},
        {"type": "webhook", "config": {"url": "https://x.br"}},
    ]  # fmt: skip

    found = one("action", {"actions": steps, "continueOnError": True})

    assert found.others() == {
        "x-set_variable": {
            "assignments": [{"variable": "n", "value": 1, "operation": "increment"}]
        },
        "x-action": {"actions": [{"type": "webhook", "url": "https://x.br"}]},
    }
    assert found.ways()[None] == "x-set_variable"
    assert found.ways("x-set_variable") == {None: "x-action"}
    assert found.ways("x-action") == {None: "end", "error": "end"}


def test_an_action_that_only_sets_a_variable_or_runs_a_script_becomes_that() -> None:
    setting = one("action", {"actions": [{"type": "update_variable", "config": {"variableName": "n", "value": 1}}]})  # fmt: skip
    script = one("action", {"action_type": "script", "script": "return 1"})

    assert setting.type == "set_variable"
    assert (script.type, script.data["code"]) == ("script", "return 1")


def test_a_webhook_that_may_fail_goes_on_where_it_did() -> None:
    data = {**UNUSED, "actionType": "webhook", "webhookUrl": "https://x.br/h", "timeout": 90, "continueOnError": True}  # fmt: skip

    found = one("action", {**data, "outputVariable": "status"})

    webhook = {"type": "webhook", "url": "https://x.br/h", "method": "POST", "timeout": 30}
    assert found.data["actions"] == [webhook]
    assert found.ways() == {None: "end", "error": "end"}
    assert found.lost == ["no_retry", "status_not_kept"]


HANDOFFS: list[tuple[Json, Json, list[str]]] = [
    ({"handoffType": "department", "departmentName": "Balcão", "departmentId": "00000000-0000-4000-8000-00000000d001",
      "priority": "high", "contextMessage": "Oi {{n}}"},
     {"team": "Balcão", "priority": "high", "note": "Oi {{n}}"}, ["id_of_elsewhere", "pick_team"]),
    ({"handoffType": "queue", "priority": "medium", "transferMessage": "Um momento", "contextMessage": "c"},
     {"content": "Um momento", "priority": "normal", "note": "c"}, []),
    ({"department": "motos", "message": "Cliente {{n}}"}, {"team": "motos", "note": "Cliente {{n}}"}, ["pick_team"]),
    ({"agentName": "Rui", "priority": 100, "note": "x"}, {"agent": "Rui", "priority": "urgent", "note": "x"}, ["pick_agent"]),
    ({"transferMessage": "x", "sendTransferMessage": False}, {}, ["text_not_sent"]),
    ({"contextMessage": "c", "generateSummary": True}, {"note": "c"}, ["no_summary"]),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted", "lost"), HANDOFFS)
def test_a_handoff(data: Json, wanted: Json, lost: list[str]) -> None:
    found = one("handoff", data)

    assert (found.data, found.lost) == (wanted, lost)
    assert found.ways() == {"released": "end"}


TEMPLATES: list[tuple[Json, Json]] = [
    ({"templateName": "t", "language": "pt_BR", "headerParams": ["{{h}}"], "bodyParams": ["{{a}}", "{{b}}"]},
     {"name": "t", "language": "pt_BR", "header": {"text": "{{h}}"}, "body": ["{{a}}", "{{b}}"]}),
    ({"templateName": "t", "languageCode": "en", "components": [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.br/a.png"}}]},
        {"type": "BODY", "parameters": [{"type": "text", "text": "{{a}}"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "sim"}]},
        {"type": "button", "sub_type": "url", "index": 1, "parameters": [{"type": "text", "text": "{{p}}"}]}]},
     {"name": "t", "language": "en", "header": {"media": {"type": "image", "url": "https://x.br/a.png"}},
      "body": ["{{a}}"], "buttons": [{"type": "quick_reply", "index": 0, "id": "sim"},
                                     {"type": "url", "index": 1, "value": "{{p}}"}]}),
    ({"templateName": "t", "templateLanguage": "es", "parameters": ["{{a}}"]},
     {"name": "t", "language": "es", "body": ["{{a}}"]}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), TEMPLATES)
def test_a_template(data: Json, wanted: Json) -> None:
    found = one("whatsapp_template", data)

    assert (found.data, found.lost) == (wanted, [])
    assert found.ways() == {None: "end"}


def test_a_template_that_may_fail_goes_on_where_it_did() -> None:
    found = one("msg_template", {"templateName": "t", "fallbackOnError": True})

    assert found.ways() == {None: "end", "error": "end"}


EVENTS: list[tuple[Json, Json]] = [
    ({"eventType": "custom", "eventName": "e", "eventValue": "{{v}}", "tags": [], "metadata": ""},
     {"event": "e", "value": "{{v}}"}),
    ({"eventType": "conversion", "eventName": "e", "eventValue": "1"}, {"event": "e", "value": "1", "goal": True}),
    ({"eventType": "milestone", "eventName": "e", "tags": ["a", "b"], "metadata": '{"p": "{{v}}"}'},
     {"event": "e", "properties": {"p": "{{v}}", "event_type": "milestone", "tags": "a, b"}}),
    ({"eventName": "e", "eventValueVariable": "v", "eventProperties": {"p": 1}},
     {"event": "e", "value": "{{v}}", "properties": {"p": 1}}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), EVENTS)
def test_an_event(data: Json, wanted: Json) -> None:
    found = one("analytics", data)

    assert (found.data, found.lost) == (wanted, [])


@pytest.mark.parametrize(
    "metadata", ["{", "[1]", "{" * 5_000, '{"a": NaN}', '{"a":' * 80 + "1" + "}" * 80]
)
def test_metadata_that_is_no_json_is_said(metadata: str) -> None:
    found = one("analytics", {"eventName": "e", "metadata": metadata})

    assert found.lost == ["not_json"]
