"""Compiled flow versions, kept in memory by id. A version never changes, so nothing here grows old."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from recado.engine.compile import Program, compile
from recado.engine.flow import FlowDocument
from recado.engine.node import NodeTypes
from recado.store import worlds
from recado.store.pool import Db

log = structlog.get_logger(__name__)

KEPT = 256


class Programs:
    """The programs used last."""

    def __init__(self, node_types: NodeTypes, *, kept: int = KEPT) -> None:
        self._node_types = node_types
        self._kept = kept
        self._programs: OrderedDict[UUID, Program | None] = OrderedDict()

    async def load(self, db: Db, version_ids: Iterable[UUID]) -> dict[UUID, Program]:
        """Gives the programs of versions; one that is gone or does not compile is missing from the answer."""
        wanted = set(version_ids)
        missing = wanted - self._programs.keys()
        found = {id: self._programs[id] for id in wanted - missing}
        if missing:
            documents = await worlds.documents(db, list(missing))
            found |= {id: self._compile(id, document) for id, document in documents.items()}
        self._keep(found)
        return {id: program for id, program in found.items() if program is not None}

    def _compile(self, version_id: UUID, document: Any) -> Program | None:
        try:
            compiled = compile(FlowDocument.model_validate(document), self._node_types)
        except ValidationError as problem:
            log.critical("flow_corrupt", version=str(version_id), errors=problem.error_count())
            return None
        if compiled.program is None:
            codes = sorted({problem.code for problem in compiled.problems})
            log.critical("flow_corrupt", version=str(version_id), problems=codes)
        return compiled.program

    def _keep(self, used: dict[UUID, Program | None]) -> None:
        self._programs.update(used)
        for id in used:
            self._programs.move_to_end(id)
        while len(self._programs) > self._kept:
            self._programs.popitem(last=False)
