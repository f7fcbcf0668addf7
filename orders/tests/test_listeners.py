"""What an order does with what it hears of its ticket and of its time."""

from typing import Any

import pytest
from httpx import AsyncClient

from common.events import (
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    RESERVATION_REJECTED,
    OrderState,
    ReservationRejected,
    TicketState,
)
from common.testing import Kit

from .factories import (
    BUYER,
    NEVER,
    OTHER,
    complete,
    confirm,
    fetch,
    hear_expiration,
    hear_payment,
    hear_ticket,
    list_ticket,
    locked,
    make_order,
    make_payment,
    reserve,
    status,
)


async def reject(kit: Kit, order: dict[str, Any], ticket: TicketState) -> None:
    rejected = ReservationRejected(order_id=order["id"], number=1, reason="changed", ticket=ticket)
    await kit.hear(RESERVATION_REJECTED, rejected)


def announced(kit: Kit) -> list[tuple[str, OrderState, bool]]:
    types = (ORDER_CREATED, ORDER_CONFIRMED, ORDER_COMPLETED, ORDER_CANCELLED)
    return [(one.name, event.data, event.repeat) for one in types for event in kit.bus.events(one)]


@pytest.mark.parametrize("first", ["ticket", "payment"])
async def test_confirmed_by_ticket_and_payment_in_either_order(api: AsyncClient, kit: Kit, first: str) -> None:
    order = await make_order(api, kit)
    payment = make_payment(order, "authorized", 2, attempt=3)
    if first == "payment":
        await hear_payment(kit, payment)
        assert await status(api, kit, order) == ("created", None)
    await hear_ticket(kit, locked(order))
    if first == "ticket":
        assert await status(api, kit, order) == ("created", None)
        await hear_payment(kit, payment)
    assert await status(api, kit, order) == ("awaiting:payment", None)
    (event,) = kit.bus.events(ORDER_CONFIRMED)
    confirmed = event.data.payment
    assert confirmed is not None
    assert (confirmed.id, confirmed.attempt, confirmed.amount_cents) == (payment.id, 3, 7550)
    assert event.data.version == (await fetch(api, kit, order))["version"] == 2


async def test_a_ticket_that_names_it_is_believed_though_it_is_old(api: AsyncClient, kit: Kit) -> None:
    """Crashed after the ticket was saved: delivered again it is not newer, and the order still has to learn of it."""
    order = await make_order(api, kit)
    await hear_ticket(kit, locked(order, version=5, order_id=None))
    await hear_ticket(kit, locked(order))
    await hear_payment(kit, make_payment(order, "authorized", 2))
    assert await status(api, kit, order) == ("awaiting:payment", None)


async def test_a_ticket_locked_for_another_order_confirms_nothing(api: AsyncClient, kit: Kit) -> None:
    order, another = await make_order(api, kit), await make_order(api, kit)
    await hear_ticket(kit, locked(order, order_id=another["id"]))
    await hear_payment(kit, make_payment(order, "authorized", 2))
    assert await status(api, kit, order) == ("created", None)


async def test_private_changes_raise_the_version_and_say_nothing(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await hear_ticket(kit, locked(order))
    await hear_ticket(kit, locked(order))
    assert (await fetch(api, kit, order))["version"] == 1
    await hear_payment(kit, make_payment(order, "declined", 2))
    assert (await fetch(api, kit, order))["version"] == 2
    assert [(data.version, repeat) for _, data, repeat in announced(kit)] == [(0, False)]


async def test_a_rejection_cancels_and_renews_the_ticket(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    order = await reserve(api, kit, ticket)
    await reject(kit, order, ticket.model_copy(update={"version": 1, "price_cents": 9900}))
    assert await status(api, kit, order) == ("cancelled", "rejected")
    assert [event.data.reason for event in kit.bus.events(ORDER_CANCELLED)] == ["rejected"]
    again = await reserve(api, kit, ticket, OTHER)
    assert again["ticket"]["price"] == 99.0


async def test_a_rejection_by_a_deleted_ticket_takes_it_off_sale(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    order = await reserve(api, kit, ticket)
    await reject(kit, order, ticket.model_copy(update={"version": 1, "deleted": True}))
    answer = await api.post("/api/orders", json={"ticketId": ticket.id}, headers=kit.signed_in(BUYER))
    assert answer.status_code == 404


@pytest.mark.parametrize("reach", [confirm, complete])
async def test_a_rejection_comes_too_late_for_what_is_confirmed(api: AsyncClient, kit: Kit, reach: Any) -> None:
    order = await make_order(api, kit)
    await reach(kit, order)
    before = await status(api, kit, order)
    await reject(kit, order, locked(order, version=0, order_id=None))
    assert await status(api, kit, order) == before


async def test_its_time_is_over_by_its_own_clock(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(899.9)
    await hear_expiration(kit, order)
    assert await status(api, kit, order) == ("created", None)
    kit.clock.advance(0.1)
    await kit.settle()
    assert await status(api, kit, order) == ("cancelled", "expired")
    assert kit.bus.dead_letters == []


@pytest.mark.parametrize("reach", [confirm, complete])
async def test_what_is_confirmed_never_expires(api: AsyncClient, kit: Kit, reach: Any) -> None:
    order = await make_order(api, kit)
    await reach(kit, order)
    before, said = await status(api, kit, order), len(announced(kit))
    kit.clock.advance(10_000)
    await hear_expiration(kit, order)
    assert (await status(api, kit, order), len(announced(kit))) == (before, said)


@pytest.mark.parametrize(
    ("reach", "kind"), [(confirm, ORDER_CONFIRMED), (complete, ORDER_COMPLETED), (None, ORDER_CANCELLED)]
)
async def test_an_expiration_said_again_is_answered(api: AsyncClient, kit: Kit, reach: Any, kind: Any) -> None:
    order = await make_order(api, kit)
    if reach:
        await reach(kit, order)
    else:
        await api.delete(f"/api/orders/{order['id']}", headers=kit.signed_in(BUYER))
    version = (await fetch(api, kit, order))["version"]
    await hear_expiration(kit, order, repeat=True)
    *_, answer = kit.bus.events(kind)
    assert len(kit.bus.events(kind)) == 2
    assert (answer.data.version, answer.repeat) == (version, False)
    assert (await fetch(api, kit, order))["version"] == version


async def test_an_event_of_an_order_that_is_not_known_leaves_a_trace(
    api: AsyncClient, kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await api.get("/livez")).status_code == 200
    unknown = {"id": NEVER, "userId": BUYER, "expiresAt": kit.clock()}
    await hear_expiration(kit, unknown)
    await hear_payment(kit, make_payment(unknown, "captured", 3))
    assert [record.levelname for record in caplog.records if "not known here" in record.message] == ["ERROR", "ERROR"]
    assert kit.bus.dead_letters == []
