"""Actions and counted events in a flow: what the rest of the turn sees of them, and what a call in the middle means."""

from typing import Any

import pytest

from recado.engine.effects import Consent, Track, UpdateContact
from recado.engine.explain import explain
from recado.engine.library import Library
from recado.engine.play import Play
from recado.engine.transcript import told
from tests.engine.flows import MAIN, SUB, flow, node
from tests.engine.journal import JournalPlay
from tests.engine.script import Script, program_of, said

HOOK = {"type": "webhook", "url": "https://crm.example.com/lead"}
MAIL = {"type": "email", "to": "loja@example.com", "subject": "Pedido", "body": "Novo."}
OK, FAILED = {"result": {"ok": True}}, {"result": {"ok": False, "error": "timeout"}}


def tag(*tags: str) -> dict[str, Any]:
    return {"type": "add_tag", "tags": list(tags)}


def action(*actions: dict[str, Any], id: str = "do") -> dict[str, Any]:
    return node(id, "action", actions=list(actions))


def playing(*nodes: dict[str, Any], edges: str) -> Script:
    return Script(program_of(flow(*nodes, edges=edges)))


def test_what_an_action_changed_is_read_in_the_same_turn() -> None:
    cases = [{"id": "vip", "rules": [{"variable": "contact.tags", "operator": "has_tag", "value": "vip"}]}]  # fmt: skip
    script = playing(
        action(
            tag("vip"), {"type": "set_field", "field": "cor", "value": "azul"},
            {"type": "save_contact", "name": "Ana"},
        ),
        node("is_vip", "condition", cases=cases),
        node("yes", "message", content="{{contact.name}}, VIP, {{contact.fields.cor}}"),
        node("no", "message", content="Não."),
        edges="start do,do is_vip,is_vip:vip yes,is_vip:else no",
    )  # fmt: skip

    assert script.says("oi") == ["Ana, VIP, azul"]
    assert script.play.world.contact == {"name": "Ana", "tags": ["vip"], "fields": {"cor": "azul"}}


def test_a_refusal_in_the_flow_stops_what_we_begin_and_not_the_talk() -> None:
    script = playing(
        action({"type": "opt_out"}),
        node("more", "question", content="Mais alguma coisa?", variableName="mais", timeout=60),
        node("bye", "message", content="Até logo."),
        edges="start do,do more,more bye,more:timeout bye",
    )

    assert script.says("oi") == ["Mais alguma coisa?"]
    assert script.says("não") == ["Até logo."]
    assert script.says("oi") == ["Mais alguma coisa?"]
    assert told(script.step({"after": 60})) == ["(the session ends: stopped)"]
    given = [e for turn in script.play.turns for e in turn.effects if isinstance(e, Consent)]
    assert given == [Consent(granted=False)]


def test_agreeing_takes_a_refusal_back() -> None:
    script = playing(
        action({"type": "opt_in"}),
        node("wait", "delay", amount=1, unit="hours"),
        node("bye", "message", content="Lembrete."),
        edges="start do,do wait,wait bye",
    )
    script.play._change("contact", opted_out=True)

    script.step("oi")

    assert script.says({"after": 3_600}) == ["Lembrete."]


def test_messages_that_come_during_a_call_wait_for_the_next_question() -> None:
    script = playing(
        action(tag("a"), HOOK, tag("b")),
        node("ask", "question", content="Nome?", variableName="nome", burst="each"),
        node("bye", "message", content="Olá, {{nome}}."),
        edges="start do,do ask,ask bye",
    )

    assert script.says("oi", "Ana", OK) == ["Nome?", "Olá, Ana."]


@pytest.mark.parametrize(("step", "said_then"), [(OK, "Feito."), (FAILED, "Não deu.")])
def test_in_a_called_flow(step: Any, said_then: str) -> None:
    call = node("call", "jump", to_flow=SUB, mode="call")
    main = flow(call, node("bye", "message", content="Fim."), edges="start call,call bye")
    sub = flow(
        action(HOOK),
        node("good", "message", content="Feito."),
        node("bad", "message", content="Não deu."),
        edges="start do,do good,do:error bad",
    )
    programs = {"1": program_of(main), "sub": program_of(sub)}
    script = Script(programs["1"])
    script.play = Play(programs["1"], library=Library(programs), flow=MAIN, version="1")
    script.play.publish(SUB, "sub", programs["sub"])

    assert script.says("oi", step) == [said_then, "Fim."]


def test_two_calls_of_a_node_have_their_own_tokens() -> None:
    script = playing(action(HOOK, MAIL), edges="start do")

    script.step("oi")
    first = script.play.call
    script.step(OK)
    second = script.play.call

    assert first is not None
    assert second is not None
    assert first.token != second.token
    assert (first.repeatable, second.repeatable) == (False, False)


def test_a_flow_that_was_published_meanwhile_has_fewer_actions() -> None:
    before, after = (
        flow(action(tag("a"), HOOK), edges="start do"),
        flow(action(HOOK), edges="start do"),
    )
    programs = {"1": program_of(before), "2": program_of(after)}
    script = Script(programs["1"])
    script.play = Play(programs["1"], library=Library(programs), flow=MAIN, version="1")
    script.step("oi")

    script.play.migrate(script.now, flow=MAIN, version="2", moves={})

    assert told(script.step(FAILED))[-1] == "(the session ends: failed)"


