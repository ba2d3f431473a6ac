"""The nodes that the guides show are sound."""

import json
import re
from pathlib import Path

import pytest

from recado.engine.compile import compile
from recado.engine.flow import FlowDocument
from recado.nodes import NODE_TYPES

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize(
    ("guide", "shown"), [("templates", 1), ("pix", 2), ("api-calls", 1), ("webhooks", 1)]
)
def test_the_nodes_of_a_guide_compile(guide: str, shown: int) -> None:
    blocks = [json.loads(block) for block in BLOCK.findall((GUIDES / f"{guide}.md").read_text())]
    first = blocks[0]
    # A block without a type says what is different from the first one.
    boxes = [
        each if "type" in each else {**first, "data": {**first["data"], "amount": None, **each}}
        for each in blocks
    ]

    assert len(boxes) == shown
    for box in boxes:
        nodes = [{"id": "start", "type": "start"}, {"id": "box", **box}]
        edges = [{"id": "e", "source": "start", "target": "box"}]
        document = FlowDocument.model_validate({"nodes": nodes, "edges": edges})
        errors = [p for p in compile(document, NODE_TYPES).problems if p.severity == "error"]
        assert [problem.say("en") for problem in errors] == []
