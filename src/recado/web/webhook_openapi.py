"""The webhook in the API's description: its routes are plain ones, which FastAPI does not describe by itself."""

from typing import Any

from recado.web.errors import MEDIA_TYPE
from recado.web.webhook import PATHS

_REFUSED: dict[int, str] = {
    400: "No JSON object, or cut off.",
    401: "Not signed with the number's app secret.",
    403: "The verify token is not of a number at this address.",
    408: "The body took too long to arrive.",
    413: "The body is larger than anything of Meta's.",
    503: "Not stored now; to be sent again.",
}


def webhook_paths() -> dict[str, Any]:
    """Describes the four addresses: with and without our prefix, shared and of one number."""
    return {
        path + own: {
            "get": _handshake(f"webhook_handshake{number}{bare}", own),
            "post": _post(f"webhook{number}{bare}", own),
        }
        for path, bare in zip(PATHS, ("", "_without_prefix"), strict=True)
        for own, number in (("", ""), ("/{webhook_token}", "_of_number"))
    }


def _handshake(name: str, own: str) -> dict[str, Any]:
    asked = [
        _parameter("query", word, {"type": "string"})
        for word in ("hub.mode", "hub.verify_token", "hub.challenge")
    ]
    answers = {"200": _answer("The challenge, as it was.", "text/plain", {"type": "string"})}
    return _operation(
        name,
        "Answers Meta's handshake.",
        parameters=asked,
        own=own,
        answers=answers,
        refused=(403, 503),
    )


def _post(name: str, own: str) -> dict[str, Any]:
    signature = _parameter("header", "X-Hub-Signature-256", {"type": "string"}, required=False)
    status = {"type": "object", "properties": {"status": {"const": "ok"}}, "required": ["status"]}
    answers = {"200": _answer("Stored, or known not to concern us.", "application/json", status)}
    operation = _operation(
        name,
        "Takes a post of Meta; answered once it is committed.",
        parameters=[signature],
        own=own,
        answers=answers,
        refused=(400, 401, 408, 413, 503),
    )
    body = {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}
    return {**operation, "requestBody": body}


def _operation(
    name: str,
    summary: str,
    *,
    parameters: list[dict[str, Any]],
    own: str,
    answers: dict[str, Any],
    refused: tuple[int, ...],
) -> dict[str, Any]:
    token = [_parameter("path", "webhook_token", {"type": "string"})] if own else []
    problem = {"$ref": "#/components/schemas/ProblemAnswer"}
    refusals = {str(status): _answer(_REFUSED[status], MEDIA_TYPE, problem) for status in refused}
    default = {"default": _answer("Refused, and why.", MEDIA_TYPE, problem)}
    return {
        "tags": ["webhook"],
        "summary": summary,
        "operationId": name,
        "parameters": [*token, *parameters],
        "responses": {**answers, **refusals, **default},
        "security": [],
    }


def _parameter(
    place: str, name: str, schema: dict[str, Any], *, required: bool = True
) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _answer(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}
