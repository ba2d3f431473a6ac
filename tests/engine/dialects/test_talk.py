"""start, message, question and end in the spellings of every dialect."""

from typing import Any

import pytest

from recado.engine.dialects import read
from recado.engine.flow import FlowDocument
from tests.engine.dialects.one import one

Json = dict[str, Any]

MESSAGES: list[tuple[Json, Json]] = [
    ({"nodeType": "message", "messageType": "text", "messageText": "Oi"}, {"content": "Oi"}),
    ({"content": {"text": "Oi"}}, {"content": "Oi"}),
    ({"nodeType": "message", "config": {"message": "Oi"}}, {"content": "Oi"}),
    ({"message": "Oi"}, {"content": "Oi"}),
    ({"text": "Oi", "content": ""}, {"content": "Oi"}),
    ({"content": "Oi", "messageType": "text", "mediaUrl": ""}, {"content": "Oi"}),
    (
        {"messageType": "image", "messageText": "Veja", "mediaUrl": "https://x.br/a.png"},
        {"media": {"type": "image", "url": "https://x.br/a.png", "caption": "Veja"}},
    ),
    (
        {"mediaType": "document", "content": "Veja", "mediaUrl": "https://x.br/a", "caption": "C", "filename": "a.pdf"},
        {
            "content": "Veja",
            "media": {"type": "document", "url": "https://x.br/a", "caption": "C", "filename": "a.pdf"},
        },
    ),
    (
        {"messageType": "audio", "messageText": "Ouça", "mediaUrl": "https://x.br/a.ogg"},
        {"content": "Ouça", "media": {"type": "audio", "url": "https://x.br/a.ogg"}},
    ),
    (
        {"messageText": "Veja", "mediaUrl": "https://x.br/filme.mp4?x=1"},
        {"media": {"type": "video", "url": "https://x.br/filme.mp4?x=1", "caption": "Veja"}},
    ),
    (
        {"messageType": "location", "latitude": -23.5, "longitude": -46.6, "locationName": "Loja"},
        {"location": {"latitude": -23.5, "longitude": -46.6, "name": "Loja"}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), MESSAGES)
def test_a_message(data: Json, wanted: Json) -> None:
    found = one("message", data)

    assert (found.type, found.data) == ("message", wanted)
    assert found.lost == []


def test_a_type_of_its_own_is_read() -> None:
    found = one("msg_image", {"message": "Veja", "imageUrl": "https://x.br/a"})

    media = {"type": "image", "url": "https://x.br/a", "caption": "Veja"}
    assert (found.type, found.data) == ("message", {"media": media})
    assert found.told("type_read") == {"old": "msg_image", "new": "message"}
    assert found.report.dialects == ("F",)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"messageType": "image", "messageText": "Veja", "mediaUrl": ""}, "media_without_address"),
        ({"messageType": "text", "messageText": "Oi", "mediaUrl": "https://x.br/a"}, "media_not_sent"),
        ({"messageType": "location", "messageText": "Aqui"}, "location_without_place"),
        ({"messageType": "hologram", "messageText": "Oi"}, "unknown_word"),
        ({"messageText": "Oi", "autoAdvance": False}, "always_advances"),
        ({"messageText": "Oi", "sparkle": "gold"}, "field_not_kept"),
        ({"messageText": "Oi", "content": "Olá"}, "said_otherwise"),
        ({"messageText": ["Oi"]}, "value_not_read"),
    ],
)  # fmt: skip
def test_what_a_message_loses_is_said(data: Json, code: str) -> None:
    found = one("message", data)

    assert code in found.lost


def test_a_pause_becomes_a_delay_before() -> None:
    found = one("message", {"messageText": "Oi", "delay": 3})

    assert found.others() == {"x-delay": {"amount": 3, "unit": "seconds"}}
    assert found.ways("start") == {None: "x-delay"}
    assert found.ways("x-delay") == {None: "x"}


def test_a_message_with_buttons_waits_for_one_of_them() -> None:
    buttons = [{"label": "Sim", "value": "s", "next_node_id": "a"}, {"label": "Não", "value": "n", "next_node_id": "b"}]  # fmt: skip

    found = one("message", {"text": "Vai?", "buttons": buttons}, edges=[])

    shown = [{"id": "s", "title": "Sim"}, {"id": "n", "title": "Não"}]
    assert found.type == "interactive_buttons"
    assert found.data == {"content": "Vai?", "buttons": shown}
    assert found.ways() == {"s": "a", "n": "b"}


