"""Group commit: one commit at a time, and everybody gets their own result."""

import asyncio
from collections.abc import Sequence

import pytest

from recado.web.group_commit import GroupCommit, Limits, Overloaded, Settle


class Ledger:
    """A commit that lasts until the test lets it end."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def commit(self, batch: Sequence[str], settle: Settle[str]) -> list[str]:
        self.batches.append(list(batch))
        if "early" in batch:
            settle(batch.index("early"), "EARLY")
        self.begun.set()
        await self.may_end.wait()
        if "cancel" in batch:
            raise asyncio.CancelledError
        if "poison" in batch:
            raise ValueError("poison")
        return [item.upper() for item in batch]


def submit(group: GroupCommit[str, str], item: str) -> "asyncio.Future[str]":
    return group.submit(item, rows=1, size=10)


@pytest.mark.asyncio
async def test_what_arrives_during_a_commit_shares_the_next() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit)
    first = submit(group, "a")
    await ledger.begun.wait()
    later = [submit(group, item) for item in "bcd"]
    await asyncio.sleep(0)

    ledger.may_end.set()

    assert await first == "A"
    assert await asyncio.gather(*later) == ["B", "C", "D"]
    assert ledger.batches == [["a"], ["b", "c", "d"]]


@pytest.mark.asyncio
async def test_posts_of_the_same_moment_share_one_commit() -> None:
    ledger = Ledger()
    ledger.may_end.set()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit)

    await asyncio.gather(*(group.submit(item, rows=1, size=1) for item in "abc"))

    assert ledger.batches == [["a", "b", "c"]]


@pytest.mark.asyncio
async def test_an_error_reaches_its_batch_and_the_next_goes_on() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit)
    bad = submit(group, "poison")
    await ledger.begun.wait()
    good = submit(group, "good")
    await asyncio.sleep(0)

    ledger.may_end.set()

    with pytest.raises(ValueError, match="poison"):
        await bad
    assert await good == "GOOD"


@pytest.mark.asyncio
async def test_what_is_settled_early_does_not_wait_nor_fail_with_the_others() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit)
    bad, early = submit(group, "poison"), submit(group, "early")

    assert await early == "EARLY"
    assert not bad.done()
    ledger.may_end.set()
    with pytest.raises(ValueError, match="poison"):
        await bad


@pytest.mark.asyncio
async def test_a_commit_that_is_cancelled_fails_alone_and_the_next_goes_on() -> None:
    ledger = Ledger()
    ledger.may_end.set()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit, within=5.0)

    with pytest.raises(Overloaded):
        await submit(group, "cancel")
    await group.drain()

    assert group.waiting_rows == 0
    assert await submit(group, "a") == "A"


@pytest.mark.asyncio
async def test_a_commit_takes_no_more_than_its_rows_and_a_giant_goes_alone() -> None:
    ledger = Ledger()
    ledger.may_end.set()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit, limits=Limits(commit_rows=2))

    await asyncio.gather(
        *(group.submit(item, rows=5 if item == "c" else 1, size=1) for item in "abcd")
    )

    assert ledger.batches == [["a", "b"], ["c"], ["d"]]


@pytest.mark.asyncio
async def test_too_many_waiting_rows_are_refused_at_once_and_room_comes_back() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit, limits=Limits(waiting_rows=2))
    held = [submit(group, item) for item in "ab"]
    await ledger.begun.wait()

    with pytest.raises(Overloaded):
        group.submit("c", rows=1, size=1)
    ledger.may_end.set()
    await asyncio.gather(*held)

    assert await group.submit("d", rows=2, size=1) == "D"


@pytest.mark.asyncio
async def test_too_many_waiting_bytes_are_refused_at_once_and_room_comes_back() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit, limits=Limits(waiting_bytes=100))
    held = group.submit("a", rows=1, size=80)
    await ledger.begun.wait()

    with pytest.raises(Overloaded):
        group.submit("b", rows=1, size=21)
    ledger.may_end.set()
    await held

    assert await group.submit("c", rows=1, size=100) == "C"


@pytest.mark.asyncio
async def test_who_gives_up_before_the_commit_is_not_committed() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(ledger.commit)
    first = submit(group, "a")
    await ledger.begun.wait()
    impatient, patient = submit(group, "b"), submit(group, "c")
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.wait({impatient})

    ledger.may_end.set()
    await asyncio.gather(first, patient)
    await group.drain()

    assert ledger.batches == [["a"], ["c"]]


@pytest.mark.asyncio
async def test_who_waits_too_long_is_told_and_makes_room() -> None:
    ledger = Ledger()
    group: GroupCommit[str, str] = GroupCommit(
        ledger.commit, limits=Limits(waiting_rows=3), within=0.01
    )
    first = submit(group, "a")
    await ledger.begun.wait()
    late = [submit(group, item) for item in "bc"]

    told = await asyncio.gather(first, *late, return_exceptions=True)
    ledger.may_end.set()
    next_ = [submit(group, item) for item in "de"]

    assert [type(each) for each in told] == [TimeoutError] * 3
    assert await asyncio.gather(*next_) == ["D", "E"]
    assert ledger.batches == [["a"], ["d", "e"]]
