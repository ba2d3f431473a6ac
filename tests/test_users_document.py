"""One test per demand of the user's own analysis, section by section, on the real product: HTTP, workers, PostgreSQL.

Where the analysis errs, the demand is the corrected one (the list of its mistakes says why). Each later issue adds
its sections; scenario 6 of section 9 comes with the nodes that call outside services.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recado.engine import template
from recado.whatsapp.signature import sign
from tests.conftest import CLONE, database, execute
from tests.e2e.client import until
from tests.e2e.company import Company, Installation, Line, install
from tests.e2e.document import (
    ADULT,
    AGE,
    BOTH_SIDES,
    BYE,
    NAME,
    POSTMAN_PHONE,
    SAMPLES,
    SENDER,
    SHELVES,
    START,
    asks,
    edge,
    is_at_least,
    says,
    sets,
    text_from,
    webhook,
)

ASK_NAME, ASK_AGE = "Qual é o seu nome?", "Ana, e a idade?"
STORED = (200, {"status": "ok"})


@pytest.fixture(scope="module")
def installation(quick_place: Path, postgres_url: str, template: str) -> Iterator[Installation]:
    name = "users_document"
    asyncio.run(execute(postgres_url, CLONE.format(name=name, template=template)))
    with install(quick_place / name, database(postgres_url, name)) as installation:
        yield installation
    asyncio.run(execute(postgres_url, f"drop database {name} with (force)"))


@pytest.fixture
def company(installation: Installation) -> Iterator[Company]:
    company = Company(installation, since=installation.product.place)
    yield company
    company.clean_up()


# Section 1: the architecture.


def test_1_1_number_leads_to_chatbot_leads_to_flow(company: Company) -> None:
    flow_id = company.flow([START, NAME], variables={"loja": "Centro"})
    chatbot_id = company.chatbot(flow_id)
    line = company.number(chatbot_id, display_name="Loja")

    number = company.api.get(f"/whatsapp/{line.id}")
    chatbot = company.api.get(f"/chatbots/{chatbot_id}")
    flow = company.api.get(f"/flows/{flow_id}")

    linked = {"default_chatbot_id": chatbot_id, "display_name": "Loja", "is_active": True}
    has(number, **linked, connection_type="official", status="connected")
    assert number.keys() >= {"phone_number", "webhook_verify_token", "created_at", "updated_at"}
    assert number["webhook_url"].endswith("/api/v1/whatsapp/webhook")
    has(chatbot, flow_id=flow_id, is_fallback=False, ab_test_enabled=False, ab_test_flows=[])
    assert chatbot.keys() >= {"name", "description"}
    has(flow, variables={"loja": "Centro"})
    assert [node["id"] for node in flow["canvas_data"]["nodes"]] == ["start", "name"]
    assert [drawn["target"] for drawn in flow["canvas_data"]["edges"]] == ["name"]
    assert flow.keys() >= {"created_at", "updated_at"}


@pytest.mark.parametrize("section", SAMPLES)
def test_1_2_the_sample_payload_becomes_an_answer(company: Company, section: str) -> None:
    line, flow_id = company.answering(START, NAME, webhooks=False)
    company.write(SENDER, "abre a janela de 24 horas", line)

    posted = company.post(SAMPLES[section])

    assert (posted.status, posted.body) == STORED
    until(lambda: company.texts(SENDER, line) == [ASK_NAME])
    has(company.state(SENDER, line), phone_number=SENDER, flow_id=flow_id, current_node_id="name")
    log = company.api.get("/conversations/logs", flow_id=flow_id)["items"]
    assert [each["bot_response"] or each["user_message"] for each in log] == [ASK_NAME, "Olá"]


# Section 3: what the backend does.


def test_3_1_meta_verifies_the_webhook(company: Company) -> None:
    token = company.api.get(f"/whatsapp/{company.number().id}")["webhook_verify_token"]
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}

    right = company.api.ask("GET", "/whatsapp/webhook", query={**asked, "hub.verify_token": token})
    wrong = company.api.ask("GET", "/whatsapp/webhook", query={**asked, "hub.verify_token": "x"})

    assert (right.status, right.body) == (200, "1158201444")
    assert wrong.status == 403


def test_3_1_the_webhook_is_public_but_signed(company: Company) -> None:
    line, _ = company.answering(START, NAME)
    secret, customer = "um segredo novo", company.customer()
    company.api.put(f"/whatsapp/{line.id}", {"app_secret": secret})
    post = json.dumps(webhook(line, text_from(customer, "Oi"))).encode()

    assert company.post(post).status == 401
    assert company.post(post, signature=sign("another", post)).status == 401
    assert company.threads(customer, line) == []
    assert company.post(post, signature=sign(secret, post)).status == 200
    until(lambda: company.threads(customer, line))


def test_3_1_what_is_no_message_is_ignored(company: Company) -> None:
    line, _ = company.answering(START, NAME, webhooks=False)
    customer = company.customer()
    status = {"id": "wamid.x", "status": "read", "timestamp": "1", "recipient_id": customer}

    posted = company.post(webhook(line, statuses=[status]))

    assert (posted.status, posted.body) == STORED
    assert company.threads(customer, line) == []


def test_3_2_a_number_without_chatbot_runs_the_fallback(company: Company) -> None:
    company.chatbot(company.flow([START, says("Sou o substituto.")]), is_fallback=True)
    own, _ = company.answering(START, says("Sou o próprio."))
    bare = company.number()

    assert company.talk(company.customer(), own, "Oi") == ["Sou o próprio."]
    assert company.talk(company.customer(), bare, "Oi") == ["Sou o substituto."]


def test_3_2_an_inactive_number_answers_nothing(company: Company) -> None:
    line, _ = company.answering(START, NAME)
    company.api.put(f"/whatsapp/{line.id}", {"is_active": False})

    assert company.talk(company.customer(), line, "Oi") == []


def test_3_3_the_state_has_every_field(company: Company) -> None:
    line, flow_id = company.answering(START, NAME, AGE, BYE)
    customer = company.customer()

    company.talk(customer, line, "Oi", "Ana")

    state = company.state(customer, line)
    has(state, phone_number=customer, flow_id=flow_id, current_node_id="age", is_active=True)
    has(state, variables={"nome": "Ana"}, execution_path=["start", "name", "age"])
    last, expires = moment(state["last_message_at"]), moment(state["session_expires_at"])
    assert moment(state["created_at"]) <= last <= moment(state["updated_at"])
    assert expires - last == timedelta(hours=24)


def test_3_3_one_state_until_the_end_and_then_a_fresh_one(company: Company) -> None:
    line, _ = company.answering(START, NAME, AGE, BYE)
    customer = company.customer()
    company.talk(customer, line, "Oi", "Ana")
    first = company.state(customer, line)

    assert company.talk(customer, line, "30") == ["Ana, 30 anos. Até logo!"]
    ended = company.state(customer, line)
    assert company.talk(customer, line, "Oi") == [ASK_NAME]
    second = company.state(customer, line)

    has(ended, session_id=first["session_id"], status="completed", is_active=False)
    assert second["session_id"] != first["session_id"]
    has(second, variables={}, execution_path=["start", "name"], is_active=True)


def test_3_3_an_expired_session_is_not_continued(company: Company) -> None:
    line, _ = company.answering(START, NAME, AGE, BYE)
    customer = company.customer()
    company.talk(customer, line, "Oi")
    company.rows(
        "update conversation_states set session_expires_at = now() where id = $1",
        company.state(customer, line)["session_id"],
    )

    has(company.state(customer, line), status="expired", is_active=False)
    assert company.talk(customer, line, "Ana") == [ASK_NAME]


def test_3_3_an_ended_session_is_deleted_after_30_days(company: Company) -> None:
    line, _ = company.answering(START, says("Olá!"))
    old, young = company.customer(), company.customer()
    for customer, days in ((old, 31), (young, 29)):
        company.talk(customer, line, "Oi")
        company.make_older(company.state(customer, line)["session_id"], days=days)

    company.rows(
        "insert into pgqueuer (priority, status, entrypoint) values (0, 'queued', 'maintain')"
    )

    until(lambda: company.state(old, line) is None)
    has(company.state(young, line), status="completed")
    assert len(company.thread(old, line)["messages"]) == 2


def test_3_4_a_handoff_silences_the_bot_until_a_person_gives_it_back(company: Company) -> None:
    tag = {"id": "tag", "type": "action", "actions": [{"type": "add_tag", "tags": ["lead"]}]}
    count = {"id": "count", "type": "analytics", "event": "lead"}
    person = {"id": "person", "type": "handoff", "content": "{{nome}}, vou chamar alguém."}
    released = {"source": "person", "target": "bye", "sourceHandle": "released"}
    row = [
        edge("start", "name"),
        edge("name", "tag"),
        edge("tag", "count"),
        edge("count", "person"),
    ]
    nodes = [START, NAME, tag, count, person, says("Até logo, {{nome}}!", id="bye", type="end")]
    line, flow_id = company.answering(*nodes, edges=[*row, released])
    customer = company.customer()

    called = company.talk(customer, line, "Oi", "Ana")
    company.api.post(f"/conversations/{company.thread(customer, line)['id']}/takeover")
    silent = company.talk(customer, line, "Alguém aí?")
    has(company.thread(customer, line), mode="human")
    company.api.post(f"/conversations/{company.thread(customer, line)['id']}/release")

    assert (called, silent) == ([ASK_NAME, "Ana, vou chamar alguém."], [])
    until(lambda: company.texts(customer, line)[-1] == "Até logo, Ana!")
    has(company.thread(customer, line), mode="bot")
    assert company.rows("select event from tracked where flow_id = $1", flow_id) == [("lead",)]


def test_3_5_what_is_posted_to_meta(company: Company) -> None:
    line, _ = company.answering(START, says("Olá!"))
    customer = company.customer()

    company.talk(customer, line, "Oi")

    (body,) = company.phone(customer, line)
    has(body, messaging_product="whatsapp", recipient_type="individual", type="text")
    has(body, to=f"+{customer}")  # without the plus Meta puts the business's country code in front
    assert body["text"]["body"] == "Olá!"


# Section 4: step by step.


@pytest.mark.parametrize(("age", "shelf"), [("18", "adultos"), ("17", "jovens")])
def test_4_2_a_flow_in_the_documents_own_form_runs(company: Company, age: str, shelf: str) -> None:
    greeting = says("Olá! Bem-vindo à Livraria Horizonte.", id="hello")
    question = asks("ask", "Qual é a sua idade?", "age")
    row = [edge("start", "hello"), edge("hello", "ask"), edge("ask", "adult")]
    line, _ = company.answering(START, greeting, question, ADULT, *SHELVES, edges=row + BOTH_SIDES)

    answers = company.talk(company.customer(), line, "Oi", age)

    said = [greeting["content"], question["content"], f"Veja a estante {shelf}."]
    assert answers == said


def test_4_3_the_log_gives_the_newest_100(company: Company) -> None:
    more = asks("more", "Mais?", "x", burst="each")
    row = [edge("start", "more"), edge("more", "more")]
    line, flow_id = company.answering(START, more, edges=row, webhooks=False)
    # One contact gets at most 20 turns a minute, so 55 write once each.
    customers = [company.customer() for _ in range(55)]

    company.post(webhook(line, *(text_from(who, f"n{n}") for n, who in enumerate(customers))))
    until(lambda: log_of(company, flow_id)["total"] == 110)

    log = log_of(company, flow_id)["items"]
    assert len(log) == 100
    has(log[0], flow_id=flow_id, node_id="more")
    assert {each["phone_number"] for each in log} <= set(customers)
    heard = [each["user_message"] for each in log if each["user_message"]]
    assert len(heard) == len(set(heard))
    times = [moment(each["timestamp"]) for each in log if each["bot_response"]]
    assert times == sorted(times, reverse=True)
    listed = company.api.get("/conversations", flow_id=flow_id, limit=60)["items"]
    assert {each["phone_number"] for each in listed} == set(customers)


# Section 6: the tables, as far as they are here.

TEXT, UUID, JSONB, TIME = "text", "uuid", "jsonb", "timestamp with time zone"
COLUMNS = {
    "conversation_states": {
        **dict.fromkeys(("id", "flow_id"), UUID),
        **dict.fromkeys(("current_node_id", "status"), TEXT),
        **dict.fromkeys(("variables", "execution_path"), JSONB),
        **dict.fromkeys(
            ("last_message_at", "session_expires_at", "created_at", "updated_at"), TIME
        ),
    },
    "conversation_logs": {
        **dict.fromkeys(("id", "flow_id"), UUID),
        **dict.fromkeys(("phone_number", "user_message", "bot_response", "node_id"), TEXT),
        "timestamp": TIME,
    },
    "whatsapp_numbers": {"default_chatbot_id": UUID},
    "chatbots": {"is_fallback": "boolean"},
}
INDEXES = [
    ("conversation_states", "(conversation_id, flow_id, status)"),
    ("conversation_states", "(session_expires_at) WHERE (status = 'active'::text)"),
    ("messages", "(workspace_id, flow_id, id)"),
    ("messages", "(conversation_id, id)"),
    ("contact_identities", "(workspace_id, kind, value)"),
]


@pytest.mark.parametrize("table", COLUMNS)
def test_6_a_table_has_the_columns(company: Company, table: str) -> None:
    found = company.rows(
        "select column_name, data_type from information_schema.columns where table_name = $1", table
    )

    has(dict(found), **COLUMNS[table])


@pytest.mark.parametrize(("table", "columns"), INDEXES)
def test_6_a_table_has_the_index(company: Company, table: str, columns: str) -> None:
    found = company.rows("select indexdef from pg_indexes where tablename = $1", table)

    assert any(row["indexdef"].endswith(columns) for row in found), found


def test_6_a_deleted_chatbot_leaves_its_number_without_one(company: Company) -> None:
    chatbot_id = company.chatbot(company.flow([START, NAME]))
    line = company.number(chatbot_id)

    company.api.delete(f"/chatbots/{chatbot_id}")

    has(company.api.get(f"/whatsapp/{line.id}"), default_chatbot_id=None)


# Section 8: the tests that the document asks for, by their names.


def test_routes_message_to_correct_flow(company: Company) -> None:
    first, first_flow = company.answering(START, says("Sou o primeiro."))
    second, second_flow = company.answering(START, says("Sou o segundo."))
    customer = company.customer()

    assert company.talk(customer, second, "Oi") == ["Sou o segundo."]
    assert company.talk(customer, first, "Oi") == ["Sou o primeiro."]

    has(company.state(customer, first), flow_id=first_flow)
    has(company.state(customer, second), flow_id=second_flow)


def test_substitutes_variables_in_message(company: Company) -> None:
    message = "Olá {{name}}, seu saldo é {{balance}}"
    variables = {"name": "João", "balance": "R$ 100"}
    line, _ = company.answering(START, says(message), variables=variables)

    assert template.render(message, variables).text == "Olá João, seu saldo é R$ 100"
    assert company.talk(company.customer(), line, "Oi") == ["Olá João, seu saldo é R$ 100"]


@pytest.mark.parametrize(("age", "taken"), [(18, "a"), (17, "b")])
def test_routes_based_on_condition(company: Company, age: int, taken: str) -> None:
    drawn = [edge("start", "adult"), *BOTH_SIDES]
    line, _ = company.answering(START, ADULT, *SHELVES, edges=drawn, variables={"age": age})
    customer = company.customer()

    company.talk(customer, line, "Oi")

    has(company.state(customer, line), execution_path=["start", "adult", taken, "end"])


def test_end_to_end_message_flow_response(company: Company) -> None:
    # 1. a number; 2. a chatbot and a flow; 3. the link
    line = company.number(webhooks=False)
    chatbot_id = company.chatbot(company.flow([START, NAME, AGE, BYE]))
    company.api.put(f"/whatsapp/{line.id}", {"default_chatbot_id": chatbot_id})
    customer = company.customer()
    company.write(customer, "abre a janela de 24 horas", line)
    # 4. the mock webhook
    assert company.post(webhook(line, text_from(customer, "Olá"))).status == 200
    # 5. the response is sent back
    until(lambda: company.texts(customer, line) == [ASK_NAME])
    # 6. the state is kept
    has(company.state(customer, line), current_node_id="name", variables={})
    # 7. a follow-up
    assert company.post(webhook(line, text_from(customer, "Ana"))).status == 200
    # 8. the flow goes on
    until(lambda: company.texts(customer, line) == [ASK_NAME, ASK_AGE])
    has(company.state(customer, line), current_node_id="age", variables={"nome": "Ana"})


def test_the_manual_steps_of_postman(company: Company) -> None:
    flow_id = company.flow([START, NAME])
    chatbot_id = company.chatbot(flow_id)
    meta = {"phone_number_id": "106540352242922", "access_token": "EAAG-of-the-company"}
    # 1. Register the number; 2. its id
    body = {"phone_number": POSTMAN_PHONE, "connection_type": "official", **meta}
    number = company.api.post("/whatsapp/", body)
    company.remember(f"/whatsapp/{number['id']}")
    # 3. Link it. The example's flow-uuid is not a chatbot's id: the answer names the chatbot
    path = f"/whatsapp/{number['id']}"
    refused = company.api.ask("PUT", path, body={"default_chatbot_id": flow_id})
    linked = company.api.put(path, {"default_chatbot_id": chatbot_id})
    # 4. Simulate an incoming message
    line = Line(number["id"], meta["phone_number_id"])
    company.register(line, POSTMAN_PHONE, webhooks=False)
    company.write(SENDER, "abre a janela de 24 horas", line)
    posted = company.post(SAMPLES["8"])
    # 5. Check Meta's log for the outgoing message
    until(lambda: company.texts(SENDER, line) == [ASK_NAME])

    has(number, phone_number=POSTMAN_PHONE, phone_e164="+5511999999999", is_active=False)
    assert (refused.status, refused.body["code"]) == (422, "flow_id_for_chatbot")
    assert "“Bot”" in refused.body["detail"]
    assert chatbot_id in refused.body["detail"]
    has(linked, default_chatbot_id=chatbot_id, is_active=True, insecure=True)
    assert (posted.status, posted.body) == STORED


# Section 9: what goes wrong. For each scenario the text, the behaviour, and the level of the log line.


def test_9_1_number_not_registered(company: Company) -> None:
    customer, stranger = company.customer(), Line("", f"9{company.customer()}")

    posted = company.post(webhook(stranger, text_from(customer, "Oi")))

    assert (posted.status, posted.body) == STORED
    unknown = company.api.get("/webhook-log", outcome="unknown_number")["items"]
    assert stranger.phone_number_id in [each["phone_number_id"] for each in unknown]
    assert company.phone(customer, stranger) == []
    assert company.api.get("/conversations", q=customer)["items"] == []
    logged = company.logged("webhook_unknown_number")
    (line,) = (each for each in logged if each["phone_number_id"] == stranger.phone_number_id)
    has(line, level="warning")


def test_9_2_no_chatbot_and_no_fallback(company: Company) -> None:
    line = company.number()
    customer = company.customer()
    notice = "Nenhum chatbot configurado para este número."

    assert company.talk(customer, line, "Oi", "Alô?") == [notice]

    thread = company.thread(customer, line)
    has(thread, mode="bot", state=None, unread=2)
    assert company.levels("no_chatbot") == ["error", "error"]
    company.rows(
        "update conversations set notified_at = notified_at - interval '1 day' where id = $1",
        thread["id"],
    )
    assert company.talk(customer, line, "Alguém?", "Ninguém?") == [notice]


@pytest.mark.parametrize("defect", ["missing", "unpublished", "corrupt"])
def test_9_3_flow_not_found_or_corrupt(company: Company, defect: str) -> None:
    flow_id = company.flow([START, NAME], publish=defect != "unpublished")
    line = company.number(company.chatbot(None if defect == "missing" else flow_id))
    if defect == "corrupt":
        company.rows("update flow_versions set document = '[7]' where flow_id = $1", flow_id)
    customer = company.customer()

    (text,) = company.talk(customer, line, "Oi", "Alô?")

    assert text.startswith("Erro ao processar mensagem")
    has(company.thread(customer, line), mode="waiting")
    assert company.levels("flow_broken") == ["critical"]
    subject = line.id if defect == "missing" else flow_id
    has(company.alert("flow_broken", subject), severity="critical", count=1)


def test_9_4_missing_variable_is_empty(company: Company) -> None:
    line, _ = company.answering(START, says("Olá {{ninguem}}!"))
    customer = company.customer()

    assert company.talk(customer, line, "Oi") == ["Olá !"]

    session = company.state(customer, line)["session_id"]
    (turn,) = company.rows("select trace::text from journal where session_id = $1", session)
    assert "missing:ninguem" in turn["trace"]
    assert company.levels("missing_variable") == ["debug"]


def test_9_5_endless_loop_stops_after_100_nodes(company: Company) -> None:
    always, again = is_at_least("always", "n", 0), sets("again", "n", "1")
    round_and_round = [edge("always", "again", "true"), edge("again", "always")]
    drawn = [edge("start", "always"), *round_and_round]
    line, _ = company.answering(START, always, again, edges=drawn, variables={"n": 1})
    customer = company.customer()

    answers = company.talk(customer, line, "Oi")

    assert answers == ["Desculpe, ocorreu um erro. Tente novamente."]
    state = company.state(customer, line)
    assert (state["status"], len(state["execution_path"])) == ("failed", 100)
    assert company.levels("loop_guard") == ["warning"]


def test_9_7_sending_fails(company: Company) -> None:
    line, _ = company.answering(START, says("Olá!"))
    customer = company.customer()
    company.meta.post("/_fake/faults", {"kind": "error", "code": 131000, "to": customer})

    company.write(customer, "Oi", line)
    for attempt in (1, 2, 3):
        until(lambda: len(company.logged("send_put_back")) == attempt)  # noqa: B023 - called at once
        company.send_now(line)
    until(lambda: statuses(company, customer, line) == ["failed"])

    waits = [each["wait"] for each in company.logged("send_put_back")]
    assert [wait == pytest.approx(2**n, rel=0.2) for n, wait in enumerate(waits, 1)] == [True] * 3
    (fault,) = company.meta.get("/_fake/faults")["faults"]
    assert fault["hits"] == 4
    assert company.phone(customer, line) == []
    assert company.levels("send_failed") == ["error"]
    alert = company.alert("send_failed", line.id)
    has(alert, severity="error", count=1)
    has(alert["details"], code=131000)


def has(found: dict[str, Any], **wanted: Any) -> None:
    """Checks some members of an object; what differs is shown."""
    assert {name: found[name] for name in wanted} == wanted


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def log_of(company: Company, flow_id: str) -> Any:
    return company.api.get("/conversations/logs", flow_id=flow_id)


def statuses(company: Company, customer: str, line: Line) -> list[str]:
    """Lists how our messages to a customer fared."""
    messages = [each for thread in company.threads(customer, line) for each in thread["messages"]]
    return [each["status"] for each in messages if each["direction"] == "out"]
