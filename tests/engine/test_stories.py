"""Stories: what can be told at all, the world they are told in, and that none passes that should not."""

import asyncio
from typing import Any

import pytest

from recado.engine.effects import Call
from recado.engine.events import CallResult, World
from recado.engine.settings import parse as parse_settings
from recado.engine.stories import Telling
from recado.engine.story import parse_story
from recado.engine.story_flows import compile_flows
from recado.engine.story_outcomes import ending
from recado.engine.story_tests import MOST_CALLS, Verdict, coverage, judge, same
from recado.nodes import NODE_TYPES
from tests.engine.flows import flow, node

Raw = dict[str, Any]


ASK = flow(
    node("ask", "question", content="Nome?", variableName="nome"),
    node("end", "end", content="Oi, {{nome}}!"),
    edges="start ask,ask end",
)
CALL = flow(
    node("http", "api_call", url="https://loja.example", save_to="answer"),
    node("good", "end", content="Certo."),
    node("bad", "end", content="Errado {{answer_status}}."),
    edges="start http,http:success good,http:error bad",
)
OI: Raw = {"customer": "oi"}


def tell(story: Raw, document: Raw = ASK, **more: Any) -> Verdict:
    """Judges a story about a flow; `more` as `judge` takes it."""
    flows = compile_flows(more.pop("flows", {"main": [document]}), NODE_TYPES)
    return asyncio.run(judge(parse_story({"steps": [OI], **story}), flows, **more))


def said(story: Raw, document: Raw = ASK, **more: Any) -> list[str]:
    """Gives what the bot says to the last step."""
    flows = compile_flows(more.pop("flows", {"main": [document]}), NODE_TYPES)
    read = parse_story({"steps": [OI], **story})
    telling = Telling(read, flows, **more)
    lines: list[str] = [telling.step(step) for step in read.steps][-1]["bot"]
    return lines


@pytest.mark.parametrize(
    ("story", "mistake"),
    [
        ({"pinned": {"htpp": {"value": 1}}}, "pinned.htpp: no flow has this node"),
        ({"steps": [{"customer_taps": "Sim"}]}, "step 1: nothing to tap: Sim"),
        ({"steps": [{"call": {}}]}, "step 1: no call is under way"),
        ({"steps": [OI, {"publish": "main 2"}]}, "step 2, publish: there is no version main 2"),
        (
            {"steps": [OI, {"publish": "main 1", "moves": {"ask": "nope"}}]},
            "step 2, moves.ask: main 1 has no node nope",
        ),
        (
            {"steps": [OI, {"person": "gives back at nope"}]},
            "step 2, person: no flow has the node nope",
        ),
    ],
)
def test_what_does_not_fit_the_flow_is_a_mistake(story: Raw, mistake: str) -> None:
    verdict = tell(story)

    assert not verdict.passed
    assert str(verdict.mistake) == mistake


def test_what_came_before_a_mistake_is_told_all_the_same() -> None:
    steps = [{**OI, "bot": ["Idade?"]}, {"customer_taps": "Sim"}, {"customer": "Ana"}]

    verdict = tell({"steps": steps, "at_the_end": {"session": "completed"}})

    assert verdict.mistake is not None
    assert verdict.mistake.place == "steps.1"
    assert [(each.step, each.expected, each.came) for each in verdict.differences] == [
        (0, ["Idade?"], ["Nome?"])
    ]
    reached = coverage(compile_flows({"main": [ASK]}, NODE_TYPES).programs["main 1"], [verdict])
    assert reached.nodes_missed == ("end",)


def test_a_question_that_has_arrived_is_answered() -> None:
    seen = {"customer": "Ana", "before_the_question_arrives": False}
    unseen = {"customer": "Ana", "before_the_question_arrives": True}

    assert said({"steps": [OI, seen]}) == ["Oi, Ana!", "(the session ends: completed)"]
    assert said({"steps": [OI, unseen]}) == []


