"""A flow with something of everything, and customers who wander through it, the same ones in every run."""

from datetime import timedelta
from random import Random
from typing import Any

from recado.engine.content import Buttons
from recado.engine.effects import Send
from recado.engine.events import Message, World
from recado.engine.library import Library
from recado.engine.options import parse_wire_id
from tests.engine.journal import JournalPlay
from tests.engine.script import MONDAY, program_of

Json = dict[str, Any]
AGES = ("12", "16", "17", "18", "19", "20", "21", "30")
WORDS = (*AGES, *AGES, "oi", "Ana", "sim", "não", "Comprar", "2", "menu", "recomeçar", "sair", "👍")

SIGNUP_FLOW = "0198c0de-0000-7000-8000-000000000001"
SIGNUP: Json = {
    "nodes": [
        {"id": "abre", "type": "start"},
        {
            "id": "quem",
            "type": "question",
            "data": {"content": "Seu nome?", "variableName": "nome"},
        },
        {
            "id": "fim",
            "type": "end",
            "data": {"returns": [{"name": "cliente", "value": "{{nome}}"}]},
        },
    ],
    "edges": [
        {"id": "e1", "source": "abre", "target": "quem"},
        {"id": "e2", "source": "quem", "target": "fim"},
    ],
}


def shop(
    *,
    signup: str = SIGNUP_FLOW,
    adult: int = 18,
    refusal: str = "Só para maiores.",
    intro: str = "",
) -> Json:
    """The flow; the arguments are what a new version of it may change."""
    nodes: list[Json] = [
        {"id": "start", "type": "start"},
        {
            "id": "menu",
            "type": "interactive_buttons",
            "data": {
                "content": "Loja {{loja}}: o que deseja, {{cliente}}?",
                "buttons": [
                    {"id": "comprar", "title": "Comprar"},
                    {"id": "cadastro", "title": "Cadastro"},
                    {"id": "sorte", "title": "Sorte"},
                ],
                "variableName": "escolha",
            },
        },
        {
            "id": "idade",
            "type": "question",
            "data": {
                "content": "Idade?",
                "variableName": "idade",
                "answer": "integer",
                "burst": "each",
            },
        },
        {
            "id": "maior",
            "type": "condition",
            "data": {
                "cases": [
                    {
                        "id": "sim",
                        "rules": [{"variable": "idade", "operator": ">=", "value": adult}],
                    }
                ]
            },
        },
        {"id": "vende", "type": "message", "data": {"content": "Pode comprar ({{idade}})."}},
        {"id": "recusa", "type": "message", "data": {"content": refusal}},
        {"id": "chama", "type": "jump", "data": {"to_flow": signup, "mode": "call"}},
        {
            "id": "espera",
            "type": "delay",
            "data": {"amount": 1, "unit": "hours", "until_reply": True},
        },
        {
            "id": "sorteio",
            "type": "random",
            "data": {"paths": [{"id": "a", "weight": 2}, {"id": "b"}], "save_to": "lado"},
        },
        {"id": "ganhou", "type": "message", "data": {"content": "Ganhou!"}},
        {
            "id": "mais",
            "type": "question",
            "data": {
                "content": "Mais alguma coisa?",
                "options": ["sim", "não"],
                "route_by_option": True,
                "timeout": 600,
            },
        },
        {
            "id": "tchau",
            "type": "end",
            "data": {"content": "Até logo, {{cliente}}.", "tags": ["atendido"]},
        },
    ]
    edges = [
        ("start", None, "intro" if intro else "menu"),
        ("menu", "comprar", "idade"),
        ("menu", "cadastro", "chama"),
        ("menu", "sorte", "sorteio"),
        ("idade", None, "maior"),
        ("maior", "sim", "vende"),
        ("maior", "else", "recusa"),
        ("vende", None, "mais"),
        ("recusa", None, "mais"),
        ("chama", None, "espera"),
        ("espera", None, "mais"),
        ("sorteio", "a", "ganhou"),
        ("sorteio", "b", "mais"),
        ("ganhou", None, "mais"),
        ("mais", "sim", "menu"),
        ("mais", "não", "tchau"),
        ("mais", "timeout", "tchau"),
    ]
    if intro:
        nodes.append({"id": "intro", "type": "message", "data": {"content": intro}})
        edges.append(("intro", None, "menu"))
    return {
        "nodes": nodes,
        "edges": [
            {"id": f"e{index}", "source": source, "target": target}
            | ({"sourceHandle": port} if port else {})
            for index, (source, port, target) in enumerate(edges)
        ],
        "variables": {"loja": "Centro"},
    }


def library(**changed: Any) -> Library:
    """The flow's version and that of the flow it calls."""
    return Library({"shop-1": program_of(shop(**changed)), "signup-1": program_of(SIGNUP)})


def wander(number: int, programs: Library, *, steps: int = 12) -> JournalPlay:
    """Lets customer `number` talk to the flow: words, taps on new and old buttons, silence."""
    random = Random(number)
    world = World(contact={"name": "Ana", "id": str(number)}, published={SIGNUP_FLOW: "signup-1"})
    play = JournalPlay(
        programs.programs["shop-1"],
        world=world,
        library=programs,
        flow="shop",
        version="shop-1",
        name=f"customer-{number}",
        seed=number,
    )
    now = MONDAY
    for step in range(steps):
        now += timedelta(seconds=random.choice((1, 5, 5, 30, 30, 400, 5_000, 100_000)))
        play.due(now)
        play.hear(says(random, f"m{step}", buttons(play)), now, late=random.random() < 0.1)
    return play


def says(random: Random, id: str, shown: list[tuple[str, str]]) -> Message:
    """What a customer does next: taps a button on the screen (seldom an older one), else writes."""
    luck = random.random()
    if shown and luck < 0.5:
        wire, title = random.choice(shown[-3:] if luck < 0.4 else shown[-12:])
        return Message(id=id, type="button_reply", text=title, value=title, tap=parse_wire_id(wire))
    text = random.choice(WORDS)
    return Message(id=id, type="text", text=text, value=text)


def buttons(play: JournalPlay) -> list[tuple[str, str]]:
    """The buttons that the customer's screen shows, the oldest first: id and title."""
    return [
        (button.id, button.title)
        for turn in play.turns
        for effect in turn.effects
        if isinstance(effect, Send) and isinstance(effect.content, Buttons)
        for button in effect.content.buttons
    ]
