"""What is measured of the database, and how metrics of every room keep the number of their lines bounded."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from recado.store.pool import Pool
from recado.store.queues import Queue

MOST_LINES = 1_000  # of one metric; what would be the next is counted under `other`
OTHER = "other"

POOL = Gauge("recado_pool_connections", "Database connections of this process.", ["state"])
POOL_SIZE = Gauge("recado_pool_size", "Most database connections of this process.")
DATABASE_UP = Gauge("recado_database_up", "Whether the database answered when metrics were asked.")
QUEUE_DEPTH = Gauge("recado_queue_depth", "Rows that wait, of all processes together.", ["queue"])
QUEUE_AGE = Gauge(
    "recado_queue_age_seconds", "How long the oldest row of a queue has waited.", ["queue"]
)

Metric = TypeVar("Metric", Counter, Gauge, Histogram)


class Lines(Generic[Metric]):
    """The lines of a metric by their labels, each looked up once."""

    def __init__(self, metric: Metric) -> None:
        self._metric: Metric = metric
        self._known: dict[tuple[str, ...], Metric] = {}

    def of(self, *labels: str) -> Metric:
        """Gives the line of these labels, or `other` where there are too many."""
        line = self._known.get(labels)
        if line is None:
            if len(self._known) >= MOST_LINES:
                labels = (OTHER, *labels[1:])
            line = self._known[labels] = self._metric.labels(*labels)
        return line


def show_pool(pool: Pool) -> None:
    """Takes note of how many connections are in use; they are counted when somebody asks."""
    POOL_SIZE.set(pool.get_max_size())
    POOL.labels("idle").set_function(pool.get_idle_size)
    POOL.labels("used").set_function(lambda: pool.get_size() - pool.get_idle_size())


def show_queues(queues: Mapping[str, Queue]) -> None:
    """Shows a sample; without one nothing is shown, because nothing is known."""
    for gauge in (QUEUE_DEPTH, QUEUE_AGE):
        gauge.clear()
    for name, queue in queues.items():
        QUEUE_DEPTH.labels(name).set(queue.depth)
        QUEUE_AGE.labels(name).set(queue.age)
