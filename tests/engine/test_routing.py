"""Who answers a new session."""

from uuid import UUID

import pytest

from recado.engine.events import Message
from recado.engine.flow import FlowDocument
from recado.engine.routing import (
    Answerer,
    BrokenFlow,
    MainFlow,
    NoChatbot,
    NumberInactive,
    RunFlow,
    StartTrigger,
    TriggeredFlow,
    route,
    triggers_of,
)
from recado.engine.triggers import Match

BOT, OTHER, FLOW, VERSION = (UUID(int=n) for n in range(1, 5))
PUBLISHED = MainFlow(FLOW, VERSION)


def test_the_numbers_own_chatbot_answers() -> None:
    own, fallback = Answerer(BOT, True, PUBLISHED), Answerer(OTHER, True, PUBLISHED)

    assert route(True, own, fallback) == RunFlow(BOT, FLOW, VERSION)


def test_the_fallback_answers_where_a_number_has_none() -> None:
    assert route(None, None, Answerer(OTHER, True, PUBLISHED)) == RunFlow(OTHER, FLOW, VERSION)


def test_a_chatbot_that_is_off_counts_as_none() -> None:
    off, fallback = Answerer(BOT, False, PUBLISHED), Answerer(OTHER, True, PUBLISHED)

    assert route(True, off, fallback) == RunFlow(OTHER, FLOW, VERSION)
    assert route(True, off, Answerer(OTHER, False, PUBLISHED)) == NoChatbot()
    assert route(True, off, None) == NoChatbot()


def test_an_unpublished_flow_is_broken_and_does_not_go_to_the_fallback() -> None:
    unpublished, fallback = MainFlow(FLOW, None), Answerer(OTHER, True, PUBLISHED)

    assert route(True, Answerer(BOT, True, unpublished), fallback) == BrokenFlow(FLOW)
    assert route(True, Answerer(BOT, True, None), fallback) == BrokenFlow(None)


def test_only_an_explicit_no_makes_a_number_inactive() -> None:
    own = Answerer(BOT, True, PUBLISHED)

    assert route(False, own, own) == NumberInactive()
    assert route(None, own, None) == RunFlow(BOT, FLOW, VERSION)
    assert route(None, None, None) == NoChatbot()


SALES, HELP = UUID(int=10), UUID(int=11)


def keyword(flow: UUID, *words: str, match: Match = "exact") -> TriggeredFlow:
    return TriggeredFlow(flow, VERSION, (StartTrigger("keyword", words, match),))


def chosen(text: str, *flows: TriggeredFlow) -> UUID:
    own = Answerer(BOT, True, PUBLISHED, flows)
    answer = route(None, own, None, message=Message(id="m", type="text", text=text))
    assert isinstance(answer, RunFlow)
    assert (answer.trigger == "keyword") == (answer.flow_id != FLOW)
    return answer.flow_id


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        ("Preço", SALES),
        ("qual o preço?", FLOW),
        ("preciso de AJUDA!", HELP),
        ("ajudante", HELP),
        ("desajuda", FLOW),
        ("pedido 123", SALES),
        ("", FLOW),
        ("  ", FLOW),
    ],
)
def test_a_keyword_calls_for_its_flow_and_anything_else_for_the_main_one(
    text: str, flow: UUID
) -> None:
    sales = keyword(SALES, "preço", "valores")
    orders = keyword(SALES, r"pedido \d+", match="regex")
    help_ = keyword(HELP, "ajuda", match="contains")

    assert chosen(text, sales, orders, help_) == flow


def test_a_whole_message_beats_a_word_in_it_whatever_the_order() -> None:
    anywhere, exactly = keyword(HELP, "preço", match="contains"), keyword(SALES, "preço")

    assert chosen("preço", anywhere, exactly) == SALES
    assert chosen("o preço", anywhere, exactly) == HELP


def test_a_keyword_runs_where_the_main_flow_is_broken() -> None:
    own = Answerer(BOT, True, None, (keyword(SALES, "preço"),))
    message = Message(id="m", type="text", text="preço")

    assert route(None, own, None, message=message) == RunFlow(BOT, SALES, VERSION, "keyword")
    assert route(None, own, None) == BrokenFlow(None)


def test_a_chatbot_that_is_off_has_no_keywords() -> None:
    off = Answerer(BOT, False, PUBLISHED, (keyword(SALES, "preço"),))
    message = Message(id="m", type="text", text="preço")

    assert route(None, off, None, message=message) == NoChatbot()


def test_a_published_version_keeps_its_start_nodes_triggers() -> None:
    start = {"id": "s", "type": "start", "data": {"triggers": [{"words": ["oi"]}, {"type": "any"}]}}
    document = FlowDocument.model_validate({"nodes": [{"id": "m", "type": "message"}, start]})

    assert triggers_of(document) == [
        {"type": "keyword", "words": ["oi"], "match": "exact"},
        {"type": "any", "words": [], "match": "exact"},
    ]
    assert triggers_of(FlowDocument()) == []
