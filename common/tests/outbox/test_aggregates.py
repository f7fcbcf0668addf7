"""One write carries its own event, or nothing happens at all."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from common.errors import Conflict, Invalid
from common.events import EXPIRATION_COMPLETE, USER_CREATED, ExpirationComplete, Said
from common.mongo import Document, DuplicateKey, new_id, oid
from common.outbox import Aggregates, Change, collection
from common.outbox.entry import LIMIT
from common.testing import Kit

from .things import Counter, counters, make_counter, up


@pytest.fixture
def kit() -> Kit:
    return Kit("auth")


@pytest.fixture
def things(kit: Kit) -> Aggregates[Counter]:
    return counters(kit)


async def outbox(things: Aggregates[Counter], identity: str) -> list[Document]:
    document = await things.collection.find_one({"_id": oid(identity)})
    assert document is not None
    waiting: list[Document] = document["outbox"]
    return waiting


async def test_a_write_and_its_event_are_one(kit: Kit, things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)
    changed = await things.change(counter.id, up)
    assert changed == Counter(counter.id, version=1, count=1)
    assert [one["type"] for one in await outbox(things, counter.id)] == [USER_CREATED.name] * 2
    await kit.settle()
    assert [event.data.version for event in kit.bus.events(USER_CREATED)] == [0, 1]
    assert await outbox(things, counter.id) == []
    assert await things.get(counter.id) == changed


async def test_what_is_unknown_or_exists_already(things: Aggregates[Counter]) -> None:
    assert await things.change(new_id(), up) is None
    assert await things.get(new_id()) is None
    counter = await make_counter(things)
    with pytest.raises(DuplicateKey):
        await things.insert(counter, [])


async def test_a_refusal_and_no_decision_write_nothing(things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)

    def refuse(_: Counter) -> Change[Counter]:
        raise Invalid

    with pytest.raises(Invalid):
        await things.change(counter.id, refuse)
    assert await things.change(counter.id, lambda _: None) == counter
    assert len(await outbox(things, counter.id)) == 1


@pytest.fixture
def slowly(things: Aggregates[Counter], monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody has read before the first one writes."""
    update_one = type(things.collection).update_one

    async def after_the_others(*arguments: Any) -> object:
        await asyncio.sleep(0)
        return await update_one(*arguments)

    monkeypatch.setattr(type(things.collection), "update_one", after_the_others)


@pytest.mark.usefixtures("slowly")
async def test_nobody_writes_over_what_they_have_not_seen(things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)
    await asyncio.gather(*(things.change(counter.id, up) for _ in range(10)))
    assert await things.get(counter.id) == Counter(counter.id, version=10, count=10)


@pytest.mark.usefixtures("slowly")
async def test_without_the_version_in_the_filter_changes_are_lost(
    things: Aggregates[Counter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    counter = await make_counter(things)
    monkeypatch.setattr(collection, "_as_loaded", lambda document: {"_id": document["_id"]})
    await asyncio.gather(*(things.change(counter.id, up) for _ in range(10)))
    left = await things.get(counter.id)
    assert left is not None
    assert left.count < 10


async def test_a_write_that_always_comes_second_gives_up(
    things: Aggregates[Counter], monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = await make_counter(things)
    tries = []

    async def never(*_: object) -> bool:
        tries.append(1)
        return False

    monkeypatch.setattr(things, "_write", never)
    with pytest.raises(Conflict):
        await things.change(counter.id, up)
    assert len(tries) == collection.TRIES


async def test_a_change_raises_the_version_by_one_or_says_something(kit: Kit, things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)
    with pytest.raises(ValueError, match="by one"):
        await things.change(counter.id, lambda state: Change(replace(state, version=5)))
    await things.change(counter.id, lambda state: Change(state, [state.said(repeat=True)]))
    await kit.settle()
    said, again = kit.bus.events(USER_CREATED)
    assert (said.data, said.repeat, again.repeat) == (again.data, False, True)
    assert said.id != again.id


async def test_a_repeat_is_added_only_where_none_waits(kit: Kit, things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)
    kit.bus.connected = False
    for _ in range(3):
        await things.change(counter.id, lambda state: Change(state, [state.said(repeat=True)]))
    assert [one["repeat"] for one in await outbox(things, counter.id)] == [False, True]


async def test_a_full_outbox_keeps_the_newest_state(kit: Kit, things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)
    kit.bus.connected = False
    for _ in range(LIMIT + 3):
        await things.change(counter.id, up)
        assert len(await outbox(things, counter.id)) <= LIMIT
    kit.bus.connected = True
    await kit.settle()
    versions = [event.data.version for event in kit.bus.events(USER_CREATED)]
    assert versions[-1] == LIMIT + 3
    assert versions == sorted(versions)


async def test_a_full_outbox_drops_no_state_for_what_is_none(kit: Kit, things: Aggregates[Counter]) -> None:
    counter = await make_counter(things)
    aside = Said(EXPIRATION_COMPLETE, ExpirationComplete(order_id=counter.id, expires_at=kit.clock()))
    kit.bus.connected = False
    for _ in range(LIMIT - 1):
        await things.change(counter.id, up)
    for _ in range(3):
        await things.change(counter.id, lambda state: Change(replace(state, version=state.version + 1), [aside]))
    await things.change(counter.id, lambda state: Change(replace(state, version=state.version + 1)))
    kit.bus.connected = True
    await kit.settle()
    assert [event.data.version for event in kit.bus.events(USER_CREATED)] == [LIMIT - 1]
    assert len(kit.bus.events(EXPIRATION_COMPLETE)) == 3


@pytest.mark.parametrize("at_once", [1, 2, 5, 32])
async def test_everything_can_be_announced(
    kit: Kit, things: Aggregates[Counter], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.outbox.collection._AT_ONCE", at_once)
    known = [await make_counter(things) for _ in range(5)]
    await kit.settle()
    assert await things.announce(Counter.said) == 5
    await kit.settle()
    said = kit.bus.events(USER_CREATED)[5:]
    assert sorted((event.subject, event.data.version, event.repeat) for event in said) == [
        (one.id, 0, False) for one in known
    ]


async def test_what_concerns_nobody_is_not_announced(kit: Kit, things: Aggregates[Counter]) -> None:
    first, _ = [await make_counter(things) for _ in range(2)]
    await kit.settle()
    assert await things.announce(lambda counter: counter.said() if counter.id == first.id else None) == 1
    await kit.settle()
    assert [event.subject for event in kit.bus.events(USER_CREATED)[2:]] == [first.id]


async def test_queries_give_aggregates(things: Aggregates[Counter]) -> None:
    known = [await make_counter(things) for _ in range(3)]
    assert await things.find({"count": 0}, limit=2) == [known[2], known[1]]
