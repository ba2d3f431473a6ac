"""What the API answers when it cannot do what was asked: RFC 9457 problem JSON with a stable `code`.

Endpoints raise `Refusal`; what the database or a bug raises is turned into an answer here and nowhere else.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

import asyncpg
import structlog
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recado.store.pool import PoolBusy
from recado.web.sentences import say, say_field, spoken

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = {"Retry-After": "2"}


class FieldError(BaseModel):
    """What is wrong with one field; `field` is its path, such as `canvas_data.nodes.0.id`."""

    field: str
    code: str
    message: str


class FixAnswer(BaseModel):
    """A remedy with one click: its name for people, and the changes that `POST /flows/{id}/fix` would make."""

    label: str
    loses: bool = Field(
        description="It deletes, cuts or replaces what an author wrote: only made where its code is named."
    )
    changes: list[dict[str, Any]] = Field(
        description="`op` (set, drop, rename) at `path`, a list of keys and indexes from the document's root; `id` of "
        "the node or edge there; `was`, absent where nothing stood; `value`, for rename the new name."
    )


class FlowProblem(BaseModel):
    """A mistake in a flow, as the compiler found it; errors stop a publish."""

    code: str
    severity: Literal["error", "warning"]
    node: str | None
    edge: str | None
    field: str | None
    params: dict[str, Any]
    message: str
    fix: FixAnswer | None = None


class ProblemAnswer(BaseModel):
    """Why the API refused (RFC 9457); `code` is stable, `detail` is for people, by Accept-Language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    params: dict[str, Any] = {}
    request_id: str
    errors: list[FieldError] = []
    problems: list[FlowProblem] = Field(default=[], description="Only where a flow has errors.")


class Refusal(HTTPException):
    """Raised where the API will not do what was asked; `params` fill the sentence of `code`."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        field: str | None = None,
        errors: Sequence[FieldError] = (),
        problems: Sequence[FlowProblem] = (),
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(status, code, dict(headers or {}))
        self.code = code
        self.field = field
        self.errors = list(errors)
        self.problems = list(problems)
        self.params = params


def not_found() -> Refusal:
    """Says that there is no such thing, or that it is somebody else's: nobody can tell which."""
    return Refusal(404, "not_found")


def refusal_response(request: Request, refusal: Refusal) -> JSONResponse:
    """Turns a refusal into an answer; for endpoints whose work is kept although they refuse."""
    language = spoken(request)
    detail = say(refusal.code, refusal.params, language)
    errors = refusal.errors
    if refusal.field is not None:
        errors = [FieldError(field=refusal.field, code=refusal.code, message=detail), *errors]
    answer = ProblemAnswer(
        type=f"urn:recado:problem:{refusal.code}",
        title=HTTPStatus(refusal.status_code).phrase,
        status=refusal.status_code,
        detail=detail,
        code=refusal.code,
        params=refusal.params,
        request_id=request.scope["state"]["request_id"],
        errors=errors,
        problems=refusal.problems,
    )
    body = answer.model_dump(mode="json")
    headers = dict(refusal.headers or {})
    return JSONResponse(body, refusal.status_code, headers, media_type=MEDIA_TYPE)


def add_error_handlers(app: FastAPI) -> None:
    """Teaches an app to answer with problems."""
    app.add_exception_handler(StarletteHTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(PoolBusy, _on_busy)
    app.add_exception_handler(asyncpg.QueryCanceledError, _on_too_slow)
    for unavailable in (
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        OSError,  # the server's socket: refused, gone, or not there yet
    ):
        app.add_exception_handler(unavailable, _on_unavailable)
    for overtaken in (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError):
        app.add_exception_handler(overtaken, _on_overtaken)
    for collision in (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
        app.add_exception_handler(collision, _on_busy)


class LastResort:
    """The outermost wall: a bug becomes a 500 with a request id, and one line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; what nobody caught is logged and answered here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception:
            request = Request(scope)
            request_id = scope["state"]["request_id"]
            log.exception(
                "request_failed", request_id=request_id, method=request.method, path=scope["path"]
            )
            if started:
                raise
            answer = refusal_response(request, Refusal(500, "internal", request_id=request_id))
            await answer(scope, receive, send)


async def _on_http(request: Request, problem: Exception) -> Response:
    match problem:
        case Refusal():
            return refusal_response(request, problem)
        case StarletteHTTPException(status_code=status, headers=headers):
            codes = {404: "not_found", 405: "method_not_allowed", 401: "unauthenticated"}
            code = codes.get(status, "bad_request")
            return refusal_response(request, Refusal(status, code, headers=headers))
    raise problem


async def _on_invalid(request: Request, problem: Exception) -> Response:
    if not isinstance(problem, RequestValidationError):
        raise problem
    lines = problem.errors()
    if any(line["loc"][:1] == ("path",) for line in lines):
        return refusal_response(request, not_found())
    if any(line["type"] == "json_invalid" for line in lines):
        return refusal_response(request, Refusal(400, "invalid_json"))
    language = spoken(request)
    errors = [
        FieldError(
            field=".".join(str(part) for part in line["loc"][1:]) or str(line["loc"][0]),
            code=line["type"],
            message=say_field(line["type"], line["msg"], line.get("ctx", {}), language),
        )
        for line in lines
    ]
    return refusal_response(request, Refusal(422, "invalid", errors=errors))


async def _on_busy(request: Request, problem: Exception) -> Response:
    log.warning("request_refused", reason=type(problem).__name__)
    return refusal_response(request, Refusal(503, "busy", headers=RETRY_AFTER))


async def _on_overtaken(request: Request, problem: Exception) -> Response:
    constraint = getattr(problem, "constraint_name", None)
    log.warning("request_overtaken", reason=type(problem).__name__, constraint=constraint)
    return refusal_response(request, Refusal(409, "changed_meanwhile"))


async def _on_too_slow(request: Request, problem: Exception) -> Response:
    log.warning("request_refused", reason=type(problem).__name__, path=request.url.path)
    return refusal_response(request, Refusal(503, "too_slow", headers=RETRY_AFTER))


async def _on_unavailable(request: Request, problem: Exception) -> Response:
    log.error("database_unavailable", reason=type(problem).__name__)
    return refusal_response(request, Refusal(503, "unavailable", headers=RETRY_AFTER))
