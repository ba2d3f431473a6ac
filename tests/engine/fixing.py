"""Small flows to mend, and short words for what came of them."""

from pathlib import Path
from typing import Any

from recado.engine.changes import Fix
from recado.engine.fixes import Mended, fixes, mend
from recado.engine.flow import FlowDocument
from recado.engine.problems import Problem
from recado.nodes import NODE_TYPES
from tests.engine.test_problems import BROKEN, THERE, problems

Raw = dict[str, Any]
START: Raw = {"id": "start", "type": "start"}
END: Raw = {"id": "end", "type": "end"}


def fix_for(problem: Problem, document: FlowDocument) -> Fix | None:
    return fixes([problem], document)[0]


def flow(*nodes: Raw, edges: list[Raw], **rest: Any) -> FlowDocument:
    return FlowDocument.model_validate({"nodes": [*nodes], "edges": edges, **rest})


def edge(id: str, source: str, target: str, port: str | None = None, **rest: Any) -> Raw:
    return {"id": id, "source": source, "target": target, "sourceHandle": port, **rest}


def said(id: str, **data: Any) -> Raw:
    return {"id": id, "type": "message", "data": {"content": "Oi.", **data}}


def mended(document: FlowDocument, *codes: str, **place: str) -> Mended:
    return mend(document, NODE_TYPES, THERE, codes=frozenset(codes) if codes else None, **place)


def ids(document: FlowDocument) -> list[str]:
    return [edge.id for edge in document.edges]


def nodes(document: FlowDocument) -> list[str]:
    return [node.id for node in document.nodes]


def found(code: str, document: FlowDocument) -> tuple[Problem, Fix | None]:
    [problem] = [each for each in problems(document) if each.code == code]
    return problem, fix_for(problem, document)


def file_of(code: str) -> Path:
    return next(file for file in BROKEN if file.stem == code)