def test_an_action_that_asks_somebody_breaks_a_loop_and_one_that_does_not_is_refused() -> None:
    assert playing(action(HOOK), edges="start do,do do")
    with pytest.raises(AssertionError, match="loop"):
        playing(action(tag("a")), edges="start do,do do")


def test_values_over_the_limit_of_a_variable_are_not_kept() -> None:
    values = {"grande": ["é" * 33_000], "pequeno": 1}
    script = playing(
        action(
            {"type": "set_field", "field": "grande", "value": values["grande"]},
            {"type": "save_contact", "fields": values},
        ),
        node("count", "analytics", event="e", value=values["grande"], properties=values),
        edges="start do,do count",
    )

    [turn] = script.step("oi")

    assert turn.effects[:2] == (
        UpdateContact(fields={"pequeno": 1}),
        Track("e", None, {"pequeno": 1}, node="count"),
    )
    skipped = [fact for visit in turn.trace.visits for fact in visit.facts]
    assert [fact["found"] for fact in skipped if "found" in fact] == [
        "grande",
        "grande",
        "value",
        "grande",
    ]


def test_why_the_rest_was_left_undone() -> None:
    document = flow(
        action({"type": "save_contact", "name": "Ana"}, tag("a"), HOOK, tag("b"), MAIL),
        node("sorry", "message", content="Tente mais tarde."),
        edges="start do,do:error sorry",
    )
    script = Script(program_of(document))
    script.play = journal = JournalPlay(script.play.program)
    script.step("oi")
    script.step({"result": {"ok": False, "error": "bad_status", "status": 500}})

    first, second = ([line.text for line in explain(r.event, r.trace, r.effects)] for r in journal.rows)  # fmt: skip

    assert first[-4:] == [
        "O nó “do” guardou no contato: name; pôs a etiqueta a; chamou crm.example.com (POST); ficou esperando.",
        "O contato agora se chama “Ana”.",
        "O contato ganhou a etiqueta “a”.",
        "Uma chamada saiu: POST https://crm.example.com/lead.",
    ]
    assert second[:2] == [
        "A chamada não deu certo (500): o serviço respondeu com um erro.",
        "O nó “do” recebeu a resposta 500 em 0 ms; parou na ação 3 (webhook), que não deu certo; "
        "ficaram por fazer: add_tag, email; "
        "seguiu por “erro”.",
    ]


def test_why_says_what_an_action_did() -> None:
    document = flow(
        action(
            {"type": "remove_tag", "tags": "novo"},
            {"type": "set_field", "field": "cidade", "value": "Rio"},
            {"type": "opt_in"},
            {"type": "notify_team", "text": "Olá"},
            {"type": "notify_team", "text": "Olá", "team": "Vendas"},
            MAIL,
        ),
        edges="start do",
    )
    script = Script(program_of(document))
    script.play = journal = JournalPlay(script.play.program)
    script.step("oi")

    [row] = journal.rows
    lines = [line.text for line in explain(row.event, row.trace, row.effects, language="en")]

    assert (
        "The node “do” took off the tag novo; saved on the contact: cidade; noted the consent: yes; "
        f"told the team; told the team “Vendas”; sent an e-mail to {MAIL['to']}; waits."
    ) in lines


def test_a_webhook_that_was_stopped_on_its_way_out_is_not_told_as_called() -> None:
    hook = {"type": "webhook", "url": "https://api.example.com/{{message.text}}/x"}
    script = Script(program_of(flow(action(hook), edges="start do")))
    script.play = journal = JournalPlay(script.play.program)
    script.step("..")

    [row] = journal.rows
    told = " ".join(line.text for line in explain(row.event, row.trace, row.effects, language="en"))

    assert "did not make the call" in told
    assert "called api.example.com" not in told


@pytest.mark.parametrize("error", ["secret_missing", "connection_missing", "account_missing"])
def test_why_names_what_is_missing(error: str) -> None:
    script = Script(program_of(flow(action(HOOK), edges="start do")))
    script.play = journal = JournalPlay(script.play.program)
    script.step("oi")
    script.step({"result": {"ok": False, "error": error, "detail": "LOJA"}})

    row = journal.rows[-1]

    assert "“LOJA”" in explain(row.event, row.trace, row.effects)[0].text


def test_why_nobody_took_it() -> None:
    hand = node("hand", "handoff", content="Um momento.", timeout=60)
    script = Script(program_of(flow(hand, edges="start hand")))
    script.play = journal = JournalPlay(script.play.program)
    script.step("oi")
    assert said(script.step({"after": 60})) == []

    row = journal.rows[-1]

    assert [line.text for line in explain(row.event, row.trace, row.effects, language="en")] == [
        "The time of the wait was over.",
        "The node “hand” waited 60 s, and nobody took the conversation.",
        "The bot has the conversation again.",
        "The session ended (unattended).",
    ]
