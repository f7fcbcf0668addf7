"""What orders does by itself: ends what is overdue, and says again what nobody has answered."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from httpx import AsyncClient

from common.events import ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED, ORDER_CREATED, EventType, OrderState
from common.mongo import Database
from common.testing import Kit, serving
from orders import service
from orders.app import create_app
from orders.domain import Order
from orders.service import Orders
from orders.settings import Settings
from orders.store import OrderStore, TicketReplica

from .conftest import Sweep
from .factories import (
    BUYER,
    TIMES,
    complete,
    confirm,
    fetch,
    hear_payment,
    hear_ticket,
    list_ticket,
    locked,
    make_order,
    make_payment,
    reserve,
    status,
)


async def cancel(api: AsyncClient, kit: Kit, order: dict[str, Any]) -> None:
    answer = await api.delete(f"/api/orders/{order['id']}", headers=kit.signed_in(BUYER))
    assert answer.status_code == 204


def repeats(kit: Kit, kind: EventType[OrderState]) -> list[int]:
    """The versions that were said again."""
    return [event.data.version for event in kit.bus.events(kind) if event.repeat]


async def after(kit: Kit, sweep: Sweep, seconds: float) -> None:
    kit.clock.advance(seconds)
    await sweep()


async def test_what_is_overdue_is_cancelled_without_being_told(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    order = await make_order(api, kit)
    await after(kit, sweep, 920)
    assert await status(api, kit, order) == ("created", None)
    await after(kit, sweep, 0.001)
    assert await status(api, kit, order) == ("cancelled", "expired")
    assert [event.data.reason for event in kit.bus.events(ORDER_CANCELLED)] == ["expired"]


@pytest.mark.parametrize("reach", [confirm, complete])
async def test_what_is_confirmed_is_never_overdue(api: AsyncClient, kit: Kit, sweep: Sweep, reach: Any) -> None:
    order = await make_order(api, kit)
    await reach(kit, order)
    before = await status(api, kit, order)
    await after(kit, sweep, 10_000)
    assert await status(api, kit, order) == before


async def test_more_overdue_orders_than_one_batch(
    api: AsyncClient, kit: Kit, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    orders = [await make_order(api, kit) for _ in range(5)]
    await after(kit, sweep, 921)
    assert {await status(api, kit, order) for order in orders} == {("cancelled", "expired")}


class Behind(OrderStore):
    """What it finds overdue has been given more time since."""

    found: Sequence[Order] = ()

    async def unpaid(self, expired_before: datetime, limit: int) -> list[Order]:  # noqa: ARG002 (it does not look)
        batch, self.found = list(self.found), ()
        return batch


async def test_what_has_time_again_is_not_cancelled(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    store = Behind(kit.database, kit.parts.relay, kit.clock)
    store.found = await store.of(BUYER, 1, None)
    await Orders(store, TicketReplica(kit.database), TIMES, kit.clock).cancel_overdue()
    assert await status(api, kit, order) == ("created", None)


async def test_a_reservation_that_its_ticket_does_not_show(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    order = await make_order(api, kit)
    await after(kit, sweep, 59.9)
    assert repeats(kit, ORDER_CREATED) == []
    await after(kit, sweep, 0.1)
    await sweep()
    assert repeats(kit, ORDER_CREATED) == [0]
    first, again = kit.bus.events(ORDER_CREATED)
    assert first.id != again.id
    assert first.data == again.data
    assert await fetch(api, kit, order) == order
    await hear_ticket(kit, locked(order))
    await after(kit, sweep, 800)
    assert repeats(kit, ORDER_CREATED) == [0]


async def test_repeats_come_ever_more_slowly_up_to_a_limit(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    order = await make_order(api, kit)
    await confirm(kit, order)
    began, said = kit.clock(), []
    for _ in range(3_000 // 10):
        await after(kit, sweep, 10)
        if len(repeats(kit, ORDER_CONFIRMED)) > len(said):
            said.append((kit.clock() - began).total_seconds())
    assert said == [60, 180, 420, 900, 1500, 2100, 2700]
    assert set(repeats(kit, ORDER_CONFIRMED)) == {2}


async def test_each_status_waits_anew(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(50)
    await hear_payment(kit, make_payment(order, "authorized", 1))
    await hear_ticket(kit, locked(order))
    await after(kit, sweep, 59)
    assert repeats(kit, ORDER_CONFIRMED) == []
    await after(kit, sweep, 1)
    assert repeats(kit, ORDER_CONFIRMED) == [2]


async def test_news_of_its_payment_put_no_repeat_off(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(50)
    await hear_payment(kit, make_payment(order, "declined", 1))
    await after(kit, sweep, 10)
    assert repeats(kit, ORDER_CREATED) == [1]


async def test_what_is_complete_waits_for_nobody(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    await complete(kit, await make_order(api, kit))
    for _ in range(3):
        await after(kit, sweep, 600)
    assert [repeats(kit, kind) for kind in (ORDER_CREATED, ORDER_CONFIRMED, ORDER_COMPLETED)] == [[], [], []]


async def test_a_cancelled_order_that_its_ticket_still_names(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    order = await make_order(api, kit)
    await hear_ticket(kit, locked(order))
    await cancel(api, kit, order)
    await after(kit, sweep, 60)
    await after(kit, sweep, 120)
    assert repeats(kit, ORDER_CANCELLED) == [2, 2]
    await hear_ticket(kit, locked(order, version=2, order_id=None))
    await after(kit, sweep, 600)
    await after(kit, sweep, 600)
    assert repeats(kit, ORDER_CANCELLED) == [2, 2]


async def test_a_ticket_heard_late_to_name_a_cancelled_order(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    """Its ticket did not name it when it was cancelled, so it was quiet; now it has something to tell again."""
    order = await make_order(api, kit)
    await cancel(api, kit, order)
    await after(kit, sweep, 60)
    assert repeats(kit, ORDER_CANCELLED) == []
    await hear_ticket(kit, locked(order))
    await after(kit, sweep, 59)
    assert repeats(kit, ORDER_CANCELLED) == []
    await after(kit, sweep, 1)
    assert repeats(kit, ORDER_CANCELLED) == [2]


class Overtaken(TicketReplica):
    """While a sweep looks at it, something else happens."""

    def __init__(self, database: Database, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(database)
        self._meanwhile = meanwhile

    async def holders(self, ticket_ids: Iterable[str]) -> set[str]:
        named = await super().holders(ticket_ids)
        await self._meanwhile()
        return named


async def test_a_ticket_named_while_the_sweep_looks(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    """The sweep has read that the ticket names nobody; what is heard before it writes is not forgotten."""
    order = await make_order(api, kit)
    await cancel(api, kit, order)
    kit.clock.advance(60)
    store = OrderStore(kit.database, kit.parts.relay, kit.clock)
    replica = Overtaken(kit.database, partial(hear_ticket, kit, locked(order)))
    await Orders(store, replica, TIMES, kit.clock).say_again()
    await after(kit, sweep, 60)
    assert repeats(kit, ORDER_CANCELLED) == [2]


async def test_a_cancelled_order_whose_ticket_has_gone_to_another(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    ticket = await list_ticket(kit)
    order = await reserve(api, kit, ticket)
    await cancel(api, kit, order)
    another = await reserve(api, kit, ticket)
    await hear_ticket(kit, locked(order, version=4, order_id=another["id"]))
    await hear_ticket(kit, locked(order))
    await after(kit, sweep, 60)
    await after(kit, sweep, 600)
    assert repeats(kit, ORDER_CANCELLED) == []


async def test_no_repeats_pile_up_while_the_bus_is_down(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    await make_order(api, kit)
    await kit.settle()
    kit.bus.connected = False
    for _ in range(3):
        await after(kit, sweep, 300)
    kit.bus.connected = True
    await kit.settle()
    assert repeats(kit, ORDER_CREATED) == [0]


async def test_the_running_service_sweeps_by_itself(kit: Kit) -> None:
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key, sweep_interval_seconds=0.01)
    async with serving(create_app(settings, kit.parts)) as api:
        overdue = await make_order(api, kit)
        kit.clock.advance(921)
        waiting = await make_order(api, kit)
        kit.clock.advance(60)
        async with asyncio.timeout(20):
            while (await status(api, kit, overdue))[0] != "cancelled" or not repeats(kit, ORDER_CREATED):
                await asyncio.sleep(0.01)
                await kit.settle()
        assert await status(api, kit, waiting) == ("created", None)
