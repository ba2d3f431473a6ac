"""How long a turn of the engine takes, and that it does not depend on the size of the flow.

A ring of questions: each turn reads an answer, keeps it, goes to the next question, fills its text and waits. The
same number of turns runs in flows of 3, 300 and 2,000 nodes, several rounds of each, in turns; the median counts.

Besides: what each turn of the dialogue of `bench/flow.py` costs, all that the pure part of a take-up does: judging
the message, the turn, and the JSON of the journal and of the state; and how long that JSON is.
"""

import gc
import json
import platform
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time_ns
from typing import Any

import msgspec

from bench.flow import flow
from recado.engine.advance import advance
from recado.engine.compile import Program, compile
from recado.engine.events import Event, Message, Replied, Started, Trigger, World
from recado.engine.flow import FlowDocument
from recado.engine.intake import intake
from recado.engine.settings import Settings
from recado.engine.state import State
from recado.nodes import NODE_TYPES

SIZES = (3, 300, 2_000)
TURNS = 2_000
ROUNDS = 9
DIALOGUES = 2_000
SAID = ("oi", "Ana Clara", "33")
OUT = Path(__file__).parent / "out" / "engine.json"
BEGAN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
WORLD = World(contact={"id": "1", "name": "Ana", "phone": "5511999990000", "tags": ["cliente"]})


def ring(size: int) -> Program:
    """Makes a flow of so many nodes: a start, and questions that lead to one another for ever."""
    asks = [f"q{number}" for number in range(size - 1)]
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    nodes += [
        {
            "id": id,
            "type": "question",
            "data": {"content": f"{{{{contact.name}}}}, {id}?", "variableName": "resposta"},
        }
        for id in asks
    ]
    ways = zip(["start", *asks], [*asks, asks[0]], strict=True)
    edges = [
        {"id": f"e{number}", "source": source, "target": target}
        for number, (source, target) in enumerate(ways)
    ]
    return compiled({"nodes": nodes, "edges": edges})


def compiled(document: dict[str, Any]) -> Program:
    """Compiles a flow of the benchmark, which has no mistakes."""
    program = compile(FlowDocument.model_validate(document), NODE_TYPES).program
    if program is None:
        raise ValueError("the flow of the benchmark does not compile")
    return program


def microseconds(program: Program) -> float:
    """Measures one round: the mean of its turns, each the answer to a question."""
    events = [
        Replied(
            at=BEGAN + timedelta(seconds=number),
            seed=number,
            world=WORLD,
            message=Message(id=f"m{number}", type="text", text="azul", value="azul"),
        )
        for number in range(TURNS)
    ]
    state = advance(program, None, Started(at=BEGAN, session="bench", world=WORLD)).state
    gc.collect()
    gc.disable()
    began = process_time_ns()
    for event in events:
        state = advance(program, state, event).state
    took = process_time_ns() - began
    gc.enable()
    if state.visits < TURNS:
        raise ValueError("the session of the benchmark did not run")
    return took / TURNS / 1_000


