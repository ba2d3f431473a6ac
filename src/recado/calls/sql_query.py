"""What the three kinds of databases are asked, whom, and what they give."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from recado.calls.sql_values import Rows
from recado.engine.events import Json
from recado.engine.sql_text import Mode, parameters_in

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

# What a server may send for one query: many times what may be kept, so that only abuse meets it.
MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with the values of its `:parameters`; `most` is how many rows are wanted, `timeout` in seconds."""

    text: str
    values: Mapping[str, Json]
    mode: Mode
    most: int
    writes: bool
    timeout: float

    def names(self) -> tuple[str, ...]:
        """Lists the parameters that the query names."""
        return parameters_in(self.text)

    def compiled(self, dialect: "Dialect") -> tuple[str, list[str]]:
        """Writes the query with the dialect's own placeholders, and lists the parameter behind each of them."""
        from sqlalchemy import bindparam, text
        from sqlalchemy.types import NullType

        # Without a type: with one, SQLAlchemy writes `$1::VARCHAR`, and `id = :id` fails for every number column.
        binds = [bindparam(name, type_=NullType()) for name in self.names()]
        compiled = text(self.text).bindparams(*binds).compile(dialect=dialect)
        return str(compiled), list(compiled.positiontup or ())


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """A server: the address that may be connected to, who signs in there, and TLS for the host's own name, or none."""

    ip: str
    port: int
    host: str
    database: str
    username: str
    password: str
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Found:
    """What came back: rows up to the limit, whether there are more, and how many (when writing: how many it changed)."""

    count: int
    rows: tuple[dict[str, Json], ...] = ()
    more: bool = False

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """Makes it of collected rows."""
        return cls(len(rows.rows), tuple(rows.rows), rows.more)
