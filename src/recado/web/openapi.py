"""The API's description: what FastAPI derives, with our problem answers and our ways to sign in."""

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from recado.web.errors import MEDIA_TYPE, ProblemAnswer
from recado.web.viewer import COOKIE
from recado.web.webhook import PATHS
from recado.web.webhook_openapi import webhook_paths

_PUBLIC = frozenset({"login", "needed", "set_up", "health", "readiness"})
_VALIDATION = ("HTTPValidationError", "ValidationError")


def operation_id(route: APIRoute) -> str:
    """Names an operation after its function; PATCH is the same one as PUT, so it gets a name of its own."""
    return f"{route.name}_patch" if route.methods == {"PATCH"} else route.name


def publish_openapi(app: FastAPI) -> None:
    """Lets an app serve our description instead of FastAPI's own."""
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]


def _described(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title="Recado",
            version=version("recado"),
            description="Chatbots for WhatsApp that people draw as flows.",
            routes=app.routes,
        )
        components = schema["components"]
        _add_problem(components["schemas"])
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        }
        for path in schema["paths"].values():
            for operation in path.values():
                _dress(operation)
        if any(getattr(route, "path", None) == PATHS[0] for route in app.routes):
            schema["paths"] |= webhook_paths()
        app.openapi_schema = schema
    return app.openapi_schema


def _add_problem(schemas: dict[str, Any]) -> None:
    for name in _VALIDATION:
        schemas.pop(name, None)
    problem = ProblemAnswer.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    schemas.update(problem.pop("$defs"))
    schemas["ProblemAnswer"] = problem


def _dress(operation: dict[str, Any]) -> None:
    """Says of an operation how it refuses and who may call it."""
    refusal = {"$ref": "#/components/schemas/ProblemAnswer"}
    operation["responses"].pop("422", None)
    operation["responses"]["default"] = {
        "description": "Refused, and why.",
        "content": {MEDIA_TYPE: {"schema": refusal}},
    }
    public = operation["operationId"] in _PUBLIC
    operation["security"] = [] if public else [{"bearer": []}, {"cookie": []}]
