"""Who answers a new session."""

from uuid import UUID

from recado.engine.routing import (
    Answerer,
    BrokenFlow,
    MainFlow,
    NoChatbot,
    NumberInactive,
    RunFlow,
    route,
)

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
