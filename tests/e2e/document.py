"""The material of the user's analysis: its sample payloads, flows in its own form, webhooks as it writes them."""

from pathlib import Path

from tests.e2e.client import Json
from tests.e2e.company import Line

PAYLOADS = Path(__file__).parents[1] / "whatsapp" / "payloads"
SAMPLES = {
    section: (PAYLOADS / f"user_sample_section_{section}.json").read_bytes()
    for section in ("1_2", "8")
}
SENDER = "55119999999"  # the samples' customer
POSTMAN_PHONE = "+55 11 99999-9999"


def asks(id: str, text: str, variable: str, **more: object) -> Json:
    """Draws a question, its fields at the node's root as in section 4."""
    return {"id": id, "type": "question", "content": text, "variableName": variable, **more}


def says(text: str, *, id: str = "say", type: str = "message") -> Json:
    """Draws a message, or an end that says something."""
    return {"id": id, "type": type, "content": text}


def sets(id: str, variable: str, value: str) -> Json:
    """Draws an assignment."""
    return {"id": id, "type": "set_variable", "variableName": variable, "variableValue": value}


def is_at_least(id: str, variable: str, value: int) -> Json:
    """Draws a condition, whose edges are labelled true and false."""
    return {
        "id": id,
        "type": "condition",
        "variableName": variable,
        "operator": ">=",
        "value": value,
    }


def edge(source: str, target: str, label: str | None = None) -> Json:
    """Draws an edge."""
    return {"source": source, "target": target, "label": label}


START: Json = {"id": "start", "type": "start"}
NAME = asks("name", "Qual é o seu nome?", "nome")
AGE = asks("age", "{{nome}}, e a idade?", "idade")
BYE = says("{{nome}}, {{idade}} anos. Até logo!", id="bye", type="end")

# Section 3.4: a condition on the age, an assignment on either side.
ADULT = is_at_least("adult", "age", 18)
SHELVES = [
    sets("a", "shelf", "adultos"),
    sets("b", "shelf", "jovens"),
    says("Veja a estante {{shelf}}.", id="end", type="end"),
]
BOTH_SIDES = [
    edge("adult", "a", "true"),
    edge("adult", "b", "false"),
    edge("a", "end"),
    edge("b", "end"),
]


def webhook(line: Line, *messages: Json, statuses: list[Json] | None = None) -> Json:
    """Writes a post of Meta's for a number of ours."""
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5511", "phone_number_id": line.phone_number_id},
    }
    value |= {"messages": list(messages)} if messages else {}
    value |= {"statuses": statuses} if statuses else {}
    changes = [{"field": "messages", "value": value}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


def text_from(customer: str, text: str) -> Json:
    """Writes a message as the analysis' mock does, without an id or a time."""
    return {"from": customer, "text": {"body": text}}
