"""Reads flow documents as others write them into our own form, always with a report.

Reading never executes anything and never reaches outside. Start reading at `reading.py`, whose `read` is the one way
in: `bounds` refuses what is too large, `envelope` finds the nodes, `box` brings each to one shape, `spellings` tells
our form from the others, and there is one file per family of node types (`talk`, `menus`, `choosing`, `moving`,
`calling`, `querying`, `contacting`, `reaching`). `placeholders`, `wiring` and `expand` do what concerns the whole
document, `canonical` makes ours of it.
"""

from recado.engine.dialects.reading import read
from recado.engine.dialects.report import DocumentRefused, Note, Report

__all__ = ["DocumentRefused", "Note", "Report", "read"]
