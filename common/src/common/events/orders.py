"""Published by orders."""

from typing import Literal

from .envelope import EventData, EventType, Moment

OrderStatus = Literal["created", "awaiting:payment", "complete", "cancelled"]
CancelReason = Literal["buyer", "expired", "rejected", "failed"]
HOLDING: tuple[OrderStatus, ...] = ("created", "awaiting:payment", "complete")
"""An order in one of these has its ticket."""


class ReservedTicket(EventData):
    """The ticket as it was reserved."""

    id: str
    title: str
    price_cents: int
    currency: str


class ConfirmedPayment(EventData):
    """What payments may capture: this attempt, this amount, no other."""

    id: str
    attempt: int
    amount_cents: int


class OrderState(EventData):
    """An order. `number` counts the reservations of its ticket, from 1."""

    id: str
    number: int
    version: int
    status: OrderStatus
    reason: CancelReason | None = None
    user_id: str
    expires_at: Moment
    ticket: ReservedTicket
    payment: ConfirmedPayment | None = None
    refunded: bool = False


ORDER_CREATED = EventType("order.created.v1", OrderState)
ORDER_UPDATED = EventType("order.updated.v1", OrderState)
ORDER_CONFIRMED = EventType("order.confirmed.v1", OrderState)
ORDER_COMPLETED = EventType("order.completed.v1", OrderState)
ORDER_CANCELLED = EventType("order.cancelled.v1", OrderState)
ORDER_EVENTS = (ORDER_CREATED, ORDER_UPDATED, ORDER_CONFIRMED, ORDER_COMPLETED, ORDER_CANCELLED)
"""Each carries the whole state, so who follows orders takes them all alike."""
