"""Tells the stories in this folder as `recado flow test` does, and holds every session against the invariants."""

from typing import Any

from recado.engine import story_flows
from recado.engine.compile import Program
from recado.engine.play import Play
from recado.engine.stories import Telling
from recado.engine.story import parse_story
from recado.engine.story_flows import compile_flows
from recado.engine.story_outcomes import ending
from recado.nodes import NODE_TYPES
from tests.engine.invariants import check_state, stored

Raw = dict[str, Any]


def tell(story: Raw) -> Raw:
    """Plays a story; gives it with what the bot really said."""
    flows = compile_flows(story["flows"], NODE_TYPES)
    read = parse_story({key: value for key, value in story.items() if key != "flows"})
    telling = Telling(read, flows, observe=observe)
    steps = [telling.step(step) for step in read.steps]
    return {**story, "steps": steps, "at_the_end": ending(telling.play, telling.now)}


def observe(play: Play) -> None:
    """Checks the session, and puts it through the database's hands, as every turn of the worker does."""
    if state := play.state:
        check_state(play.library.programs[state.version or ""], state)
        play.state = stored(state)
        assert play.state == state


def program(document: Raw) -> Program:
    """Compiles a document that must be sound."""
    return story_flows.program(document, NODE_TYPES)
