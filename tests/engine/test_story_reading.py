"""What can be a story at all: anything else is refused with its place and the reason."""

from typing import Any

import pytest

from recado.engine.story import parse_story
from recado.engine.story_flows import compile_flows
from recado.engine.story_reading import StoryMistake
from recado.engine.story_steps import asked, read_step
from recado.engine.story_words import in_portuguese
from recado.nodes import NODE_TYPES
from tests.engine.flows import flow, node

OI: dict[str, Any] = {"customer": "oi"}
BAD = "flows.main.0"


@pytest.mark.parametrize(
    ("step", "place", "reason"),
    [
        (5, "", "a step is an object"),
        ({}, "", "no such step: empty"),
        ({"bot": ["Oi"]}, "", "no such step: empty"),
        ({"dance": 1}, "", "no such step: dance"),
        ({"customer": "oi", "wait": "1 day"}, "", "a step does one thing, not customer and wait"),
        ({"customer": "oi", "bots": ["x"]}, "bots", "unknown field"),
        ({"customer": "oi", "bot": "x"}, "bot", "Expected `array`, got `str`"),
        ({"customer": "oi", "bot": [5]}, "bot.0", "Expected `str`, got `int`"),
        ({"customer": 5}, "customer", "Expected `str`, got `int`"),
        (
            {"customer": "oi", "before_the_question_arrives": "no"},
            "before_the_question_arrives",
            "Expected `bool`, got `str`",
        ),
        ({"wait": "long"}, "", "not a span of time: long (at most 400 days, such as 3 days or 2h)"),
        ({"wait": "999999999 days"}, "", "not a span of time: 999999999 days (at most"),
        ({"wait": "1 day", "and_at_that_moment": 5}, "and_at_that_moment", "Expected `str | null`"),
        ({"customer_at_once": [{"x": 1}]}, "customer_at_once.0.x", "unknown field"),
        ({"customer_at_once": []}, "customer_at_once", "Expected `array` of length >= 1"),
        (
            {"customer_at_once": ["x"] * 101},
            "customer_at_once",
            "Expected `array` of length <= 100",
        ),
        ({"customer_sends": [{}]}, "customer_sends.0", "Expected `str`, got `object`"),
        ({"customer_sends": "elephant"}, "customer_sends", "Invalid enum value 'elephant'"),
        ({"customer_sends": "photo", "caption": 5}, "caption", "Expected `str`, got `int`"),
        ({"customer_sends": ["photo"], "caption": "x"}, "", "only one thing has a caption"),
        ({"customer_taps": "Sim", "under": 5}, "under", "Expected `str | null`, got `int`"),
        ({"customer_pastes": 10**9}, "customer_pastes", "Expected `int` <= 100000"),
        ({"publish": "main 2", "moves": [1]}, "moves", "Expected `object | null`, got `array`"),
        ({"person": "dances"}, "", "people do not do that: dances"),
        ({"whatsapp": "accepts", "code": 1}, "", "only a refusal has a code"),
        ({"call": {"eror": "timeout"}}, "call.eror", "unknown field"),
        ({"call": {"ok": True, "error": "timeout"}}, "call", "a call that is ok has no error"),
        ({"call": {"ok": False}}, "call", "a call that did not work has an `error`"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_place(
    step: Any, place: str, reason: str
) -> None:
    with pytest.raises(StoryMistake) as refused:
        parse_story({"steps": [OI, step]})

    assert refused.value.place == f"steps.1.{place}".strip(".")
    assert refused.value.reason.startswith(reason)
    assert in_portuguese(refused.value.reason) != refused.value.reason


@pytest.mark.parametrize(
    ("story", "place"),
    [
        ([1], ""),
        ({"steps": "oi"}, "steps"),
        ({"steps": []}, "steps"),
        ({"steps": [OI] * 301}, "steps"),
        ({"step": [OI]}, "step"),
        ({"contact": [1]}, "contact"),
        ({"contact": {"tags": 5}}, "contact.tags"),
        ({"contact": {"e_mail": "a@b.br"}}, "contact.e_mail"),
        ({"at_the_end": ["x"]}, "at_the_end"),
        ({"at_the_end": {"sesion": "completed"}}, "at_the_end.sesion"),
        ({"at_the_end": {"session": "complete"}}, "at_the_end.session"),
        ({"settings": {"burst": "slow"}}, "settings.burst"),
        ({"pinned": [1]}, "pinned"),
        ({"pinned": {"http": {"eror": "timeout"}}}, "pinned.http.eror"),
        ({"pinned": {"http": []}}, "pinned.http"),
        ({"pinned": {"http": [{"value": 1}, {"status": "x"}]}}, "pinned.http.1.status"),
        ({"calendars": {"Loja": {"timezone": "Moon"}}}, "calendars.Loja"),
        ({"timezone": "Moon"}, "timezone"),
        ({"locale": "fr"}, "locale"),
        ({"now": "2026-11-23T15:00:00"}, "now"),
        ({"now": "9999-12-31T23:59:59Z"}, "now"),
        ({"number": {"fone": "55"}}, "number.fone"),
        ({"flows": {}}, "flows"),
    ],
)
def test_what_is_no_story_is_refused_with_its_place(story: Any, place: str) -> None:
    whole = {"steps": [OI], **story} if isinstance(story, dict) else story

    with pytest.raises(StoryMistake) as refused:
        parse_story(whole)

    assert refused.value.place == place
    assert in_portuguese(refused.value.reason) != refused.value.reason


@pytest.mark.parametrize(
    ("flows", "place"),
    [
        ([1], "flows"),
        ({}, "flows"),
        ({"main": 5}, "flows.main"),
        ({"main": []}, "flows.main"),
        ({"main": [5]}, BAD),
        ({"main": [{"nodes": [5]}]}, BAD),
        ({"main": [flow(node("x", "nothing"), edges="start x")]}, BAD),
        (
            {"main": [flow(node("j", "jump", to_flow=5), edges="start j")]},
            BAD,
        ),
    ],
)
def test_flows_that_cannot_run_are_refused_with_their_place(flows: Any, place: str) -> None:
    with pytest.raises(StoryMistake) as refused:
        compile_flows(flows, NODE_TYPES)

    assert refused.value.place == place


@pytest.mark.parametrize(
    "step",
    [
        {"customer": "oi", "before_the_question_arrives": True},
        {"customer_at_once": ["oi", {"sends": "sticker"}]},
        {"customer_sends": ["photo", "photo"]},
        {"customer_sends": "photo", "caption": "Ana"},
        {"wait": "2h", "and_at_that_moment": "oi"},
        {"call": {"value": {"a": [1]}, "status": 200}},
        {"publish": "main 2", "moves": {"a": None}},
        {"whatsapp": "refuses", "code": 131047},
    ],
)
def test_a_step_is_written_as_it_was_read(step: dict[str, Any]) -> None:
    assert asked(read_step({**step, "bot": ["x"], "because": "y"})) == step


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("steps.3", "step 4: no"),
        ("steps.3.bot.0", "step 4, bot.0: no"),
        ("pinned.http", "pinned.http: no"),
        ("", "no"),
    ],
)
def test_people_count_steps_from_one(place: str, said: str) -> None:
    mistake = StoryMistake(place, "no")

    assert (str(mistake), mistake.place) == (said, place)


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("Expected `str | null`, got `int`", "precisa ser um texto ou nada (null), e é um número inteiro"),
        ("Expected `array` of length <= 100", "precisa ser uma lista de no máximo 100"),
        ("no such step: dance", "não há este passo: dance"),
        ("something that nobody has words for", "something that nobody has words for"),
    ],
)  # fmt: skip
def test_reasons_are_said_in_portuguese(english: str, portuguese: str) -> None:
    assert in_portuguese(english) == portuguese