QUESTIONS: list[tuple[Json, Json]] = [
    (
        {"nodeType": "question", "questionText": "Idade?", "responseType": "number", "outputVariable": "idade",
         "validation": {"required": True, "errorMessage": "Um número.", "maxAttempts": 2}, "options": []},
        {"content": "Idade?", "variableName": "idade", "answer": "number",
         "validation": {"message": "Um número.", "max_attempts": 2}},
    ),
    (
        {"question": "Nome?", "variable": "nome", "validation": {"type": "text", "min_length": 2, "max_length": 80}},
        {"content": "Nome?", "variableName": "nome", "validation": {"min_length": 2, "max_length": 80}},
    ),
    (
        {"questionText": "Qual?", "responseType": "multiple_choice", "options": ["A", "B"], "outputVariable": "q"},
        {"content": "Qual?", "variableName": "q", "options": ["A", "B"]},
    ),
    (
        {"content": "Qual?", "responseType": "options", "options": [{"value": "a", "label": "Um"}], "responseVar": "q"},
        {"content": "Qual?", "variableName": "q", "options": [{"value": "a", "label": "Um"}]},
    ),
    (
        {"question": "Qual?", "variable": "q", "validation": {"type": "choice", "choices": ["A", 2], "error_message": "?"}},
        {"content": "Qual?", "variableName": "q", "options": ["A", "2"], "validation": {"message": "?"}},
    ),
    (
        {"content": "CPF?", "variableName": "cpf", "validationType": "cpf",
         "responseValidation": {"required": True, "minLength": 11, "pattern": "^[0-9]+$"}},
        {"content": "CPF?", "variableName": "cpf", "answer": "cpf", "validation": {"min_length": 11, "pattern": "^[0-9]+$"}},
    ),
    ({"questionText": "Foto?", "responseType": "file"}, {"content": "Foto?", "answer": "media"}),
    ({"questionText": "Pode?", "responseType": "yesno"}, {"content": "Pode?", "answer": "yes_no"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "wanted"), QUESTIONS)
def test_a_question(data: Json, wanted: Json) -> None:
    found = one("question", data)

    assert (found.type, found.data) == ("question", wanted)
    assert found.lost == []
    assert found.ways() == {None: "end", "invalid": "end"}
    assert found.told("goes_on") == {"port": "invalid", "target": "end"}


def test_a_question_whose_options_lead_somewhere_has_a_way_out_for_each() -> None:
    options = [
        {"label": "Um", "value": "1", "next": "a"},
        {"label": "Dois", "value": "2", "next": "b"},
    ]

    found = one("question", {"question": "Qual?", "options": options}, edges=[])

    assert found.data["route_by_option"] is True
    assert found.ways() == {"1": "a", "2": "b"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"questionText": "?", "responseType": "text", "options": ["A"]}, "options_not_shown"),
        ({"questionText": "?", "responseType": "telepathy"}, "unknown_word"),
        ({"questionText": "?", "validation": {"required": False}}, "always_required"),
        ({"questionText": "?", "validation": {"luck": 3}}, "field_not_kept"),
        ({"questionText": "?", "options": [["A"]]}, "value_not_read"),
    ],
)
def test_what_a_question_loses_is_said(data: Json, code: str) -> None:
    assert code in one("question", data).lost


def test_a_date_says_how_it_is_kept_and_shown() -> None:
    found = one(
        "question", {"questionText": "Dia?", "responseType": "date", "outputVariable": "dia"}
    )

    note = next(note for note in found.report.changed if note.code == "date_kept")
    assert "{{ dia | date(…) }}" in note.say("en")


def test_attempts_are_brought_within_our_limits() -> None:
    found = one("question", {"questionText": "?", "validation": {"maxAttempts": 99}})

    assert found.data["validation"] == {"max_attempts": 20}
    assert found.told("clamped") == {"field": "max_attempts", "value": 99, "limit": 20}


