"""Writes what a proof has found: to the terminal, and for a full run to docs/proof/, where it is committed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.report import machine

PROOFS = Path(__file__).parents[3] / "docs" / "proof"


def publish(name: str, title: str, figures: Mapping[str, Any], *, full: bool) -> None:
    """Prints the figures; a full run's are written as JSON and as a page."""
    print("\n" + "\n".join(_rows(figures)))
    if not full:
        return
    PROOFS.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine(), **figures}
    (PROOFS / f"{name}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    page = [f"# {title}", "", "Written by `make prove`.", "", *_rows(kept), ""]
    (PROOFS / f"{name}.md").write_text("\n".join(page))


def _rows(figures: Mapping[str, Any]) -> list[str]:
    """Lists figures as a table; what has figures of its own is told in one line."""
    lines = ["| what | measured |", "| --- | --- |"]
    for name, value in figures.items():
        lines.append(f"| {name.replace('_', ' ')} | {_told(value)} |")
    return lines


def _told(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{key}: {_told(each)}" for key, each in value.items())
        case list():
            return ", ".join(_told(each) for each in value) or "none"
        case float():
            return f"{value:g}"
    return str(value)
