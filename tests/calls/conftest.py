"""An egress for the tests of this room."""

from collections.abc import AsyncIterator

import pytest_asyncio

from recado.calls.egress import Egress
from tests.calls.servers import HOSTS, Names, going_out


@pytest_asyncio.fixture
async def egress() -> AsyncIterator[Egress]:
    """Two names of this machine are opened, and nothing else: `allow` names hosts, not the addresses behind them."""
    async with going_out("a.example.com,b.example.com", Names.fixed(HOSTS)) as made:
        yield made
