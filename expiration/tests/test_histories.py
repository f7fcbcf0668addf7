"""The same deadline whatever the order of delivery, however often, and whatever was never heard."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given

from common.clock import rfc3339
from common.events import EXPIRATION_COMPLETE, ORDER_UPDATED, OrderState
from common.testing import Kit
from common.testing.histories import gapped, quick, shuffled
from expiration.app import create_service
from expiration.listeners import SUBSCRIPTIONS
from expiration.schedule import MemoryTimer, Schedule

from .conftest import SETTINGS
from .factories import WINDOW, make_order

CREATED = make_order(lambda: datetime(2100, 1, 1, tzinfo=UTC))
CHANGED = CREATED.model_copy(update={"version": 1})
EXTENDED = CREATED.model_copy(update={"version": 3, "expires_at": CREATED.expires_at + timedelta(minutes=5)})
CONFIRMED = EXTENDED.model_copy(update={"version": 4, "status": "awaiting:payment"})
CANCELLED = EXTENDED.model_copy(update={"version": 5, "status": "cancelled", "reason": "expired"})
ARMED, ENDED = [CREATED, CHANGED, EXTENDED], [CREATED, CHANGED, EXTENDED, CANCELLED]


class House:
    """Expiration whose timer rings at any time; whatever it fires is kept with the time at which that was."""

    def __init__(self, worker: ModuleType) -> None:
        self.kit = Kit("expiration")
        self.kit.clock.advance((CREATED.expires_at - WINDOW - self.kit.clock()).total_seconds())
        self._deadlines = create_service(SETTINGS, self.kit.parts)
        self.kit.parts.listen(SUBSCRIPTIONS, self._deadlines)
        self._timer = MemoryTimer()
        self._schedule = Schedule(self._deadlines.store, self._timer, self.kit.clock)
        self._worker = worker

    async def hear(self, orders: Sequence[OrderState]) -> None:
        for order in orders:
            await self.kit.hear(ORDER_UPDATED, order)
            await self._schedule.new()

    async def ring(self, moment: datetime) -> None:
        """Every job that was ever set rings."""
        self.kit.clock.advance((moment - self.kit.clock()).total_seconds())
        for order_id, at in list(self._timer.jobs.values()):
            await self._worker.fire({"deadlines": self._deadlines}, order_id, at)
        await self.kit.settle()

    async def end(self) -> tuple[Any, ...]:
        """How the deadline stands, and what becomes of it at each of its times."""
        (document,) = await self.kit.database["deadlines"].find({}).to_list(2)
        for moment in (CREATED.expires_at, EXTENDED.expires_at, EXTENDED.expires_at + WINDOW):
            await self.ring(moment)
        events = self.kit.bus.events(EXPIRATION_COMPLETE)
        fired = [(rfc3339(one.time), rfc3339(one.data.expires_at)) for one in events]
        waits = (document["expires_at"], document["order_version"]) if document["state"] == "armed" else None
        return document["state"], waits, fired


async def outcome(worker: ModuleType, orders: Sequence[OrderState]) -> tuple[Any, ...]:
    house = House(worker)
    await house.hear(orders)
    return await house.end()


@quick
@given(gapped(ARMED))
async def test_an_unpaid_order_fires_once_at_its_latest_time(worker: ModuleType, orders: list[OrderState]) -> None:
    last = rfc3339(EXTENDED.expires_at)
    assert await outcome(worker, orders) == ("armed", (EXTENDED.expires_at, 3), [(last, last)])


@pytest.mark.parametrize("last", [CONFIRMED, CANCELLED], ids=lambda order: order.status)
@quick
@given(orders=gapped(ENDED))
async def test_what_has_moved_on_never_fires(worker: ModuleType, last: OrderState, orders: list[OrderState]) -> None:
    heard = [last if order is CANCELLED else order for order in orders]
    assert await outcome(worker, heard) == ("ended", None, [])


@quick
@given(shuffled([CREATED, CHANGED, EXTENDED]))
async def test_what_has_fired_is_armed_again_by_an_extension(worker: ModuleType, orders: list[OrderState]) -> None:
    house = House(worker)
    await house.hear([CREATED])
    await house.ring(CREATED.expires_at)
    await house.hear(orders)
    state, waits, fired = await house.end()
    assert (state, waits) == ("armed", (EXTENDED.expires_at, 3))
    assert fired[0] == (rfc3339(CREATED.expires_at), rfc3339(CREATED.expires_at))
    assert fired[-1] == (rfc3339(EXTENDED.expires_at), rfc3339(EXTENDED.expires_at))
