"""How long compiling takes, by the size of the flow: every check, those along the ways through it too.

A flow of menus: each has three buttons, keeps the choice in a variable of its own, and leads on, back and away.
"""

import gc
import json
import platform
import statistics
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.nodes import NODE_TYPES

SIZES = (20, 200, 2_000)
ROUNDS = 7
OUT = Path(__file__).parent / "out" / "compile.json"


def menus(size: int) -> FlowDocument:
    """Draws a flow of so many nodes."""
    ids = [f"m{number}" for number in range(size - 2)]
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start"}]
    nodes += [
        {
            "id": id,
            "type": "interactive_buttons",
            "data": {
                "content": f"{{{{contact.name}}}}, depois de {{{{c{max(0, n - 1)}}}}}: qual?",
                "buttons": [{"id": each, "title": f"Opção {each}"} for each in "abc"],
                "variableName": f"c{n}",
                "timeout": 3_600,
            },
        }
        for n, id in enumerate(ids)
    ]
    nodes.append({"id": "pessoa", "type": "handoff", "data": {"content": "Um momento."}})
    edges = [{"id": "e", "source": "start", "target": ids[0]}]
    for n, id in enumerate(ids):
        ways = {"a": ids[(n + 1) % len(ids)], "b": ids[max(0, n - 7)], "c": "pessoa"}
        ways |= {"timeout": "pessoa", "other": id}
        edges += [
            {"id": f"{id}.{port}", "source": id, "sourceHandle": port, "target": target}
            for port, target in ways.items()
        ]
    return FlowDocument.model_validate({"nodes": nodes, "edges": edges})


def milliseconds(document: FlowDocument) -> float:
    """Measures one compilation."""
    gc.collect()
    began = perf_counter_ns()
    compiled = compile(document, NODE_TYPES)
    took = perf_counter_ns() - began
    if compiled.program is None:
        raise ValueError([problem.say("en") for problem in compiled.problems])
    return took / 1_000_000


def main() -> None:
    """Measures, prints a table, and writes the figures as JSON."""
    documents = {size: menus(size) for size in SIZES}
    taken = {
        size: [milliseconds(document) for _ in range(ROUNDS)]
        for size, document in documents.items()
    }
    medians = {size: statistics.median(each) for size, each in taken.items()}
    print(f"{'nodes':>8} {'ms':>9} {'us/node':>9} {'slowest':>9}")
    for size, median in medians.items():
        print(f"{size:>8,} {median:>9.1f} {median * 1_000 / size:>9.1f} {max(taken[size]):>9.1f}")
    OUT.parent.mkdir(exist_ok=True)
    figures = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "rounds": ROUNDS,
        "milliseconds": {str(size): round(median, 2) for size, median in medians.items()},
    }
    OUT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
