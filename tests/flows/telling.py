"""Tells the stories in this folder as `recado flow test` does, and holds every session against the invariants."""

from typing import Any

from recado.engine import stories
from recado.engine.advance import Turn
from recado.engine.compile import Program
from recado.engine.story_steps import ending
from recado.nodes import NODE_TYPES
from tests.engine.invariants import check_state, stored

Raw = dict[str, Any]


def tell(story: Raw) -> Raw:
    """Plays a story; gives it with what the bot really said."""
    telling = Telling(story)
    steps = [telling.step(step) for step in story["steps"]]
    return {**story, "steps": steps, "at_the_end": ending(telling.play, telling.now)}


class Telling(stories.Telling):
    """A story whose session is checked, and put through the database's hands, after every turn."""

    def __init__(self, story: Raw) -> None:
        super().__init__(story, NODE_TYPES)

    def kept(self, turns: list[Turn]) -> list[Turn]:
        """Checks the session, and puts it through the database's hands, as every turn of the worker does."""
        if state := self.play.state:
            check_state(self.play.library.programs[state.version or ""], state)
            self.play.state = stored(state)
            assert self.play.state == state
        return turns


def program(document: Raw) -> Program:
    """Compiles a document that must be sound."""
    return stories.program(document, NODE_TYPES)