@pytest.mark.parametrize(
    ("pin", "came"),
    [
        ({"value": {}}, "Certo."),
        ({"status": 204}, "Certo."),
        ({"status": 500, "value": {}}, "Errado 500."),
        ({"error": "timeout"}, "Errado ."),
        ({"status": 404, "ok": True}, "Certo."),
        ({"status": 200, "ok": False}, "Errado 200."),
    ],
)
def test_a_status_says_whether_a_request_worked(pin: Raw, came: str) -> None:
    called = "(a call goes out: GET https://loja.example)"

    assert said({"pinned": {"http": pin}}, CALL) == [called, came, "(the session ends: completed)"]
    assert said({"steps": [OI, {"call": pin}]}, CALL) == [came, "(the session ends: completed)"]


@pytest.mark.parametrize(
    ("pin", "came"),
    [
        ({"value": [{"nome": "Ana"}]}, "Achei."),
        ({"value": []}, "Nada."),
        ({"value": [], "status": 0}, "Nada."),
        ({}, "Nada."),
        ({"value": "Ana"}, "Achei."),
        ({"value": None, "status": 1}, "Achei."),
        ({"error": "timeout"}, "Falhou."),
    ],
)
def test_a_query_is_empty_where_its_value_has_no_rows(pin: Raw, came: str) -> None:
    query = flow(
        node("sql", "database_query", connection="loja", query="select nome from clientes"),
        node("good", "end", content="Achei."),
        node("none", "end", content="Nada."),
        node("bad", "end", content="Falhou."),
        edges="start sql,sql:success good,sql:empty none,sql:error bad",
    )

    assert said({"pinned": {"sql": pin}}, query)[1] == came
    assert said({"steps": [OI, {"call": pin}]}, query)[0] == came


def test_results_are_used_one_after_the_other_and_the_last_for_ever() -> None:
    pins = [{"value": 1}, {"error": "timeout"}]
    steps = [OI, OI, OI]

    told = [
        said({"steps": steps[:count], "pinned": {"http": pins}}, CALL)[1] for count in (1, 2, 3)
    ]

    assert told == ["Certo.", "Errado .", "Errado ."]


def test_only_what_names_a_flow_is_led_to_it() -> None:
    sub = flow(node("b", "message", content="Aqui."), edges="start b")
    nowhere = {"flow": "sub", "kept": {"to_flow": "sub", "flow": "sub"}}
    main = flow(
        node("set", "set_variable", assignments=[{"variable": "x", "value": {"flow": "sub"}}]),
        node("go", "jump", to_flow="sub"),
        edges="start set,set go",
    )

    verdict = tell(
        {
            "steps": [{**OI, "bot": ["Aqui.", "(the session ends: completed)"]}],
            "at_the_end": {"variables": {"n": 0, **nowhere, "x": {"flow": "sub"}}},
        },
        flows={"main": [{**main, "variables": nowhere}], "sub": [sub]},
    )

    assert (verdict.mistake, verdict.differences) == (None, [])


@pytest.mark.parametrize("where", ["the story", "the flow", "the world"])
def test_settings_lead_to_flows_by_name(where: str) -> None:
    sub = flow(node("b", "message", content="Menu."), edges="start b")
    settings = {"commands": {"menu_to": {"to_flow": "sub"}}}
    flows = {"main": [{**ASK, "settings": settings if where == "the flow" else {}}], "sub": [sub]}
    named = compile_flows(flows, NODE_TYPES).ids["sub"]
    around = {"commands": {"menu_to": {"to_flow": named}}}

    lines = said(
        {
            "steps": [OI, {"customer": "menu"}],
            "settings": settings if where == "the story" else {},
        },
        flows=flows,
        world=World(settings=parse_settings(around if where == "the world" else {})),
    )

    assert lines == ["Menu.", "(the session ends: completed)"]


def test_a_story_says_what_world_it_is_told_in() -> None:
    document = flow(
        node("hours", "datetime", operation="business_hours", calendar="Loja"),
        node(
            "open",
            "end",
            content="{{contact.name}} {{contact.phone}} {{number.phone_number}} {{number.name}} "
            "{{chatbot.loja}} {{chatbot.mesa}} {{today}}",
        ),
        node("closed", "end", content="Fechado."),
        edges="start hours,hours:open open,hours:closed closed",
    )
    story: Raw = {
        "contact": {"name": "Bia", "phone": "5511"},
        "number": {"phone": "5521", "name": "Padaria"},
        "chatbot": {"loja": "Centro"},
        "calendars": {"Loja": {"timezone": "UTC", "hours": {"tuesday": [{"from": "01:00", "to": "02:00"}]}}},
        "timezone": "America/Sao_Paulo",
        "now": "2026-11-24T01:30:00Z",
    }  # fmt: skip
    around = World(chatbot={"loja": "?", "mesa": "5"}, timezone="Asia/Tokyo")

    assert said(story, document, world=around)[0] == "Bia 5511 5521 Padaria Centro 5 2026-11-23"
    assert said({**story, "now": "2026-11-24T02:30:00Z"}, document)[0] == "Fechado."


