"""Makes one call: has it prepared (`prepare.py`), asks, and takes the secrets out of the answer.

Everything that can go wrong outside comes back as a result's `error`; only a bug raises. A call that could not be
prepared, because the database was away, was not begun (`NotBegun`) and is queued again.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import structlog
from msgspec import structs

from recado.calls.masks import Mask, TooDeep
from recado.engine.events import CallResult, Json
from recado.engine.flow import MAX_VALUE_BYTES, MAX_VARIABLES_BYTES
from recado.engine.requests import Request
from recado.store.ai_usage import Used
from recado.store.calls import Calling
from recado.store.pool import UNAVAILABLE, Pool, borrow
from recado.store.secrets import Vault
from recado.worker.outside import Outside
from recado.worker.prepare import Missing, Preparing, Ready

log = structlog.get_logger(__name__)

# Whoever makes a call keeps its time; this is for one that forgets to, or hangs in its own cleaning up.
GRACE = 10.0  # seconds
# A call that was claimed longer ago may be taken for abandoned soon, so it is not begun any more.
BEGUN_WITHIN = 5.0
LONGEST_DETAIL = 500


class NotBegun(Exception):
    """Nothing was asked yet."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a call, and what it used of an AI account."""

    result: CallResult
    used: Used | None = None


class Caller:
    """Makes calls."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        outside: Outside,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._outside = outside
        self._now = now
        self._monotonic = monotonic

    async def make(self, call: Calling) -> Made:
        """Makes a call; raises `NotBegun`."""
        try:
            ready = await self._prepared(call)
        except Missing as missing:
            return Made(CallResult(ok=False, error=missing.error, detail=missing.name))
        began = self._monotonic()
        result = await self._asked(ready, call)
        if not result.ms:
            result = structs.replace(result, ms=round((self._monotonic() - began) * 1000))
        return Made(told(result, Mask(ready.hidden)), _used(ready, call, result))

    async def _prepared(self, call: Calling) -> Ready:
        claimed = self._monotonic()
        request: Request = msgspec.convert(call.request, Request)
        try:
            async with borrow(self._pool, within=BEGUN_WITHIN) as db:
                preparing = Preparing(db, self._vault, self._outside, self._now())
                ready = await preparing.ready(call, request)
        except UNAVAILABLE as problem:
            log.warning("call_not_prepared", error=type(problem).__name__, **call.ids)
            raise NotBegun from problem
        if self._monotonic() - claimed > BEGUN_WITHIN:
            log.warning("call_prepared_too_late", **call.ids)
            raise NotBegun
        return ready

    async def _asked(self, ready: Ready, call: Calling) -> CallResult:
        try:
            async with asyncio.timeout(call.timeout + GRACE):
                return await ready.ask()
        except TimeoutError:
            log.error("call_hung", **call.ids)
            return CallResult(ok=False, error="timeout")


def told(result: CallResult, mask: Mask) -> CallResult:
    """Gives a result as it may be kept: secrets masked, nothing that PostgreSQL refuses, nothing too large.

    Every secret that the call used is masked, however short and whoever performed it. A short one costs an answer more
    than it should, which is why the API takes none of fewer than four characters.
    """
    detail = mask.value(result.detail)[:LONGEST_DETAIL]
    nothing = structs.replace(result, ok=False, value=None, extracted=None, detail=detail)
    try:
        value = mask.value(result.value)
        # Not the names of parts: they are the author's expressions, by which the node finds them.
        parts = {path: mask.value(part) for path, part in (result.extracted or {}).items()}
    except TooDeep:
        return structs.replace(nothing, error="too_large", detail="")
    if _size(value) > MAX_VALUE_BYTES or sum(map(_size, parts.values())) > MAX_VARIABLES_BYTES:
        return structs.replace(nothing, error="too_large" if result.ok else result.error)
    return structs.replace(result, value=value, extracted=parts or None, detail=detail)


def _size(value: Json) -> int:
    return len(msgspec.json.encode(value))


def _used(ready: Ready, call: Calling, result: CallResult) -> Used | None:
    if ready.account_id is None:
        return None
    return Used(
        call.workspace_id,
        ready.account_id,
        call.contact_id,
        result.tokens_in,
        result.tokens_out,
    )
