"""The words of a story: what a customer can send, how a call can end, what is said about a step."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from recado.engine.advance import Turn
from recado.engine.events import CallResult, Json
from recado.engine.play import Play
from recado.engine.transcript import noted, told

WIDTH = 110
KINDS: Mapping[str, tuple[str, dict[str, Json]]] = {
    "photo": ("image", {"mime_type": "image/jpeg"}),
    "voice note": ("audio", {"mime_type": "audio/ogg"}),
    "document": ("document", {"mime_type": "application/pdf"}),
    "sticker": ("sticker", {"mime_type": "image/webp"}),
    "location": ("location", {"latitude": -23.55, "longitude": -46.63}),
    "reaction": ("reaction", {"emoji": "👍"}),
}


class StoryMistake(ValueError):
    """A story cannot be told; `place` is a path into it, `reason` English words."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


def thing(kind: str, number: int) -> tuple[str, dict[str, Json]]:
    """Gives the type and value of something that a customer sends."""
    if kind not in KINDS:
        raise StoryMistake("", f"customers do not send {kind}; they send {', '.join(KINDS)}")
    type, value = KINDS[kind]
    if "mime_type" in value:
        value = {"type": type, "media_id": f"{kind} {number}", **value}
    return type, value


def result_of(raw: Json) -> CallResult:
    """Reads how a call ends: `{"value": ...}` worked, `{"error": "timeout"}` did not."""
    if not isinstance(raw, dict):
        raise StoryMistake("", "how a call ends is an object with `value` or `error`")
    try:
        return msgspec.convert({"ok": "error" not in raw, **raw}, CallResult)
    except msgspec.ValidationError as error:
        raise StoryMistake("", str(error)) from error


def with_outcome(step: Mapping[str, Json], turns: list[Turn]) -> dict[str, Json]:
    """Gives a step with what came of it: what the bot says, and why, where the engine noted something."""
    done = {**step, "bot": told(turns)}
    if notes := noted(turns):
        done["because"] = ", ".join(notes)
    elif not turns and any(key.startswith("customer") for key in step):
        done["because"] = "history only"
    return done


def ending(play: Play, now: datetime) -> dict[str, Json]:
    """Says where a story leaves the conversation."""
    state = play.state
    if state is None:
        return {"session": "none"}
    ends: dict[str, Json] = {"session": state.status.value, "variables": state.variables}
    if play.sessions > 1:
        ends["sessions"] = play.sessions
    if play.mode != "bot":
        ends["with"] = play.mode
    if state.wake_at:
        ends["wakes_after"] = str(state.wake_at - now)
    return ends


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
