"""What is measured of what comes in, and the page that shows every metric of this process.

Without a port and a token of its own the page is not there: metrics name numbers, and say how business goes.
"""

import hmac

import asyncpg
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from recado.store.metrics import DATABASE_UP, Lines, show_pool, show_queues
from recado.store.pool import UNAVAILABLE, Pool, borrow
from recado.store.queues import sample
from recado.web.edge import Edge
from recado.web.errors import Refusal, refusal_response

SAMPLED_WITHIN = 2.0  # seconds
COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)  # seconds

POSTS = Counter("recado_webhook_posts", "Posts of Meta by what they were taken for.", ["outcome"])
ANSWERS = Counter("recado_webhook_answers", "Posts of Meta by what we answered.", ["status"])
ANSWER_SECONDS = Histogram(
    "recado_webhook_seconds", "How long a post waits for its answer.", buckets=COMMIT_BUCKETS
)
MESSAGES = Counter("recado_messages_received", "Messages stored for the first time.", ["number"])
DUPLICATES = Counter("recado_messages_duplicate", "What Meta delivered again.")
COMMIT_POSTS = Histogram(
    "recado_commit_posts", "Posts in one commit.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
COMMIT_SECONDS = Histogram(
    "recado_commit_seconds", "How long a commit of posts takes.", buckets=COMMIT_BUCKETS
)
COMMIT_WAITING = Gauge("recado_commit_waiting", "Rows that wait in memory for their commit.")

received = Lines(MESSAGES)
outcomes = Lines(POSTS)
answers = Lines(ANSWERS)


def metrics_route(pool: Pool, *, token: str | None) -> Route:
    """Makes the page; with a token it is shown to whoever brings that."""
    show_pool(pool)

    async def page(request: Request) -> Response:
        if token is not None and not _brings(request, token):
            headers = {"WWW-Authenticate": "Bearer"}
            return refusal_response(request, Refusal(401, "unauthenticated", headers=headers))
        await _look(pool)
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", page, methods=["GET"], include_in_schema=False)


def metrics_app(pool: Pool, *, token: str | None) -> Starlette:
    """Builds what serves the page alone, on a port of its own."""
    app = Starlette(routes=[metrics_route(pool, token=token)])
    app.add_middleware(Edge)
    return app


async def _look(pool: Pool) -> None:
    """Looks at the queues, unless some process has done so just now; without a database they are unknown."""
    try:
        async with borrow(pool, within=SAMPLED_WITHIN) as db:
            queues = await sample(db)
    except (asyncpg.PostgresError, *UNAVAILABLE):
        DATABASE_UP.set(0)
        show_queues({})
        return
    DATABASE_UP.set(1)
    show_queues(queues)


def _brings(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    return scheme.lower() == "bearer" and same
