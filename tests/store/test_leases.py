"""Leases are locked in the order of their numbers, whoever does what with them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from recado.store import holds, leases
from recado.store.holds import Hold
from recado.store.ids import new_id
from recado.store.pool import Db, Pool

pytestmark = pytest.mark.asyncio

OWNER = UUID(int=7)
Act = Callable[[Db, UUID, UUID, UUID], Awaitable[Any]]


def rate(seconds: float) -> Hold:
    return Hold("rate", seconds, "too fast")


@pytest.mark.parametrize(
    "act",
    [
        lambda db, _, low, high: leases.renew(db, OWNER, {high: 1, low: 1}, seconds=15),
        lambda db, _, low, high: leases.release(db, [OWNER]),
        lambda db, _, low, high: leases.acquire(db, OWNER, [high, low], seconds=15),
        lambda db, workspace, low, high: holds.hold(
            db, {high: rate(60)}, accounts={(workspace, "200"): rate(900)}
        ),
        lambda db, _, low, high: holds.tell_breakers(db, OWNER, [(high, 5, ""), (low, 5, "")]),
        lambda db, _, low, high: _all(holds.renewed(db, [high, low])),
        lambda db, workspace, low, high: _all(holds.resume(db, workspace, high)),
    ],
    ids=["renew", "release", "acquire", "hold", "tell_breakers", "renewed", "resume"],
)
async def test_nobody_locks_a_later_number_before_an_earlier_one(
    pool: Pool, act: Act, request: pytest.FixtureRequest
) -> None:
    workspace, low, high = await _numbers(pool)
    kind = "token" if "renewed" in request.node.name else "account_stopped"
    await pool.execute("update number_senders set hold = $1, held_until = 'infinity'", kind)

    async def beside() -> None:
        async with pool.acquire() as db, db.transaction():
            await act(db, workspace, low, high)

    async with pool.acquire() as db, db.transaction():
        await db.execute("select from number_senders where number_id = $1 for update", low)
        task = asyncio.create_task(beside())
        async with asyncio.timeout(20):
            while not await pool.fetchval("select count(*) from pg_locks where not granted"):
                pass  # each look is a round trip
        await db.execute("select from number_senders where number_id = $1 for update nowait", high)
    await task


async def test_the_longest_hold_stands(pool: Pool) -> None:
    workspace, low, high = await _numbers(pool)

    async with pool.acquire() as db:
        await holds.hold(db, {low: rate(3600)}, accounts={(workspace, "200"): rate(900)})
        await holds.hold(db, {low: rate(1)}, accounts={})

    rows = await pool.fetch(
        """select number_id, round(extract(epoch from held_until - clock_timestamp()), -2)::int
             from number_senders"""
    )
    assert {row[0]: row[1] for row in rows} == {low: 3600, high: 900}


async def _all(freed: Awaitable[list[UUID]]) -> None:
    """Makes sure that both numbers were locked at all."""
    assert len(await freed) == 2


async def _numbers(pool: Pool) -> tuple[UUID, UUID, UUID]:
    """Makes two numbers of one account whose leases we hold, the later one first; gives the workspace and both."""
    workspace, low, high = (new_id() for _ in range(3))
    await pool.execute("insert into workspaces (id, name) values ($1, 'Loja')", workspace)
    for number in (high, low):
        await pool.execute(
            """insert into whatsapp_numbers (id, workspace_id, phone_number, phone_shown, connection_type,
                      waba_id, webhook_token, webhook_verify_token)
               values ($1, $2, $3, '', 'official', '200', $3, '')""",
            number,
            workspace,
            str(number),
        )
        await pool.execute(
            """insert into number_senders (number_id, owner, epoch, until)
               values ($1, $2, 1, clock_timestamp() + interval '1 minute')""",
            number,
            OWNER,
        )
    return workspace, low, high
