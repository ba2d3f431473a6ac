"""The plans by which PostgreSQL really ran statements, whoever sent them: auto_explain writes them to its log."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recado.store.pool import Db

_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "auto_explain.log_nested_statements": "on",
}
_PLAN = re.compile(r" plan:\n((?:\t.*\n)+)")


@dataclass(frozen=True)
class Visit:
    """How a statement came by a table's rows; `rows` it looked at in all, whether it took them or not."""

    table: str
    how: str
    index: str | None
    rows: float


@dataclass(frozen=True)
class Run:
    """A statement as it ran."""

    statement: str
    visits: tuple[Visit, ...]

    def tables(self, name: str) -> set[str]:
        """Gives the partitions of a table that were looked into."""
        return {visit.table for visit in self.visits if visit.table.startswith(name + "_2")}


async def explain_everything(db: Db, *, plans: str) -> None:
    """Has the plan of each statement written down on connections made from now on; `plans` is plan_cache_mode."""
    name = await db.fetchval("select current_database()")
    for setting, value in {**_SETTINGS, "plan_cache_mode": plans}.items():
        await db.execute(f"alter database {name} set {setting} = '{value}'")


def runs_since(log: Path, begin: int) -> list[Run]:
    """Reads what ran since the log was so long."""
    with log.open("rb") as file:
        file.seek(begin)
        text = file.read().decode()
    return [_run(json.loads(found)) for found in _PLAN.findall(text)]


def _run(explained: dict[str, Any]) -> Run:
    return Run(explained["Query Text"], tuple(_visits(explained["Plan"])))


def _visits(node: dict[str, Any]) -> Iterator[Visit]:
    loops = node.get("Actual Loops", 0)
    # A bitmap's index is named by the node below the one that names the table.
    for below in node.get("Plans", ()):
        yield from _visits(below)
    if "Relation Name" not in node or not loops or node["Node Type"] == "ModifyTable":
        return
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    rows = node["Actual Rows"] + sum(node.get(name, 0) for name in removed)
    yield Visit(node["Relation Name"], node["Node Type"], node.get("Index Name"), rows * loops)
