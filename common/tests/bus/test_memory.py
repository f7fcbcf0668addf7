"""What only the in-memory bus has: a clock that somebody turns, and nothing that happens by itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from common.bus import Listener, NotYet
from common.bus.memory import MemoryBus
from common.events import USER_CREATED, Event
from common.testing import FakeClock

from .worlds import TRIES, DatabaseDownError, Heard, Tally, make_user, raising


@pytest.fixture
def bus(clock: FakeClock) -> MemoryBus:
    return MemoryBus(clock, tries=TRIES)


def listening(bus: MemoryBus, handler: Any, tally: Tally | None = None, service: str = "emails") -> None:
    bus.listen(Listener(service, {USER_CREATED: handler}, tally or Tally()))


async def test_nothing_is_delivered_before_somebody_drains(bus: MemoryBus) -> None:
    heard = Heard()
    listening(bus, heard)
    await bus.publish(make_user(1))
    await asyncio.sleep(0)
    assert heard == []
    assert await bus.drain() == 1
    assert await bus.drain() == 0
    assert heard == ["user-1"]


async def test_draining_includes_what_listeners_publish(bus: MemoryBus) -> None:
    heard = Heard()

    async def answers(event: Event[Any]) -> None:
        if event.id == "user-1":
            await bus.publish(make_user(2))
        await heard(event)

    listening(bus, answers)
    await bus.publish(make_user(1))
    assert await bus.drain() == 2
    assert heard == ["user-1", "user-2"]


async def test_published_events_can_be_asserted(bus: MemoryBus) -> None:
    await bus.publish(make_user(1))
    await bus.publish(make_user(1))
    assert [event.data.email for event in bus.events(USER_CREATED)] == ["1@example.com"]
    assert bus.published == [make_user(1, payload=bus.published[0].payload)]


async def test_duplicates_are_known_for_two_minutes(bus: MemoryBus, clock: FakeClock) -> None:
    await bus.publish(make_user(1))
    clock.advance(119)
    await bus.publish(make_user(1))
    assert len(bus.published) == 1
    clock.advance(1)
    await bus.publish(make_user(1))
    assert len(bus.published) == 2


async def test_settling_does_not_wait_after_failures(bus: MemoryBus) -> None:
    listening(bus, raising(RuntimeError()))
    await bus.publish(make_user(1))
    assert await bus.drain() == 1
    assert await bus.settle() == TRIES - 1
    assert [letter.message_id for letter in bus.dead_letters] == ["user-1"]


@pytest.mark.parametrize("refusal", [NotYet(timedelta(seconds=5)), DatabaseDownError()])
async def test_settling_leaves_what_waits_for_the_clock(bus: MemoryBus, clock: FakeClock, refusal: Exception) -> None:
    heard = Heard()
    refusals = [refusal]

    async def refuses_once(event: Event[Any]) -> None:
        if refusals:
            raise refusals.pop()
        await heard(event)

    listening(bus, refuses_once)
    await bus.publish(make_user(1))
    assert await bus.settle() == 1
    assert await bus.settle() == 0
    clock.advance(5)
    assert await bus.settle() == 1
    assert heard == ["user-1"]


async def test_a_bus_that_never_rests_says_so(bus: MemoryBus) -> None:
    listening(bus, raising(NotYet(timedelta(0))))
    await bus.publish(make_user(1))
    with pytest.raises(RuntimeError, match="come to rest"):
        await bus.drain()


async def test_a_delivery_that_is_cut_off_is_made_again(bus: MemoryBus) -> None:
    heard = Heard()
    listening(bus, raising(asyncio.CancelledError()))
    await bus.publish(make_user(1))
    with pytest.raises(asyncio.CancelledError):
        await bus.drain()
    bus.leave("emails")
    listening(bus, heard)
    await bus.drain()
    assert heard == ["user-1"]