class Dialogue:
    """The three turns of `bench/flow.py`, as the worker makes them: with ids, and a world made for each event."""

    FLOW = "019ab000-0000-7000-8000-000000000001"
    VERSION = "019ab000-0000-7000-8000-000000000002"
    SESSION = "019ab000-0000-7000-8000-000000000003"

    def __init__(self) -> None:
        self.program = compiled(flow())
        self.nanoseconds = [0] * len(SAID)
        self.bytes: list[dict[str, int]] = []

    def run(self) -> None:
        """Holds one dialogue, and adds the time of each turn."""
        state: State | None = None
        self.bytes = []
        for turn, text in enumerate(SAID):
            began = process_time_ns()
            state, written = self._turn(state, text, BEGAN + timedelta(seconds=turn))
            self.nanoseconds[turn] += process_time_ns() - began
            self.bytes.append({name: len(json) for name, json in written.items()})

    def _turn(self, state: State | None, text: str, at: datetime) -> tuple[State, dict[str, bytes]]:
        message = Message(id="wamid.HBgNNTUxMTk5OTk5", type="text", text=text, value=text, at=at)
        world = self._world()
        intake(state, message, at, world)
        event = self._event(state, message, at, world)
        turn = advance(self.program, state, event)
        encode = msgspec.json.encode
        journal = {
            "event": encode(event),
            "trace": encode(turn.trace),
            "effects": encode(turn.effects),
        }
        return turn.state, {**journal, "state": encode(turn.state)}

    def _world(self) -> World:
        phone = "5511999990000"
        return World(
            contact={
                "id": "019ab000-0000-7000-8000-000000000004",
                "name": "Ana",
                "phone": phone,
                "user_id": None,
                "username": None,
                "tags": [],
                "fields": {},
                "opted_out": False,
            },
            conversation={"id": self.SESSION, "protocol": "00000003", "mode": "bot"},
            number={"id": self.VERSION, "phone": phone, "phone_number": phone, "name": "Portaria"},
            chatbot={"id": self.FLOW, "name": "Portaria"},
            settings=Settings().over(Settings()),
        )

    def _event(self, state: State | None, message: Message, at: datetime, world: World) -> Event:
        luck = 6_364_136_223_846_793_005
        if state is not None:
            return Replied(at=at, seed=luck, world=world, message=message)
        return Started(
            at=at,
            seed=luck,
            world=world,
            session=self.SESSION,
            flow=self.FLOW,
            version=self.VERSION,
            trigger=Trigger(text=message.text, message_id=message.id),
            message=message,
        )


def dialogue() -> dict[str, Any]:
    """Measures the dialogue: the median of its rounds, by turn, and the bytes that each turn writes."""
    rounds: list[list[float]] = []
    for _ in range(ROUNDS):
        talk = Dialogue()
        gc.collect()
        gc.disable()
        for _ in range(DIALOGUES):
            talk.run()
        gc.enable()
        rounds.append([taken / DIALOGUES / 1_000 for taken in talk.nanoseconds])
    medians = [round(statistics.median(taken), 2) for taken in zip(*rounds, strict=True)]
    fastest = [round(min(taken), 2) for taken in zip(*rounds, strict=True)]
    print(
        f"\n{'turn':>12} {'us':>6} {'fastest':>8} {'event':>7} {'trace':>7} {'effects':>8} {'state':>7}  (bytes)"
    )
    for text, taken, least, sizes in zip(SAID, medians, fastest, talk.bytes, strict=True):
        print(
            f"{text:>12} {taken:>6.1f} {least:>8.1f} {sizes['event']:>7} {sizes['trace']:>7} {sizes['effects']:>8} "
            f"{sizes['state']:>7}"
        )
    print(f"{'mean':>12} {statistics.mean(medians):>6.1f} {statistics.mean(fastest):>8.1f}")
    return {"microseconds": medians, "fastest": fastest, "bytes": talk.bytes}


def main() -> None:
    """Measures, prints a table, and writes the figures as JSON."""
    programs = {size: ring(size) for size in SIZES}
    rounds: dict[int, list[float]] = {size: [] for size in SIZES}
    for program in programs.values():
        microseconds(program)  # warms up
    for _ in range(ROUNDS):
        for size, program in programs.items():
            rounds[size].append(microseconds(program))
    medians = {size: statistics.median(taken) for size, taken in rounds.items()}
    print(f"{'nodes':>8} {'us/turn':>9} {'fastest':>9} {'slowest':>9} {'to smallest':>12}")
    for size, taken in rounds.items():
        share = medians[size] / medians[SIZES[0]]
        print(
            f"{size:>8,} {medians[size]:>9.1f} {min(taken):>9.1f} {max(taken):>9.1f} {share:>12.2f}"
        )
    OUT.parent.mkdir(exist_ok=True)
    figures = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "turns": TURNS,
        "rounds": ROUNDS,
        "microseconds": {str(size): round(median, 2) for size, median in medians.items()},
        "dialogue": dialogue(),
    }
    OUT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
