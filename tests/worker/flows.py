"""Flows that worker tests run, short to write."""

import itertools
from typing import Any
from uuid import UUID

Document = dict[str, Any]


def flow(*nodes: Document, edges: str = "", **more: Any) -> Document:
    """Draws a flow: a start, the nodes, and edges like `start>ask ask:timeout>bye`; without any, all in a row."""
    boxes = [{"id": "start", "type": "start", "data": more.pop("start", {})}, *nodes]
    ids = [box["id"] for box in boxes]
    written = edges or " ".join(f"{a}>{b}" for a, b in itertools.pairwise(ids))
    return {
        "nodes": boxes,
        "edges": [_edge(number, each) for number, each in enumerate(written.split())],
        **more,
    }


def _edge(number: int, written: str) -> Document:
    source, _, target = written.partition(">")
    source, _, port = source.partition(":")
    edge = {"id": f"e{number}", "source": source, "target": target}
    return {**edge, "sourceHandle": port} if port else edge


def ask(id: str, content: str, **data: Any) -> Document:
    """A question that keeps its answer under its own name."""
    return {"id": id, "type": "question", "data": {"content": content, "variableName": id, **data}}


def say(id: str, content: str, **data: Any) -> Document:
    """A message."""
    return {"id": id, "type": "message", "data": {"content": content, **data}}


def bye(id: str = "bye", content: str | None = None, **data: Any) -> Document:
    """An end."""
    words = {"content": content} if content else {}
    return {"id": id, "type": "end", "data": {**words, **data}}


def wait(id: str, days: float, **data: Any) -> Document:
    """A delay."""
    return {"id": id, "type": "delay", "data": {"amount": days, "unit": "days", **data}}


def call(id: str, target: UUID, **data: Any) -> Document:
    """A jump that comes back."""
    return {"id": id, "type": "jump", "data": {"to_flow": str(target), "mode": "call", **data}}


def go(id: str, target: UUID) -> Document:
    """A jump that does not come back."""
    return {"id": id, "type": "jump", "data": {"to_flow": str(target), "mode": "goto"}}
