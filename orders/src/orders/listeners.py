"""NATS in: what orders hears."""

from common.events import (
    EXPIRATION_COMPLETE,
    PAYMENT_AUTHORIZED,
    PAYMENT_CREATED,
    PAYMENT_DECLINED,
    PAYMENT_FAILED,
    PAYMENT_REFUNDED,
    RESERVATION_REJECTED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    Event,
    ExpirationComplete,
    PaymentState,
    ReservationRejected,
    TicketState,
)
from common.web import Subscriptions

from .service import Orders


async def ticket_changed(orders: Orders, event: Event[TicketState]) -> None:
    """A ticket is in this state now."""
    await orders.hear_ticket(event.data)


async def reservation_rejected(orders: Orders, event: Event[ReservationRejected]) -> None:
    """Tickets refused a reservation."""
    await orders.hear_rejection(event.data)


async def time_over(orders: Orders, event: Event[ExpirationComplete]) -> None:
    """The time of an order is over, by expiration's clock."""
    await orders.hear_expiration(event.data, repeat=event.repeat)


async def payment_changed(orders: Orders, event: Event[PaymentState]) -> None:
    """The payment of some order is in this state now."""
    await orders.hear_payment(event.data, repeat=event.repeat)


SUBSCRIPTIONS: Subscriptions[Orders] = {
    TICKET_CREATED: ticket_changed,
    TICKET_UPDATED: ticket_changed,
    TICKET_DELETED: ticket_changed,
    RESERVATION_REJECTED: reservation_rejected,
    EXPIRATION_COMPLETE: time_over,
    PAYMENT_AUTHORIZED: payment_changed,
    PAYMENT_DECLINED: payment_changed,
    PAYMENT_CREATED: payment_changed,
    PAYMENT_FAILED: payment_changed,
    PAYMENT_REFUNDED: payment_changed,
}
