"""Whoever runs the engine may measure it; what is measured never changes what the engine does."""

from typing import Protocol


class Watch(Protocol):
    """Is told of each visit to a node, right before and right after it."""

    def begins(self) -> None:
        """A visit begins."""

    def ended(self, type: str) -> None:
        """It is over; `type` is the node's."""
