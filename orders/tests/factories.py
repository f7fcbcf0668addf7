"""Things that tests need, with what matters given."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient

from common.events import (
    EXPIRATION_COMPLETE,
    PAYMENT_AUTHORIZED,
    PAYMENT_CREATED,
    PAYMENT_DECLINED,
    PAYMENT_FAILED,
    PAYMENT_REFUNDED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    EventType,
    ExpirationComplete,
    PaymentState,
    TicketState,
)
from common.mongo import new_id
from common.testing import Kit
from orders.domain import Times

SELLER, BUYER, OTHER = new_id(), new_id(), new_id()
NEVER = "5" * 24
"""An id so old that nobody waits for its event."""
TIMES = Times(
    window=timedelta(minutes=15),
    extension=timedelta(minutes=5),
    grace=timedelta(seconds=20),
    repeat_after=timedelta(seconds=60),
    repeat_limit=timedelta(minutes=10),
)
"""As they are set by default."""
PAYMENTS: dict[str, EventType[PaymentState]] = {
    "authorized": PAYMENT_AUTHORIZED,
    "declined": PAYMENT_DECLINED,
    "captured": PAYMENT_CREATED,
    "failed": PAYMENT_FAILED,
    "refunded": PAYMENT_REFUNDED,
}


def make_ticket(**overrides: Any) -> TicketState:
    """A ticket of `SELLER`, as tickets announces it."""
    fields = {"id": new_id(), "version": 0, "title": "Hozier", "price_cents": 7550, "currency": "usd"}
    return TicketState(**(fields | {"user_id": SELLER} | overrides))


async def hear_ticket(kit: Kit, ticket: TicketState) -> None:
    """Its event arrives."""
    later = TICKET_DELETED if ticket.deleted else TICKET_UPDATED
    await kit.hear(later if ticket.version else TICKET_CREATED, ticket)


async def list_ticket(kit: Kit, **overrides: Any) -> TicketState:
    """A ticket that orders has heard of."""
    ticket = make_ticket(**overrides)
    await hear_ticket(kit, ticket)
    return ticket


async def reserve(api: AsyncClient, kit: Kit, ticket: TicketState, user: str = BUYER) -> dict[str, Any]:
    """A reservation, as the API answers it."""
    answer = await api.post("/api/orders", json={"ticketId": ticket.id}, headers=kit.signed_in(user))
    assert answer.status_code == 201, answer.text
    order: dict[str, Any] = answer.json()
    return order


async def make_order(api: AsyncClient, kit: Kit, **overrides: Any) -> dict[str, Any]:
    """A reservation of a ticket of its own."""
    return await reserve(api, kit, await list_ticket(kit, **overrides))


def locked(order: dict[str, Any], **overrides: Any) -> TicketState:
    """The ticket of this order, locked for it."""
    fields = {"id": order["ticket"]["id"], "version": 1, "order_id": order["id"]}
    return make_ticket(**(fields | overrides))


def make_payment(order: dict[str, Any], status: str, version: int, **overrides: Any) -> PaymentState:
    """The payment of this order, in this status."""
    fields = {"id": "a" * 24, "order_id": order["id"], "user_id": order["userId"], "version": version, "attempt": 1}
    fields |= {"status": status, "amount_cents": 7550, "currency": "usd"}
    return PaymentState(**(fields | overrides))


async def hear_payment(kit: Kit, payment: PaymentState, *, repeat: bool = False) -> None:
    """Its event arrives."""
    await kit.hear(PAYMENTS[payment.status], payment, repeat=repeat)


async def hear_expiration(kit: Kit, order: dict[str, Any], *, repeat: bool = False) -> None:
    """The timer of this order fires."""
    await kit.hear(
        EXPIRATION_COMPLETE, ExpirationComplete(order_id=order["id"], expires_at=order["expiresAt"]), repeat=repeat
    )


async def confirm(kit: Kit, order: dict[str, Any]) -> None:
    """It is locked and its money is held, so it waits for the capture."""
    await hear_ticket(kit, locked(order))
    await hear_payment(kit, make_payment(order, "authorized", 2))


async def complete(kit: Kit, order: dict[str, Any]) -> None:
    """It is paid."""
    await confirm(kit, order)
    await hear_payment(kit, make_payment(order, "captured", 3))


async def fetch(api: AsyncClient, kit: Kit, order: dict[str, Any]) -> dict[str, Any]:
    """The order as it is now."""
    answer = await api.get(f"/api/orders/{order['id']}", headers=kit.signed_in(order["userId"]))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def status(api: AsyncClient, kit: Kit, order: dict[str, Any]) -> tuple[str, str | None]:
    """Its status, and why it was cancelled."""
    found = await fetch(api, kit, order)
    return found["status"], found["reason"]
