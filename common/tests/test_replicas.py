"""Replicas: the newest state stays, however many come at a time."""

import asyncio
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError

from common.mongo import Replicas, new_id, newer, oid
from common.testing import Kit


class Watched:
    """A collection that notes its writes; `slow` holds them up, and `breaks` is how the next bulk ends."""

    def __init__(self) -> None:
        self.real = Kit("things").database["things"]
        self.writes: list[str] = []
        self.slow = asyncio.Event()
        self.slow.set()
        self.breaks: BulkWriteError | None = None

    async def bulk_write(self, writes: list[Any], ordered: bool) -> None:
        self.writes.append(f"{len(writes)} together")
        await self.slow.wait()
        await self.real.bulk_write(writes, ordered)
        if self.breaks is not None:
            raise self.breaks

    async def update_one(self, *asked: Any, **options: Any) -> Any:
        self.writes.append("one")
        await self.slow.wait()
        return await self.real.update_one(*asked, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


async def take(replicas: Replicas, identity: str, version: int, **first: int) -> bool:
    return await replicas.take(identity, newer(version), {"version": version, "stale": False}, first)


async def versions(things: Watched) -> dict[str, int]:
    return {str(one["_id"]): one["version"] async for one in things.real.find()}


@pytest.fixture
def things() -> Watched:
    return Watched()


@pytest.fixture
def replicas(things: Watched) -> Replicas:
    return Replicas(things)  # type: ignore[arg-type]


async def test_what_is_newer_is_taken_and_what_is_older_is_not(things: Watched, replicas: Replicas) -> None:
    one = new_id()
    assert [await take(replicas, one, version) for version in (1, 0, 1, 3, 2)] == [True, False, False, True, False]
    assert await versions(things) == {one: 3}


async def test_those_that_come_at_once_are_written_together_and_each_for_itself(
    things: Watched, replicas: Replicas
) -> None:
    old, new, first = new_id(), new_id(), new_id()
    await take(replicas, old, 5)
    things.writes.clear()
    answers = await asyncio.gather(*(take(replicas, *each) for each in [(first, 0), (old, 4), (new, 0), (old, 6)]))
    assert answers == [True, False, True, True]
    assert await versions(things) == {old: 6, new: 0, first: 0}
    assert things.writes == ["4 together", "one"]


async def test_what_is_put_in_first_stays_as_it_was(things: Watched, replicas: Replicas) -> None:
    one = new_id()
    await asyncio.gather(take(replicas, one, 0, born=1), take(replicas, one, 1, born=2))
    assert (await things.real.find_one({"_id": oid(one)}))["born"] == 1


async def test_one_marked_takes_any_version_and_one_that_stays_marked_is_dropped(
    things: Watched, replicas: Replicas
) -> None:
    heard, gone = new_id(), new_id()
    await asyncio.gather(take(replicas, heard, 7), take(replicas, gone, 7))
    assert await replicas.mark() == 2
    assert await take(replicas, heard, 3)
    assert await replicas.drop() == 1
    assert await versions(things) == {heard: 3}


async def test_without_a_majority_each_is_written_again(things: Watched, replicas: Replicas) -> None:
    """What a bulk has done and no majority has yet may be undone: it counts as not done."""
    ids = [new_id() for _ in range(3)]
    things.breaks = BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "timeout"}]})
    await asyncio.gather(*(take(replicas, one, 0) for one in ids))
    assert things.writes.count("one") >= len(ids)
    assert await versions(things) == dict.fromkeys(ids, 0)


async def test_an_outage_is_everybodys_and_a_bad_write_its_own(things: Watched, replicas: Replicas) -> None:
    ids = [new_id() for _ in range(3)]
    things.breaks = AutoReconnect("no primary")  # type: ignore[assignment]
    answers = await asyncio.gather(*(take(replicas, one, 0) for one in ids), return_exceptions=True)
    assert [type(one) for one in answers] == [AutoReconnect] * 3
    things.breaks = None
    asked = [take(replicas, ids[0], 1), replicas.take(ids[1], {}, {"_id": 1}), take(replicas, ids[2], 1)]
    good, bad, also = await asyncio.gather(*asked, return_exceptions=True)
    assert (good, also, isinstance(bad, Exception)) == (True, True, True)


async def test_one_who_leaves_takes_nobodys_write_along(things: Watched, replicas: Replicas) -> None:
    things.slow.clear()
    ids = [new_id() for _ in range(3)]
    tasks = [asyncio.create_task(take(replicas, one, 0)) for one in ids]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    things.slow.set()
    assert await asyncio.gather(tasks[0], tasks[2]) == [True, True]
    assert await versions(things) == dict.fromkeys(ids, 0)
