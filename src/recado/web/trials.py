"""Tries out what flows will call: asks it once, for real, and says what came of it."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from pydantic import BaseModel, Field

from recado.calls.egress import Egress
from recado.engine.events import CallResult
from recado.engine.problems import Language
from recado.engine.reasons import CALL_ERRORS
from recado.store import secrets
from recado.store.pool import Db
from recado.store.secrets import SecretError
from recado.web.errors import RETRY_AFTER, Refusal
from recado.web.serving import Serving

log = structlog.get_logger(__name__)

# The request's transaction is open meanwhile, so a trial is short, and there are few at once (`Serving.trials`).
WITHIN = 10.0  # seconds


class TrialAnswer(BaseModel):
    """What came of a trial."""

    ok: bool
    error: str | None = Field(description="The word for what went wrong, as flows see it.")
    message: str | None = Field(description="The same in a sentence, by Accept-Language.")
    detail: str = Field(description="The other side's own words, without secrets.")
    ms: int


async def tried(
    served: Serving, ask: Callable[[Egress], Awaitable[CallResult]], language: Language
) -> TrialAnswer:
    """Asks once by the guarded way out; refuses while too many others do."""
    if served.trials.locked():
        raise Refusal(503, "busy", headers=RETRY_AFTER)
    async with served.trials:
        egress = Egress(served.allow)
        try:
            result = await ask(egress)
        finally:
            await egress.close()
    words = CALL_ERRORS.get(result.error or "")
    return TrialAnswer(
        ok=result.ok,
        error=result.error,
        message=words[language == "en"] if words else None,
        detail=result.detail,
        ms=result.ms,
    )


async def opened(db: Db, served: Serving, secret_id: UUID | None) -> str | None:
    """Opens a stored password or key; one that does not open is as good as none."""
    if secret_id is None:
        return None
    try:
        found = await secrets.reveal(db, served.vault, [secret_id])
    except SecretError as problem:
        log.error("secret_does_not_open", secret=str(secret_id), reason=str(problem))
        return None
    return found.get(secret_id)
