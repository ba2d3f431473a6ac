"""A handful of flows with everything in them that waits, branches, calls and loops, in several versions."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from recado.engine.compile import Program
from tests.engine.script import program_of

Raw = dict[str, Any]
MAIN, SUB = str(uuid5(NAMESPACE_URL, "main")), str(uuid5(NAMESPACE_URL, "sub"))


def node(id: str, type: str, **data: Any) -> Raw:
    return {"id": id, "type": type, "data": data}


def buttons(id: str, *titles: str, **data: Any) -> Raw:
    rows = [{"id": title.lower(), "title": title} for title in titles]
    return node(id, "interactive_buttons", content=f"{id}?", buttons=rows, **data)


def flow(*nodes: Raw, edges: str) -> Raw:
    """Makes a document; edges are written `a b` or `a:port b`, separated by commas."""
    lines = []
    for number, edge in enumerate(edges.split(",")):
        source, target = edge.split()
        id, _, port = source.partition(":")
        line = {"id": f"e{number}", "source": id, "target": target}
        lines.append({**line, "sourceHandle": port} if port else line)
    return {
        "nodes": [{"id": "start", "type": "start"}, *nodes],
        "edges": lines,
        "variables": {"n": 0},
    }


MENU = buttons("menu", "Azul", "Verde", "Sair", variableName="cor", max_attempts=2)
NAME = node("name", "question", content="Nome?", variableName="nome", timeout=600)
STORY = node("story", "question", content="Conte {{nome}}", variableName="conto", burst="merge")
PHOTOS = node(
    "photos", "question", content="Fotos", variableName="fotos", answer="media", media={"max": 3}
)
PAUSE = node("pause", "delay", amount=2, unit="hours")
REPLY = node("until", "delay", amount=1, unit="hours", until_reply=True)
CALL = {"id": "call", "type": "jump", "data": {"to_flow": SUB, "mode": "call", "pass": ["nome"]}}
GOTO = node("goto", "jump", to_flow=SUB, mode="goto")
LUCK = node("luck", "random", paths=[{"id": "a"}, {"id": "b"}], save_to="sorte")
COUNT = node("count", "set_variable", assignments=[{"variable": "n", "operation": "increment"}])
BYE = node("bye", "end", content="Tchau {{nome}} {{late.text}}", outcome="fim")

VERSIONS: dict[str, dict[str, Raw]] = {
    MAIN: {
        "main 1": flow(
            NAME, MENU, PAUSE, CALL, LUCK, STORY, BYE,
            edges="start name,name menu,menu:azul pause,menu:verde call,menu:sair bye,pause luck,call luck,"
            "luck:a story,luck:b menu,story bye,name:timeout menu",
        ),
        "main 2": flow(
            NAME, MENU, COUNT, REPLY, CALL, GOTO, PHOTOS, BYE,
            edges="start name,name count,count menu,menu:azul until,menu:verde call,menu:sair goto,"
            "until:replied photos,until photos,call menu,photos bye,menu:other name",
        ),
        "main 3": flow(STORY, MENU, LUCK, CALL, edges="start story,story menu,menu luck,luck:a call,luck:b story"),
    },
    SUB: {
        "sub 1": flow(
            node("street", "question", content="Rua, {{nome}}?", variableName="rua", burst="each"),
            node("number", "question", content="Número?", variableName="numero", answer="integer", burst="newest"),
            node("back", "end", returns=[{"name": "rua", "value": "{{rua}}, {{numero}}"}]),
            edges="start street,street number,number back,number:invalid back",
        ),
        "sub 2": flow(
            COUNT, MENU, CALL, PAUSE,
            edges="start count,count menu,menu:azul call,menu:verde pause",
        ),
    },
}  # fmt: skip


def programs() -> dict[str, Program]:
    """Compiles every version."""
    return {id: program_of(doc) for versions in VERSIONS.values() for id, doc in versions.items()}
