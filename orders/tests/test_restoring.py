"""After a restore: nobody's ticket is lost to a number that was given before, and nothing that is paid expires."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from common.events import ORDER_CANCELLED, ORDER_CREATED, OrderState, TicketState
from common.mongo import new_id, oid
from common.outbox import raised
from common.testing import Kit, serving
from common.testing.database import fake_backup
from common.web import Parts, restoring
from orders.app import create_app, create_service
from orders.domain import NOBODY
from orders.settings import Settings
from orders.store import renewals

from .factories import (
    BUYER,
    OTHER,
    complete,
    confirm,
    hear_payment,
    hear_ticket,
    list_ticket,
    locked,
    make_order,
    make_payment,
    make_ticket,
    reserve,
    status,
)

Restore = Callable[[], Awaitable[AsyncClient]]


@pytest.fixture
async def restore(kit: Kit, api: AsyncClient, tmp_path: Path) -> AsyncIterator[Restore]:
    """Called, the database is as a backup of this moment has it, and a process serves that has just started."""
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key, sweep_interval_seconds=3600)
    running: list[Any] = []

    async def restored() -> AsyncClient:
        assert (await api.get("/livez")).status_code == 200
        path = await fake_backup(kit.database, "orders", tmp_path, kit.clock())
        for one in running:
            await one.__aexit__(None, None, None)
        running.clear()
        kit.bus.leave("orders")
        kit.parts = Parts("orders", kit.database, kit.bus, kit.clock)
        command = restoring(renewals, lambda parts, _: create_service(settings, parts).restored)
        await command(kit.parts, str(path), "replace")
        await kit.parts.relay.flush()
        kit.parts = Parts("orders", kit.database, kit.bus, kit.clock)
        running.append(serving(create_app(settings, kit.parts)))
        return await running[-1].__aenter__()

    yield restored
    for one in running:
        await one.__aexit__(None, None, None)


def numbers(kit: Kit) -> dict[str, int]:
    """Of each order that was said, the last."""
    return {event.subject: event.data.number for event in said(kit)}


def said(kit: Kit) -> list[Any]:
    return [event for kind in (ORDER_CREATED, ORDER_CANCELLED) for event in kit.bus.events(kind)]


async def test_a_ticket_none_of_whose_reservations_is_left_gets_a_number_that_none_of_them_had(
    api: AsyncClient, kit: Kit, restore: Restore
) -> None:
    ticket = await list_ticket(kit)
    seen = 0
    for _ in range(2):  # the same database, empty but for the ticket, is restored twice
        api = await restore()
        for _ in range(3):
            order = await reserve(api, kit, ticket)
            await kit.settle()
            assert numbers(kit)[order["id"]] > seen
            seen = numbers(kit)[order["id"]]
            await api.delete(f"/api/orders/{order['id']}", headers=kit.signed_in(BUYER))
        await kit.database["orders"].delete_many({})
        kit.clock.advance(1)


async def test_without_a_restore_numbers_begin_at_one(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await kit.settle()
    assert numbers(kit) == {order["id"]: 1}


async def test_what_holds_its_ticket_keeps_it_and_what_is_over_takes_none(
    api: AsyncClient, kit: Kit, restore: Restore
) -> None:
    paid, being_paid = await make_order(api, kit), await make_order(api, kit)
    unpaid, given_up = await make_order(api, kit), await make_order(api, kit)
    await complete(kit, paid)
    await confirm(kit, being_paid)
    await api.delete(f"/api/orders/{given_up['id']}", headers=kit.signed_in(BUYER))
    await restore()
    found = {str(one["_id"]): one["number"] async for one in kit.database["orders"].find()}
    above = raised(1, kit.clock())
    assert found == {paid["id"]: above, being_paid["id"]: above, unpaid["id"]: above, given_up["id"]: 1}


async def test_what_nobody_had_paid_is_given_its_time_again(
    api: AsyncClient, kit: Kit, restore: Restore, sweep: Callable[[], Awaitable[None]]
) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(24 * 3600)
    api = await restore()
    await sweep()
    assert await status(api, kit, order) == ("created", None)
    event = kit.bus.events(ORDER_CREATED)[-1].data
    assert event.expires_at == kit.clock() + timedelta(minutes=15)
    assert event.version > 10**12


@pytest.mark.parametrize("payment", ["captured", "refunded"])
async def test_what_was_paid_meanwhile_is_complete(api: AsyncClient, kit: Kit, restore: Restore, payment: str) -> None:
    """Without the restore it could not be: nothing is captured before orders has confirmed it."""
    order = await make_order(api, kit)
    api = await restore()
    await hear_payment(kit, make_payment(order, payment, 5))
    assert await status(api, kit, order) == ("complete", None)


async def test_a_payment_that_was_made_meanwhile_is_confirmed(api: AsyncClient, kit: Kit, restore: Restore) -> None:
    order = await make_order(api, kit)
    api = await restore()
    await confirm(kit, order)
    assert await status(api, kit, order) == ("awaiting:payment", None)


# ---- orders that others know, and orders does no more
def named(ticket: TicketState, order_id: str) -> TicketState:
    return ticket.model_copy(update={"order_id": order_id, "version": ticket.version + 7})


async def test_a_ticket_that_is_locked_for_one_is_freed(api: AsyncClient, kit: Kit, restore: Restore) -> None:
    """Its last number was not known either; the cancellation has to be greater, or tickets would not hear it."""
    ticket, lost = await list_ticket(kit), new_id()
    api = await restore()
    await hear_ticket(kit, named(ticket, lost))
    (event,) = kit.bus.events(ORDER_CANCELLED)
    order: OrderState = event.data
    assert (order.id, order.ticket.id, order.status, order.user_id) == (lost, ticket.id, "cancelled", NOBODY)
    assert order.number > 10**12
    assert order.version > 10**12
    later = await reserve(api, kit, ticket)
    await kit.settle()
    assert numbers(kit)[later["id"]] > order.number


async def test_it_is_said_again_until_the_ticket_is_free(
    api: AsyncClient, kit: Kit, restore: Restore, sweep: Callable[[], Awaitable[None]]
) -> None:
    ticket, lost = await list_ticket(kit), new_id()
    api = await restore()
    await hear_ticket(kit, named(ticket, lost))
    assert (await api.get("/livez")).status_code == 200
    for _ in range(2):
        kit.clock.advance(61)
        await sweep()
    assert len(kit.bus.events(ORDER_CANCELLED)) == 2
    await hear_ticket(kit, ticket.model_copy(update={"version": ticket.version + 8}))
    for _ in range(3):
        kit.clock.advance(601)
        await sweep()
    assert len(kit.bus.events(ORDER_CANCELLED)) == 2


async def test_it_takes_the_ticket_from_nobody_who_has_it_by_now(api: AsyncClient, kit: Kit, restore: Restore) -> None:
    ticket, lost = await list_ticket(kit), new_id()
    api = await restore()
    order = await reserve(api, kit, ticket, OTHER)
    await hear_ticket(kit, named(ticket, lost))
    assert numbers(kit)[lost] < numbers(kit)[order["id"]]
    assert await status(api, kit, order) == ("created", None)


async def test_what_is_known_stays_as_it_is(api: AsyncClient, kit: Kit, restore: Restore) -> None:
    order = await make_order(api, kit)
    api = await restore()
    await hear_ticket(kit, locked(order))
    assert await status(api, kit, order) == ("created", None)
    assert kit.bus.events(ORDER_CANCELLED) == []


@pytest.mark.usefixtures("api")
async def test_a_database_that_was_never_restored_forgets_nobody(kit: Kit) -> None:
    """It may be one that is empty since it was lost, with its restore still to come."""
    await hear_ticket(kit, make_ticket(order_id=new_id(), version=3))
    assert kit.bus.events(ORDER_CANCELLED) == []
    assert await kit.database["orders"].count_documents({}) == 0


async def test_tickets_are_taken_anew(api: AsyncClient, kit: Kit, restore: Restore) -> None:
    ticket = await list_ticket(kit, version=9)
    api = await restore()
    await hear_ticket(kit, ticket.model_copy(update={"version": 4, "title": "as it was"}))
    found = await kit.database["tickets"].find_one({"_id": oid(ticket.id)})
    assert found is not None
    assert (found["title"], found["version"]) == ("as it was", 4)
    assert (await api.get("/livez")).status_code == 200
