"""What the compiler may ask a node about visits that it never makes: what they set, read, say, take and need."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from recado.engine.expression_mistakes import Mistake
from recado.engine.expressions import parse

Resource = Literal["secret", "connection", "account", "template", "flow", "calendar"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something outside the flow that a node names, and the field that names it."""

    kind: Resource
    name: str
    field: str


class Traits:
    """The answers of a node that sets, reads, says and needs nothing; a node type overrides what it does."""

    # A node that waits for the customer's words, so that leaving it (but not by `timeout`) means that they were heard.
    asks: ClassVar[bool] = False

    def sets(self, port: str) -> frozenset[str]:
        """Names the variables that are set whenever a visit leaves by a port."""
        return frozenset()

    def unsets(self, port: str) -> frozenset[str]:
        """Names the variables that a visit which leaves by a port may leave without a value that they had."""
        return frozenset()

    def sets_before(self, field: str) -> frozenset[str]:
        """Names the variables that the visit itself has set by the time it reads a field."""
        return frozenset()

    def unsets_before(self, field: str) -> frozenset[str]:
        """Names the variables that the visit itself has unset by the time it reads a field."""
        return frozenset()

    def reads(self) -> Iterator[tuple[str, str]]:
        """Lists (field, path) of variables that are read otherwise than by a `{{placeholder}}`."""
        return iter(())

    def takes(self, port: str) -> int | None:
        """Says how many seconds go by until a visit leaves by a port; None: until the customer is heard."""
        if port == "timeout":
            return self.time_limit or 0
        return None if self.asks else 0

    @property
    def time_limit(self) -> int | None:
        """Says after how many seconds a wait is given up by `timeout`; None: never."""
        return None

    @property
    def messages(self) -> int:
        """Counts the messages that a visit sends at least."""
        return 0

    @property
    def speaks_freely(self) -> bool:
        """Says whether a visit sends something that Meta takes only within 24 hours of the customer's last word."""
        return self.messages > 0

    @property
    def opens_window(self) -> bool:
        """Says whether what the node sends may go out at any time, as a template does."""
        return False

    @property
    def hears(self) -> bool:
        """Says whether going through the node means that the customer, or a person of ours, did something."""
        return self.asks

    @property
    def calls_a_person(self) -> bool:
        """Says whether the node gives the conversation to a person."""
        return False

    def needs(self) -> Iterator[Need]:
        """Lists what the node names outside the flow, but for secrets in texts."""
        return iter(())


def names_in(expression: str) -> frozenset[str]:
    """Names the paths that an expression reads; none where it cannot be read itself."""
    read = parse(expression)
    return frozenset() if isinstance(read, Mistake) else read.names


def name_set(*names: str | None) -> frozenset[str]:
    """Makes the set of those names that are given."""
    return frozenset(name for name in names if name)
