"""The web application: the webhook first, then the API, inside one edge that bounds and names every request."""

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from recado.calls.allow import Allow
from recado.config import Settings
from recado.engine.node import NodeTypes
from recado.nodes import NODE_TYPES
from recado.store.pool import Pool
from recado.store.secrets import Vault
from recado.web import (
    acts,
    ai_accounts,
    alerts,
    auth,
    calendars,
    chatbots,
    connections,
    conversations,
    flow_checks,
    flow_import,
    flow_tests,
    flow_versions,
    flows,
    health,
    journal,
    node_types,
    number_sending,
    numbers,
    parked,
    secrets,
    setup,
    templates,
    webhook_log,
)
from recado.web.edge import Edge
from recado.web.errors import LastResort, add_error_handlers
from recado.web.metrics import metrics_route
from recado.web.openapi import operation_id, publish_openapi
from recado.web.receiver import Receiver
from recado.web.serving import FakeMetaInfo, FakeNumber, Serving
from recado.web.viewer import CSRF_HEADER, WORKSPACE_HEADER
from recado.web.webhook import webhook_routes

__all__ = ["FakeMetaInfo", "FakeNumber", "create_app"]

PREFIX = "/api/v1"
_RESOURCES = (
    setup,
    auth,
    numbers,
    number_sending,
    chatbots,
    calendars,
    templates,
    secrets,
    connections,
    ai_accounts,
    flow_import,
    flows,
    flow_checks,
    flow_versions,
    flow_tests,
    node_types,
    conversations,
    acts,
    journal,
    webhook_log,
    alerts,
    parked,
)


def create_app(
    pool: Pool,
    vault: Vault,
    settings: Settings,
    *,
    receiver: Receiver | None = None,
    node_types: NodeTypes = NODE_TYPES,
    fake_meta: FakeMetaInfo | None = None,
) -> FastAPI:
    """Builds the application; the caller starts and stops the pool and the receiver."""
    app = FastAPI(
        title="Recado",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # FastAPI's pages load scripts from third parties
        redoc_url=None,
        redirect_slashes=False,  # the edge takes the slash off instead
        generate_unique_id_function=operation_id,
    )
    app.state.serving = Serving(
        pool=pool,
        vault=vault,
        node_types=node_types,
        graph_url=settings.graph_url,
        graph_version=settings.graph_version,
        public_url=settings.public_url,
        fake_meta=fake_meta,
        allow=Allow.parse(settings.egress_allow),
        sqlite_dir=settings.data_dir / "sqlite",
    )
    if receiver is not None:
        # Before `/whatsapp/{id}`, and before everything else: it is called the most.
        app.router.routes.extend(webhook_routes(receiver))
    if settings.metrics_token is not None and settings.metrics_port is None:
        token = settings.metrics_token.get_secret_value()
        app.router.routes.append(metrics_route(pool, token=token))
    app.include_router(health.router)
    app.include_router(_api())
    add_error_handlers(app)
    publish_openapi(app)
    _wrap(app, settings.cors_origins)
    return app


def _api() -> APIRouter:
    api = APIRouter(prefix=PREFIX)
    for resource in _RESOURCES:
        api.include_router(resource.router)
    api.include_router(health.router, include_in_schema=False)
    return api


def _wrap(app: FastAPI, origins: tuple[str, ...]) -> None:
    """Puts the layers around the app, the innermost first."""
    app.add_middleware(LastResort)
    app.add_middleware(Edge)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", CSRF_HEADER, WORKSPACE_HEADER],
            expose_headers=["X-Request-Id", "Retry-After", "Content-Disposition"],
            max_age=600,
        )
