"""Bodies that never end: they take room from their like, first from the same client's, and from nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from recado.store.pool import Pool
from recado.web.group_commit import Limits, Overloaded
from recado.web.uploads import UploadLimits, Uploads
from tests.web.desk import PATH, Desk, Ours, add_number, message_post, open_desk, text

MEGABYTE = 1024 * 1024
LIMITS = UploadLimits(all_clients=MEGABYTE, one_client=MEGABYTE // 2)


@asynccontextmanager
async def stalled(desk: Desk, size: int) -> AsyncIterator[asyncio.StreamReader]:
    """Sends the first bytes of a body and no more, from 127.0.0.1."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(desk.url.split(":")[-1]))
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {4 * MEGABYTE}\r\n\r\n{{"
    writer.write(head.encode() + b" " * size)
    await writer.drain()
    try:
        yield reader
    finally:
        writer.close()


async def post_from(desk: Desk, address: str, number: Ours) -> int:
    """Posts a message from another address of this machine."""
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(desk.url + PATH, json=message_post(number, text())) as answer,
    ):
        return answer.status


@pytest.mark.asyncio
async def test_stalled_bodies_shut_the_door_for_their_own_client_only(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool, upload_limits=LIMITS) as desk, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(stalled(desk, MEGABYTE // 4)) for _ in range(8)]
        lines = [asyncio.create_task(reader.readline()) for reader in readers]
        refused, _ = await asyncio.wait(lines, return_when=asyncio.FIRST_COMPLETED)
        answered = await post_from(desk, "127.0.0.2", number)
        for line in lines:
            line.cancel()

    assert all(b" 503 " in line.result() for line in refused)
    assert answered == 200
    assert await pool.fetchval("select count(*) from inbox") == 1


@pytest.mark.asyncio
async def test_a_body_that_is_not_whole_takes_no_room_of_the_commit(pool: Pool) -> None:
    number = await add_number(pool)

    async with open_desk(pool, limits=Limits(waiting_bytes=10_000)) as desk, stalled(desk, 9_900):
        codes = [(await desk.post(message_post(number, text())))[0] for _ in range(3)]

    assert codes == [200] * 3


def test_unfinished_bytes_are_bounded_for_one_client_and_for_all() -> None:
    uploads = Uploads(UploadLimits(all_clients=100, one_client=60))
    uploads.hold("a", 60)
    with pytest.raises(Overloaded):
        uploads.hold("a", 1)
    uploads.hold("b", 40)
    with pytest.raises(Overloaded):
        uploads.hold("c", 1)

    uploads.let_go("a", 60)

    uploads.hold("c", 60)
