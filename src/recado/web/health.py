"""Whether this process lives, and whether it can serve."""

from typing import Literal

import asyncpg
import structlog
from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse

from recado.store.migrate import current_revision, revisions
from recado.store.pool import UNAVAILABLE, Pool, borrow
from recado.web.serving import Served

log = structlog.get_logger(__name__)
router = APIRouter(tags=["operations"])
REACHABLE_WITHIN = 2.0  # seconds


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether the database answers and has this version's schema."""

    status: Literal["ready", "not_ready"]
    database: Literal["reachable", "unreachable"]
    db_schema: Literal["current", "other", "unknown"]


@router.get("/healthz")
async def health() -> Health:
    """Says that the process lives."""
    return Health()


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
async def readiness(served: Served) -> Readiness | JSONResponse:
    """Says whether requests can be served; 503 while they can't."""
    found = await _readiness(served.pool)
    if found.status == "ready":
        return found
    log.warning("not_ready", database=found.database, db_schema=found.db_schema)
    return JSONResponse(found.model_dump(), 503, {"Retry-After": "2"})


async def _readiness(pool: Pool) -> Readiness:
    try:
        async with borrow(pool, within=REACHABLE_WITHIN) as db:
            revision = await current_revision(db)
    except (asyncpg.PostgresError, *UNAVAILABLE):
        return Readiness(status="not_ready", database="unreachable", db_schema="unknown")
    if revision != revisions()[-1]:
        return Readiness(status="not_ready", database="reachable", db_schema="other")
    return Readiness(status="ready", database="reachable", db_schema="current")
