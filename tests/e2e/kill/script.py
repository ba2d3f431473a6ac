"""The flow that everybody talks to, what its author means by it, and what each customer is going to say.

`prescribed` is the judge: written from the drawing by hand, it knows nothing of the engine.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

LATEST = 0.010  # seconds between two messages of a burst, at most
TURNS_OF_A_SESSION = 4


def flow() -> dict[str, Any]:
    """Draws the flow: three questions, a note between two of them, an end; every message answers a question."""
    return {
        "name": "Cadastro",
        "settings": {"burst": "each"},
        "nodes": [
            {"id": "inicio", "type": "start"},
            _question("nome", "Qual é o seu nome?"),
            _question("cidade", "{{nome}}, em que cidade você mora?"),
            {"id": "nota", "type": "message", "data": {"content": "Anotado: {{cidade}}."}},
            _question("cor", "E a sua cor, {{nome}}?"),
            {
                "id": "fim",
                "type": "end",
                "data": {"content": "{{nome}}, de {{cidade}}, gosta de {{cor}}."},
            },
        ],
        "edges": [
            _edge("inicio", "nome"),
            _edge("nome", "cidade"),
            _edge("cidade", "nota"),
            _edge("nota", "cor"),
            _edge("cor", "fim"),
        ],
    }


def prescribed(messages: Iterable[str]) -> list[list[str]]:
    """Says what the flow answers to each message, in the order in which they are taken up."""
    answers: list[list[str]] = []
    given: list[str] = []
    for message in messages:
        match given:
            case []:
                answers.append(["Qual é o seu nome?"])
            case [_]:
                answers.append([f"{message}, em que cidade você mora?"])
            case [_, name]:
                answers.append([f"Anotado: {message}.", f"E a sua cor, {name}?"])
            case [_, name, city]:
                answers.append([f"{name}, de {city}, gosta de {message}."])
        given = [] if len(given) == 3 else [*given, message]
    return answers


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages that a customer writes without waiting for an answer, each so many seconds after the one before."""

    texts: tuple[str, ...]
    gaps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What one customer says; the next burst comes when everything before was answered."""

    phone: str
    bursts: tuple[Burst, ...]

    @property
    def texts(self) -> list[str]:
        """Lists the messages in the order in which they are written."""
        return [text for burst in self.bursts for text in burst.texts]


def scripts(count: int, luck: random.Random) -> list[Script]:
    """Writes the scripts: half of the people wait for each answer, half write in bursts; some come twice."""
    return [_script(index, luck) for index in range(count)]


def _script(index: int, luck: random.Random) -> Script:
    words = ["oi", f"Pessoa {index}", f"Cidade {index}", f"Cor {index}"]
    if luck.random() < 0.25:
        words += ["oi de novo", f"Outra {index}", f"Vila {index}", f"Tom {index}"]
    patient = luck.random() < 0.5
    bursts: list[Burst] = []
    while words:
        size = 1 if patient else luck.randint(1, 3)
        texts, words = words[:size], words[size:]
        bursts.append(_burst(texts, luck))
    return Script(phone=f"55119{70_000_000 + index:08d}", bursts=tuple(bursts))


def _burst(texts: Sequence[str], luck: random.Random) -> Burst:
    return Burst(tuple(texts), tuple(luck.uniform(0, LATEST) for _ in texts[1:]))


def _question(id: str, content: str) -> dict[str, Any]:
    return {"id": id, "type": "question", "data": {"content": content, "variableName": id}}


def _edge(source: str, target: str) -> dict[str, str]:
    return {"id": f"{source}-{target}", "source": source, "target": target}
