"""One author's dead name servers hold up nobody else's look-ups."""

import asyncio
import threading
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from recado.calls.look_up import MOST_AT_ONCE, MOST_OF_ONE, Resolver, owner
from recado.calls.public_addresses import Ip

FOUND = ip_address("93.184.215.14")


class DeadNames:
    """A resolver that is silent about every name with `dead` in it, until it is let go."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[Ip]:
        self.asked.append(host)
        if "dead" in host:
            self.over.wait()
            raise OSError("silent")
        return [FOUND]


@pytest.fixture
def names() -> Iterator[DeadNames]:
    names = DeadNames()
    yield names
    names.over.set()


async def hang(resolver: Resolver, *hosts: str) -> list[asyncio.Task[list[Ip]]]:
    """Begins look-ups of names that nobody answers for."""
    tasks = [asyncio.create_task(resolver(host, 443)) for host in hosts]
    await asyncio.sleep(0)  # up to where each waits
    return tasks


@pytest.mark.asyncio
@pytest.mark.parametrize("dead", ["{}.dead.com.br", "dead{}.com.br", "dead{}.com", "x.dead.com"])
async def test_a_good_host_is_found_while_64_look_ups_hang(names: DeadNames, dead: str) -> None:
    resolver = Resolver(names)
    hanging = await hang(resolver, *(dead.format(number) for number in range(64)))

    assert await resolver("api.loja.com.br", 443) == [FOUND]

    names.over.set()
    results = await asyncio.gather(*hanging, return_exceptions=True)
    assert all(isinstance(result, OSError) for result in results)


@pytest.mark.asyncio
async def test_one_owner_s_names_have_few_threads_and_all_get_their_turn(names: DeadNames) -> None:
    resolver = Resolver(names)
    hanging = await hang(resolver, *(f"{number}.dead.com" for number in range(20)))
    begun = len(names.asked)

    names.over.set()
    await asyncio.gather(*hanging, return_exceptions=True)

    assert begun <= MOST_OF_ONE
    assert len(names.asked) == 20
    assert MOST_OF_ONE * 16 <= MOST_AT_ONCE


@pytest.mark.asyncio
async def test_who_gives_up_waiting_takes_no_place(names: DeadNames) -> None:
    resolver = Resolver(names)
    hanging = await hang(resolver, *(f"{number}.dead.com" for number in range(20)))
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)

    names.over.set()

    assert await resolver("fine.com", 443) == [FOUND]
    with pytest.raises(OSError, match="silent"):
        await resolver("late.dead.com", 443)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.b.example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("api.loja.com.br", "loja.com.br"),
        ("loja.com.br", "loja.com.br"),
        ("x.y.co.uk", "y.co.uk"),
        ("api.prefeitura.sp.gov.br", "sp.gov.br"),
        ("localhost", "localhost"),
    ],
)
def test_whose_a_name_is(host: str, expected: str) -> None:
    assert owner(host) == expected
