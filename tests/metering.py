"""Reads metrics of this process, whose tests share them: what counts is by how much one has grown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import REGISTRY


@dataclass
class Growth:
    """By how much a line of a metric grew while the block ran."""

    by: float = 0.0


def value(name: str, **labels: str) -> float:
    """Reads a line of a metric; one that is not there yet is 0."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def grown(name: str, **labels: str) -> Iterator[Growth]:
    """Watches a line."""
    growth, before = Growth(), value(name, **labels)
    yield growth
    growth.by = value(name, **labels) - before
