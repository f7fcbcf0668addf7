"""What stores share: ids, words, and waiting for an event that is on its way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from common.mongo import Document, FailureCounts, Reads, eventually, new_id, oid, words
from common.testing import FakeClock, Kit


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cécile McLorin  Salvant!", ["cecile", "mclorin", "salvant"]),
        ("ΟΔΟΣ Straße", ["οδοσ", "strasse"]),
        ("the the_THE", ["the"]),
        ("(.*) $where", ["where"]),
        ("", []),
    ],
)
def test_words_without_accents_and_case(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("text", ["", "x", "z" * 24, "a" * 23, "a" * 25])
def test_an_id_is_24_hex_digits(text: str) -> None:
    with pytest.raises(ValueError, match="24 hexadecimal digits"):
        oid(text)


async def test_what_was_just_made_elsewhere_is_waited_for() -> None:
    answers = [None, None, "here"]

    async def load() -> str | None:
        return answers.pop(0)

    assert await eventually(load, new_id()) == "here"


async def test_an_old_unknown_id_costs_one_look(clock: FakeClock) -> None:
    looks = []

    async def load() -> None:
        looks.append(1)

    old = str(ObjectId.from_datetime(clock() - timedelta(seconds=15)))
    assert await eventually(load, old, clock) is None
    assert len(looks) == 1


async def test_a_young_unknown_id_is_given_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def load() -> None:
        return None

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert await eventually(load, new_id()) is None
    assert sum(slept) == pytest.approx(2)


async def test_failures_are_counted_by_message() -> None:
    kit = Kit("orders")
    failures = FailureCounts(kit.database, kit.clock)
    assert [await failures.count("TICKETS", 7) for _ in range(3)] == [1, 2, 3]
    assert await failures.count("TICKETS", 8) == 1
    assert await FailureCounts(kit.database, kit.clock).count("TICKETS", 7) == 4


class Counted:
    """A collection that counts its queries, and may be slow or away."""

    def __init__(self, kit: Kit) -> None:
        self.real = kit.database["things"]
        self.queries: list[int] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def find(self, query: Document, projection: Document | None) -> AsyncIterator[Document]:
        self.queries.append(len(query["_id"]["$in"]))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        async for document in self.real.find(query, projection):
            yield document


async def test_reads_that_come_at_once_are_put_together() -> None:
    things = Counted(Kit("things"))
    ids = [new_id() for _ in range(150)]
    await things.real.insert_many([{"_id": oid(one), "name": one, "outbox": []} for one in ids])
    reads = Reads(things, without=["outbox"])  # type: ignore[arg-type]
    missing = new_id()
    found = await asyncio.gather(*(reads.get(one) for one in [*ids, *ids[:20], missing]))
    assert found == [{"_id": oid(one), "name": one} for one in [*ids, *ids[:20]]] + [None]
    assert things.queries == [100, 71]
    assert await reads.get(ids[0]) == {"_id": oid(ids[0]), "name": ids[0]}


async def test_a_read_is_of_a_moment_after_it_was_asked_for() -> None:
    """One that comes while a query is under way must not get what that query has seen already."""
    things = Counted(Kit("things"))
    identity = new_id()
    reads = Reads(things)  # type: ignore[arg-type]
    things.gate.clear()
    before = asyncio.create_task(reads.get(identity))
    await asyncio.sleep(0.01)
    await things.real.insert_one({"_id": oid(identity)})
    after = asyncio.create_task(reads.get(identity))
    await asyncio.sleep(0)
    things.gate.set()
    await before
    assert await after == {"_id": oid(identity)}
    assert things.queries == [1, 1]


async def test_everybody_hears_of_a_failure_and_the_next_read_works() -> None:
    things = Counted(Kit("things"))
    reads = Reads(things)  # type: ignore[arg-type]
    things.error = AutoReconnect("no primary")
    results = await asyncio.gather(*(reads.get(new_id()) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, AutoReconnect) for result in results)
    things.error = None
    assert await reads.get(new_id()) is None


async def test_one_who_leaves_takes_nobodys_answer_along() -> None:
    things = Counted(Kit("things"))
    identity = new_id()
    await things.real.insert_one({"_id": oid(identity)})
    reads = Reads(things)  # type: ignore[arg-type]
    leaves, stays = asyncio.create_task(reads.get(identity)), asyncio.create_task(reads.get(identity))
    await asyncio.sleep(0)
    leaves.cancel()
    assert await stays == {"_id": oid(identity)}
