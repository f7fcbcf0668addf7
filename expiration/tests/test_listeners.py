"""What a deadline does with what it hears, seen by what the timer is told and what is published."""

from typing import Any

import pytest

from common.clock import rfc3339
from common.events import (
    EXPIRATION_COMPLETE,
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    ORDER_UPDATED,
    EventType,
    OrderState,
)
from common.mongo import new_id
from common.testing import Kit
from expiration.app import create_service
from expiration.schedule import MemoryTimer

from .conftest import SETTINGS, Ring
from .factories import WINDOW, a_few_sweeps, later, make_order, until

pytestmark = pytest.mark.usefixtures("api")
TYPES: dict[str, EventType[OrderState]] = {
    "created": ORDER_CREATED,
    "awaiting:payment": ORDER_CONFIRMED,
    "complete": ORDER_COMPLETED,
    "cancelled": ORDER_CANCELLED,
}


async def hear(kit: Kit, order: OrderState, *, repeat: bool = False) -> None:
    await kit.hear(TYPES[order.status], order, repeat=repeat)


def said(kit: Kit) -> list[tuple[str, str, bool]]:
    """The order, the time and the mark of every expiry that was published."""
    events = kit.bus.events(EXPIRATION_COMPLETE)
    return [(one.data.order_id, rfc3339(one.data.expires_at), one.repeat) for one in events]


async def fire(kit: Kit, timer: MemoryTimer, ring: Ring, order: OrderState) -> None:
    """Its time passes and its job rings."""
    await until(lambda: (order.id, rfc3339(order.expires_at)) in timer.jobs.values())
    kit.clock.advance((order.expires_at - kit.clock()).total_seconds())
    await ring()


async def test_an_unpaid_order_expires(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    await hear(kit, order)
    assert said(kit) == []
    await fire(kit, timer, ring, order)
    assert said(kit) == [(order.id, rfc3339(order.expires_at), False)]


@pytest.mark.parametrize("status", ["awaiting:payment", "complete", "cancelled"])
async def test_an_order_that_has_moved_on_does_not(kit: Kit, timer: MemoryTimer, ring: Ring, status: str) -> None:
    order = make_order(kit.clock)
    await hear(kit, order)
    await until(lambda: timer.jobs)
    await hear(kit, later(order, status=status))
    await fire(kit, timer, ring, order)
    assert said(kit) == []


@pytest.mark.parametrize("version", [0, 9])
async def test_what_has_ended_stays_so(kit: Kit, timer: MemoryTimer, ring: Ring, version: int) -> None:
    order = make_order(kit.clock)
    await hear(kit, later(order, status="cancelled"))
    await hear(kit, order.model_copy(update={"version": version}))
    await hear(kit, order.model_copy(update={"version": version}), repeat=True)
    await a_few_sweeps()
    assert timer.jobs == {}
    kit.clock.advance(WINDOW.total_seconds())
    await ring()
    assert said(kit) == []


async def test_an_extended_reservation_fires_at_its_new_time(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    extended = later(order, expires_at=order.expires_at + WINDOW)
    await hear(kit, order)
    await until(lambda: timer.jobs)
    await kit.hear(ORDER_UPDATED, extended)
    await until(lambda: len(timer.jobs) == 2)
    kit.clock.advance(2 * WINDOW.total_seconds())
    await ring()
    assert said(kit) == [(order.id, rfc3339(extended.expires_at), False)]


async def test_an_extension_arms_again_even_what_has_fired(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    await hear(kit, order)
    await fire(kit, timer, ring, order)
    extended = later(order, expires_at=order.expires_at + WINDOW)
    await hear(kit, extended)
    await hear(kit, order, repeat=True)
    assert len(said(kit)) == 1
    await fire(kit, timer, ring, extended)
    assert said(kit)[1:] == [(order.id, rfc3339(extended.expires_at), False)]


async def test_a_newer_event_with_the_same_time_fires_again(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    await hear(kit, order)
    await fire(kit, timer, ring, order)
    await hear(kit, later(order))
    await fire(kit, timer, ring, order)
    assert len(said(kit)) == 2


async def test_an_older_event_moves_no_deadline_back(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    extended = later(order, expires_at=order.expires_at + WINDOW)
    await hear(kit, extended)
    await hear(kit, order)
    await fire(kit, timer, ring, extended)
    assert said(kit) == [(order.id, rfc3339(extended.expires_at), False)]


async def test_only_a_repeat_is_answered_and_an_old_one_too(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock, version=3)
    await hear(kit, order)
    await hear(kit, order, repeat=True)
    assert said(kit) == []
    await fire(kit, timer, ring, order)
    await hear(kit, order)
    assert len(said(kit)) == 1
    await hear(kit, order, repeat=True)
    await hear(kit, order.model_copy(update={"version": 1}), repeat=True)
    assert said(kit)[1:] == [(order.id, rfc3339(order.expires_at), False)] * 2


async def test_one_deadline_is_nothing_to_another(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    first, second = make_order(kit.clock), make_order(kit.clock, id=new_id())
    await hear(kit, first)
    await hear(kit, second)
    await hear(kit, later(first, status="cancelled"))
    await fire(kit, timer, ring, second)
    assert [one[0] for one in said(kit)] == [second.id]


async def test_two_processes_hear_the_first_of_an_order_at_once(
    kit: Kit, timer: MemoryTimer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = make_order(kit.clock)
    await hear(kit, later(order, status="cancelled"))
    deadlines = create_service(SETTINGS, kit.parts)
    change, answers = deadlines.store.deadlines.change, [None]

    async def not_there_yet(*arguments: Any) -> Any:
        return answers.pop() if answers else await change(*arguments)

    monkeypatch.setattr(deadlines.store.deadlines, "change", not_there_yet)
    await deadlines.hear_order(order, repeat=False)
    await a_few_sweeps()
    assert timer.jobs == {}
