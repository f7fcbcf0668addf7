"""What a ticket does with what it hears: the same whatever the order of delivery, and however often."""

from typing import Any

import pytest
from httpx import AsyncClient

from common.events import (
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CREATED,
    RESERVATION_REJECTED,
    TICKET_UPDATED,
    OrderState,
)
from common.testing import Kit

from .factories import SELLER, make_order, make_ticket

TYPES = {"created": ORDER_CREATED, "complete": ORDER_COMPLETED, "cancelled": ORDER_CANCELLED}


async def hear(kit: Kit, order: OrderState, *, repeat: bool = False) -> None:
    await kit.hear(TYPES[order.status], order, repeat=repeat)


async def holder(api: AsyncClient, ticket: dict[str, Any]) -> str | None:
    found: str | None = (await api.get(f"/api/tickets/{ticket['id']}")).json()["orderId"]
    return found


async def test_an_order_locks_and_a_cancellation_frees(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    order = make_order(ticket)
    await hear(kit, order)
    assert await holder(api, ticket) == order.id
    assert kit.bus.events(TICKET_UPDATED)[-1].data.order_id == order.id
    await hear(kit, order.model_copy(update={"status": "cancelled", "version": 1}))
    assert await holder(api, ticket) is None


async def test_an_order_that_comes_after_its_cancellation_locks_nothing(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    order = make_order(ticket)
    await hear(kit, order.model_copy(update={"status": "cancelled", "version": 1}))
    await hear(kit, order)
    assert await holder(api, ticket) is None


async def test_an_older_reservation_takes_nothing_from_a_newer_one(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    first, second = make_order(ticket, number=1), make_order(ticket, number=2)
    await hear(kit, second)
    await hear(kit, first)
    await hear(kit, first.model_copy(update={"status": "cancelled", "version": 9}))
    assert await holder(api, ticket) == second.id


@pytest.mark.parametrize("status", ["created", "cancelled"])
async def test_a_newer_reservation_frees_the_ticket_from_an_older_one(api: AsyncClient, kit: Kit, status: str) -> None:
    ticket = await make_ticket(api, kit)
    await hear(kit, make_order(ticket, number=1))
    newer = make_order(ticket, number=2, status=status)
    await hear(kit, newer)
    assert await holder(api, ticket) == (newer.id if status == "created" else None)


@pytest.mark.parametrize("change", ["edit", "delete"])
async def test_what_is_no_longer_for_sale_is_refused(api: AsyncClient, kit: Kit, change: str) -> None:
    ticket = await make_ticket(api, kit)
    path, headers = f"/api/tickets/{ticket['id']}", kit.signed_in(SELLER)
    if change == "edit":
        await api.put(path, json={"title": "Hozier", "price": 80}, headers=headers)
    else:
        await api.delete(path, headers=headers)
    order = make_order(ticket)
    await hear(kit, order)
    (rejected,) = kit.bus.events(RESERVATION_REJECTED)
    assert (rejected.data.order_id, rejected.data.number) == (order.id, 1)
    assert rejected.data.reason == ("changed" if change == "edit" else "deleted")
    assert (rejected.data.ticket.price_cents, rejected.data.ticket.deleted) == (
        (8000, False) if change == "edit" else (7500, True)
    )
    await hear(kit, order, repeat=True)
    assert len(kit.bus.events(RESERVATION_REJECTED)) == 2


async def test_an_edit_back_to_what_was_reserved_is_locked(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    path, headers = f"/api/tickets/{ticket['id']}", kit.signed_in(SELLER)
    await api.put(path, json={"title": "Hozier", "price": 80}, headers=headers)
    await api.put(path, json={"title": "Hozier", "price": 75}, headers=headers)
    order = make_order(ticket)
    await hear(kit, order)
    assert await holder(api, ticket) == order.id


async def test_only_a_repeat_is_answered_and_an_old_one_too(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    order = make_order(ticket, version=3)
    await hear(kit, order)
    said = len(kit.bus.events(TICKET_UPDATED))
    await hear(kit, order)
    assert len(kit.bus.events(TICKET_UPDATED)) == said
    await hear(kit, order, repeat=True)
    await hear(kit, order.model_copy(update={"version": 1}), repeat=True)
    events = kit.bus.events(TICKET_UPDATED)[said:]
    assert [(event.data.version, event.repeat) for event in events] == [(1, False), (1, False)]


async def test_a_sold_ticket_stays_with_its_order(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    order = make_order(ticket)
    await hear(kit, order)
    await hear(kit, order.model_copy(update={"status": "complete", "version": 2}))
    assert await holder(api, ticket) == order.id
    assert (await api.get("/api/tickets")).json() == []
