"""What comes of a story: what is said about a step, where it ends, and how a story is written down."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recado.engine.advance import Turn
from recado.engine.events import Json
from recado.engine.play import Play
from recado.engine.transcript import noted, told

WIDTH = 110


def with_outcome(step: Mapping[str, Json], turns: list[Turn]) -> dict[str, Json]:
    """Gives a step with what came of it: what the bot says, and why, where the engine noted something."""
    done = {**step, "bot": told(turns)}
    if notes := noted(turns):
        done["because"] = ", ".join(notes)
    elif not turns and any(key.startswith("customer") for key in step):
        done["because"] = "history only"
    return done


def extend(step: dict[str, Json], turns: list[Turn]) -> None:
    """Adds to a step what came of it later."""
    more = with_outcome({}, turns)
    step["bot"] = [*step["bot"], *more["bot"]]
    if because := ", ".join(filter(None, [step.get("because"), more.get("because")])):
        step["because"] = because


def end_facts(play: Play, now: datetime) -> dict[str, Json]:
    """Gives everything that a story may say about its end."""
    state = play.state
    return {
        "session": state.status.value if state else "none",
        "variables": state.variables if state else {},
        "sessions": play.sessions,
        "with": play.mode,
        "wakes_after": str(state.wake_at - now) if state and state.wake_at else None,
    }


def ending(play: Play, now: datetime) -> dict[str, Json]:
    """Says where a story leaves the conversation: only what is worth a word."""
    if play.state is None:
        return {"session": "none"}
    plain: dict[str, Json] = {"with": "bot", "wakes_after": None}
    facts = end_facts(play, now)
    worth = {key: value for key, value in facts.items() if plain.get(key, ...) != value}
    if play.sessions <= 1:
        del worth["sessions"]
    return worth


def pretty(value: Any, indent: int = 0) -> str:
    """Writes JSON for people: whatever fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    pad = " " * (indent + 1)
    if isinstance(value, list):
        parts = [pretty(item, indent + 1) for item in value]
    else:
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, indent + 1)}"
            for key, item in value.items()
        ]
    left, right = "[]" if isinstance(value, list) else "{}"
    return f"{left}\n{pad}" + f",\n{pad}".join(parts) + f"\n{' ' * indent}{right}"
