"""Plays scripts against a flow: what the customer does, line by line, and what the bot says back.

A step is a plain string (the customer writes it), or an object: {"tap": "sim"}, {"after": 3600} (seconds go by),
{"late": "oi"} (written before the question was sent), {"message": {...}} (any inbound message, for example a photo),
{"result": {"ok": true, "value": 1}} (the call that is under way comes back: fields of CallResult), {"settled": true} or
{"settled": 131047} (Meta accepts or refuses the message), {"person": "takes over"}, {"release": "continue"}.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from recado.engine.advance import Turn
from recado.engine.compile import Program, compile
from recado.engine.content import words
from recado.engine.effects import Send
from recado.engine.events import CallResult, Message, Tap, World
from recado.engine.flow import FlowDocument
from recado.engine.options import rows_of
from recado.engine.play import Play
from recado.nodes import NODE_TYPES

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def program_of(document: dict[str, Any]) -> Program:
    """Compiles a document that must be sound."""
    compiled = compile(FlowDocument.model_validate(document), NODE_TYPES)
    assert compiled.program is not None, [p.say("en") for p in compiled.problems]
    return compiled.program


class Script:
    """A conversation under test, with a clock that only the script moves."""

    def __init__(self, program: Program, world: World | None = None, seed: int = 0) -> None:
        self.play = Play(program, world=world or World(), seed=seed)
        self.now = MONDAY
        self.count = 0

    def step(self, step: str | dict[str, Any]) -> list[Turn]:
        """Does one step; gives the turns it made."""
        match step:
            case str():
                return self._hear({"type": "text", "text": step, "value": step})
            case {"after": seconds}:
                self.now += timedelta(seconds=seconds)
                return self.play.due(self.now)
            case {"late": text}:
                return self._hear({"type": "text", "text": text, "value": text}, late=True)
            case {"tap": option}:
                return self._hear(
                    {"type": "button_reply", "text": step.get("title", option)}, tap=option
                )
            case {"message": message}:
                return self._hear(message)
            case {"result": result}:
                assert self.play.call is not None, "no call is under way"
                return self.play.answer(self.now, msgspec.convert(result, CallResult))
            case {"settled": bool(accepted)}:
                return self.play.settle(self.now, accepted=accepted)
            case {"settled": int(code)}:
                return self.play.settle(self.now, accepted=False, code=code)
            case {"person": "takes over"}:
                self.play.take_over()
                return []
            case {"release": to}:
                return self.play.release(self.now, to=to)
        raise AssertionError(f"no such step: {step}")

    def says(self, *steps: str | dict[str, Any]) -> list[str]:
        """Does the steps; gives what the bot says to them, in words."""
        return [line for step in steps for line in said(self.step(step))]

    def _hear(
        self, raw: dict[str, Any], *, tap: str | None = None, late: bool = False
    ) -> list[Turn]:
        self.count += 1
        message = msgspec.convert({"id": f"m{self.count}", **raw}, Message)
        if tap is not None:
            message = msgspec.structs.replace(message, tap=self._tap(tap))
        return self.play.hear(message, self.now, late=late)

    def _tap(self, option: str) -> Tap:
        """Finds the newest button with that option, as a customer would."""
        for turn in reversed(self.play.turns):
            for effect in reversed(turn.effects):
                for id in _ids(effect):
                    if id.partition(":")[2] == option:
                        return Tap(option, id.partition(":")[0])
        return Tap(option)


def _ids(effect: object) -> list[str]:
    match effect:
        case Send(content=content):
            return [row.id for row in rows_of(content)]
    return []


def said(turns: list[Turn]) -> list[str]:
    """Gives the words of all messages of some turns."""
    return [words(e.content) for turn in turns for e in turn.effects if isinstance(e, Send)]
