"""How long a turn of the engine takes, and that it does not depend on the size of the flow.

A ring of questions: each turn reads an answer, keeps it, goes to the next question, fills its text and waits. The
same number of turns runs in flows of 3, 300 and 2,000 nodes, several rounds of each, in turns; the median counts.
"""

import gc
import json
import platform
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from recado.engine.advance import advance
from recado.engine.compile import Program, compile
from recado.engine.events import Message, Replied, Started, World
from recado.engine.flow import FlowDocument
from recado.nodes import NODE_TYPES

SIZES = (3, 300, 2_000)
TURNS = 2_000
ROUNDS = 9
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
    program = compile(
        FlowDocument.model_validate({"nodes": nodes, "edges": edges}), NODE_TYPES
    ).program
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
    began = perf_counter_ns()
    for event in events:
        state = advance(program, state, event).state
    took = perf_counter_ns() - began
    gc.enable()
    if state.visits < TURNS:
        raise ValueError("the session of the benchmark did not run")
    return took / TURNS / 1_000


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
    }
    OUT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