ENDS: list[tuple[Json, str, Json]] = [
    ({"endType": "farewell", "farewellMessage": "Tchau", "closeConversation": True, "addTag": "a, b"},
     "end", {"content": "Tchau", "tags": ["a", "b"]}),
    ({"message": "Tchau", "trigger_handoff": False}, "end", {"content": "Tchau"}),
    ({"content": "Tchau", "endReason": "completed", "saveConversation": True}, "end",
     {"content": "Tchau", "outcome": "completed"}),
    ({"message": "Vou chamar", "trigger_handoff": True}, "handoff", {"content": "Vou chamar"}),
    ({"endType": "handoff", "farewellMessage": "Já vem"}, "handoff", {"content": "Já vem"}),
    ({"content": "Já vem", "endReason": "transferred"}, "handoff", {"content": "Já vem"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "type", "wanted"), ENDS)
def test_an_end(data: Json, type: str, wanted: Json) -> None:
    found = one("end", data, edges=[])

    assert (found.type, found.data) == (type, wanted)
    assert found.lost == []


def test_an_end_that_hands_over_gives_its_tag_before() -> None:
    found = one(
        "end", {"endType": "handoff", "farewellMessage": "Já vem", "addTag": "vip"}, edges=[]
    )

    assert found.others() == {"x-action": {"actions": [{"type": "add_tag", "tags": ["vip"]}]}}
    assert found.ways("start") == {None: "x-action"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"farewellMessage": "Tchau", "sendSummary": True}, "no_summary"),
        ({"farewellMessage": "Tchau", "sendFarewell": False}, "text_not_sent"),
        ({"farewellMessage": "Tchau", "closeConversation": False}, "stays_open"),
    ],
)
def test_what_an_end_loses_is_said(data: Json, code: str) -> None:
    assert code in one("end", data, edges=[]).lost


def test_a_start_that_greets_says_it_after() -> None:
    nodes: list[Json] = [
        {"id": "x", "node_type": "start", "greeting": "Olá", "next_node_id": "a", "variables": {"loja": 1}},
        {"id": "a", "node_type": "end", "message": "Tchau"},
    ]  # fmt: skip

    from_rows = one_document(nodes)

    assert [(node.id, node.type, node.data) for node in from_rows.nodes] == [
        ("x", "start", {}),
        ("x-message", "message", {"content": "Olá"}),
        ("a", "end", {"content": "Tchau"}),
    ]
    assert {(edge.source, edge.target) for edge in from_rows.edges} == {("x", "x-message"), ("x-message", "a")}  # fmt: skip
    assert from_rows.variables == {"loja": 1}


def one_document(nodes: list[Json]) -> FlowDocument:
    return read({"nodes": nodes})[0]


def test_a_keyword_that_triggers_becomes_one_of_the_start() -> None:
    found = one("trigger_keyword", {"keywords": ["oi", "menu, ajuda"]})

    assert found.type == "start"
    assert found.data == {"triggers": [{"type": "keyword", "words": ["oi", "menu", "ajuda"]}]}


def test_other_triggers_are_said_to_be_lost() -> None:
    assert one("trigger_schedule", {"cron": "* * * * *"}).lost == [
        "trigger_not_kept",
        "field_not_kept",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"nodeType": "question", "questionText": "?", "maxAttempts": 3},
        {"questionText": "?", "max_attempts": "3"},
        {"content": "?", "maxAttempts": 3},
        {"questionText": "?", "validation": {"maxAttempts": 3}, "maxAttempts": 3},
    ],
)
def test_the_most_tries_may_stand_beside_the_rules(data: Json) -> None:
    found = one("question", data)

    assert found.data["validation"]["max_attempts"] == 3
    assert found.lost == []


def test_two_numbers_of_tries_are_told() -> None:
    found = one(
        "question", {"questionText": "?", "validation": {"maxAttempts": 3}, "maxAttempts": 5}
    )

    assert found.data["validation"]["max_attempts"] == 3
    assert found.told("said_otherwise") == {
        "field": "maxAttempts",
        "kept": "validation.maxAttempts",
    }


@pytest.mark.parametrize("name", ["transfer", "handoff", "trigger_handoff", "triggerHandoff"])
@pytest.mark.parametrize(("value", "type"), [(True, "handoff"), ("sim", "handoff"), (False, "end")])
def test_an_end_that_hands_over(name: str, value: Json, type: str) -> None:
    found = one("end", {"content": "Tchau", name: value})

    assert (found.type, found.data) == (type, {"content": "Tchau"})
    assert found.lost == []