def test_the_world_around_counts_where_the_story_says_nothing() -> None:
    document = flow(
        node("hours", "datetime", operation="business_hours", calendar="Loja"),
        node("open", "end", content="{{today}}"),
        node("closed", "end", content="Fechado."),
        edges="start hours,hours:open open,hours:closed closed",
    )
    always = {"timezone": "UTC", "hours": {"monday": [{"from": "00:00", "to": "24:00"}]}}
    around = World(calendars={"Loja": always}, timezone="Pacific/Kiritimati", locale="en")
    bad = {"steps": [OI, {"customer_sends": "photo"}]}

    assert said({}, document, world=around)[0] == "2026-11-24"
    assert said(bad, world=around) == ["For now I only understand text."]
    assert said({**bad, "locale": "pt-BR"}, world=around) == ["Por enquanto só entendo texto."]


def test_everything_of_the_end_can_be_expected() -> None:
    end: Raw = {
        "session": "active",
        "sessions": 1,
        "with": "bot",
        "variables": {"n": 0},
        "wakes_after": None,
    }

    assert tell({"at_the_end": end}).differences == []
    assert [
        (each.said, each.expected, each.came)
        for each in tell({"at_the_end": {**end, "sessions": 2, "with": "human"}}).differences
    ] == [("sessions", 2, 1), ("with", "human", "bot")]


def test_no_session_is_an_end_as_well() -> None:
    story: Raw = {"steps": [OI, {"session": "is forgotten"}], "at_the_end": {"session": "none"}}

    assert tell(story).passed
    assert not tell({**story, "at_the_end": {"session": "active"}}).passed


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (True, 1, False),
        ({"a": [0]}, {"a": [False]}, False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [1], False),
        ("1", 1, False),
        (None, None, True),
    ],
)
def test_values_are_compared_as_json(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal


async def answer(_: Call) -> CallResult:
    """Answers every call."""
    return CallResult(ok=True, value=1)


def test_a_story_makes_so_many_calls_and_no_more() -> None:
    loop = flow(
        node("http", "api_call", url="https://loja.example"),
        node("end", "end"),
        edges="start http,http:success http,http:error end",
    )

    verdict = tell({}, loop, perform=answer)

    assert str(verdict.mistake) == f"step 1: a story makes at most {MOST_CALLS} calls"


def test_others_come_in_between_two_steps() -> None:
    seen: list[int] = []

    async def pause() -> None:
        seen.append(1)

    tell({"steps": [OI, {"customer": "Ana"}]}, pause=pause)

    assert len(seen) == 2


def test_coverage_is_of_the_version_that_the_story_begins_with() -> None:
    flows = compile_flows({"principal": [ASK]}, NODE_TYPES)
    story = parse_story({"steps": [OI, {"customer": "Ana"}]})

    reached = coverage(flows.programs["principal 1"], [asyncio.run(judge(story, flows))])

    assert (reached.nodes, reached.nodes_missed) == (3, ())
    assert reached.ports_missed == (("ask", "invalid"),)


def test_an_observer_is_shown_the_play_after_all_that_happens() -> None:
    flows = compile_flows({"main": [ASK]}, NODE_TYPES)
    story = parse_story({"steps": [OI, {"server": "restarts"}, {"customer": "Ana"}]})
    modes: list[str] = []
    telling = Telling(story, flows, observe=lambda play: modes.append(play.mode))

    for step in story.steps:
        telling.step(step)

    assert modes == ["bot", "bot", "bot"]
    assert ending(telling.play, telling.now) == {
        "session": "completed",
        "variables": {"n": 0, "nome": "Ana"},
    }
