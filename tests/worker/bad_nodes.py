"""Node types that misbehave, for tests of what the turn loop survives."""

import os
from typing import ClassVar, Literal

from recado.engine.node import About, Node, Visit
from recado.engine.steps import Go
from recado.nodes import NODE_TYPES

_ABOUT = About(family="basic", icon="bomb", name={"en": "Bad"}, help={"en": "Bad"}, example={})


class Raises(Node):
    """Has a bug."""

    about: ClassVar[About] = _ABOUT
    type: Literal["raises"] = "raises"

    def run(self, visit: Visit) -> Go:
        """Fails for whoever says boom, and greets the others."""
        if visit.text("{{trigger.text}}") == "boom":
            raise RuntimeError("a bug with the customer's words in it")
        return Go()


class Kills(Node):
    """Takes the process along, as running out of memory does."""

    about: ClassVar[About] = _ABOUT
    type: Literal["kills"] = "kills"

    def run(self, visit: Visit) -> Go:
        """Ends the process for whoever says boom."""
        if visit.text("{{trigger.text}}") == "boom":
            os._exit(9)
        return Go()


BAD_TYPES: dict[str, type[Node]] = {**NODE_TYPES, "raises": Raises, "kills": Kills}


def flow_with(bad: str) -> dict[str, object]:
    """Draws start, the bad node, a greeting."""
    return {
        "nodes": [
            {"id": "start", "type": "start"},
            {"id": "bad", "type": bad},
            {"id": "hi", "type": "end", "data": {"content": "Oi!"}},
        ],
        "edges": [
            {"id": "e1", "source": "start", "target": "bad"},
            {"id": "e2", "source": "bad", "target": "hi"},
        ],
    }
