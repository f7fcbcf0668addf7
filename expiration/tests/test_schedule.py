"""What the timer has forgotten, or was never told, it is told; the listener never waits for it."""

from collections.abc import Sequence

import pytest
from httpx import AsyncClient

from common.clock import rfc3339
from common.events import EXPIRATION_COMPLETE, ORDER_CREATED, ORDER_UPDATED
from common.testing import Kit
from expiration.app import create_service
from expiration.domain import Deadline
from expiration.schedule import BATCH, HORIZON, MemoryTimer, Schedule

from .conftest import SETTINGS, Ring
from .factories import WINDOW, a_few_sweeps, later, make_order, until

pytestmark = pytest.mark.usefixtures("api")


async def metric(api: AsyncClient, name: str) -> float:
    lines = (await api.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


async def test_a_timer_that_is_away_is_told_later(api: AsyncClient, kit: Kit, timer: MemoryTimer) -> None:
    timer.away = True
    for _ in range(BATCH + 1):
        await kit.hear(ORDER_CREATED, make_order(kit.clock))
    await a_few_sweeps()
    assert timer.jobs == {}
    assert await metric(api, "timer_reachable") == 0
    assert (await api.get("/livez")).status_code == 200
    timer.away = False
    await until(lambda: len(timer.jobs) == BATCH + 1)
    assert await metric(api, "timer_reachable") == 1


async def test_what_is_due_soon_is_told_again_to_a_wiped_timer(kit: Kit, timer: MemoryTimer) -> None:
    near, far = make_order(kit.clock), make_order(kit.clock, expires_at=kit.clock() + 2 * WINDOW)
    await kit.hear(ORDER_CREATED, near)
    await kit.hear(ORDER_CREATED, far)
    await until(lambda: len(timer.jobs) == 2)
    timer.jobs.clear()
    kit.clock.advance((WINDOW - HORIZON).total_seconds())
    await until(lambda: timer.jobs)
    assert [order for order, _ in timer.jobs.values()] == [near.id]


async def test_what_should_have_fired_is_told_again(api: AsyncClient, kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    await kit.hear(ORDER_CREATED, order)
    await until(lambda: timer.jobs)
    timer.jobs.clear()
    kit.clock.advance(WINDOW.total_seconds() + 3600)
    await until(lambda: timer.jobs)
    assert await metric(api, "deadlines_late") == 1
    await ring()
    assert [one.data.order_id for one in kit.bus.events(EXPIRATION_COMPLETE)] == [order.id]


async def test_a_job_of_an_older_time_fires_nothing(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    await kit.hear(ORDER_CREATED, order)
    await until(lambda: timer.jobs)
    stale = dict(timer.jobs)
    await kit.hear(ORDER_UPDATED, later(order, expires_at=order.expires_at + WINDOW))
    timer.jobs = stale
    kit.clock.advance(3 * WINDOW.total_seconds())
    timer.away = True
    await ring()
    assert kit.bus.events(EXPIRATION_COMPLETE) == []


async def test_an_extension_heard_while_the_timer_is_told_is_scheduled_too(kit: Kit, timer: MemoryTimer) -> None:
    timer.away = True
    order = make_order(kit.clock)
    extended = later(order, expires_at=order.expires_at + WINDOW)

    class Slow(MemoryTimer):
        async def set(self, deadlines: Sequence[Deadline]) -> None:
            await super().set(deadlines)
            if len(self.jobs) == 1:
                await kit.hear(ORDER_UPDATED, extended)

    slow = Slow()
    schedule = Schedule(create_service(SETTINGS, kit.parts).store, slow, kit.clock)
    await kit.hear(ORDER_CREATED, order)
    await schedule.new()
    await schedule.new()
    assert [at for _, at in slow.jobs.values()] == [rfc3339(order.expires_at), rfc3339(extended.expires_at)]
