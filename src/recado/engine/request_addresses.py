"""What is wrong with the address that an author writes for a request."""

import re
from collections.abc import Iterator

from recado.engine.filled_address import FilledAddress
from recado.engine.problems import Problem
from recado.engine.template import parts_of

# Where an address begins with a placeholder only the filled one tells.
ADDRESS = re.compile(r"\s*(?:https?://[^\s/?#]|\{\{)", re.IGNORECASE)


def address_problems(url: str, *, field: str) -> Iterator[Problem]:
    """Finds an address that is none, and a placeholder that could name its host without being all of it."""
    if not ADDRESS.match(url):
        yield Problem(code="bad_address", field=field)
        return
    address = FilledAddress()
    for part in parts_of(url.strip()):
        match part:
            case str():
                address.write(part)
            case _:
                address.fill("x")
    if address.names_host():
        yield Problem(code="placeholder_in_host", field=field)
