"""NATS in: what the shop hears. A replica takes what is newer and owes nobody an answer, repeat or not."""

from common.events import (
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    ORDER_UPDATED,
    PAYMENT_AUTHORIZED,
    PAYMENT_CREATED,
    PAYMENT_DECLINED,
    PAYMENT_FAILED,
    PAYMENT_REFUNDED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    Event,
    OrderState,
    PaymentState,
    TicketState,
)
from common.web import Subscriptions

from .catalogue import Catalogue


async def ticket_changed(catalogue: Catalogue, event: Event[TicketState]) -> None:
    """A ticket is in this state now."""
    await catalogue.hear_ticket(event.data)


async def order_changed(catalogue: Catalogue, event: Event[OrderState]) -> None:
    """An order of some ticket is in this state now."""
    await catalogue.hear_order(event.data)


async def payment_changed(catalogue: Catalogue, event: Event[PaymentState]) -> None:
    """The payment of some order is in this state now."""
    await catalogue.hear_payment(event.data)


SUBSCRIPTIONS: Subscriptions[Catalogue] = {
    TICKET_CREATED: ticket_changed,
    TICKET_UPDATED: ticket_changed,
    TICKET_DELETED: ticket_changed,
    ORDER_CREATED: order_changed,
    ORDER_UPDATED: order_changed,
    ORDER_CONFIRMED: order_changed,
    ORDER_COMPLETED: order_changed,
    ORDER_CANCELLED: order_changed,
    PAYMENT_AUTHORIZED: payment_changed,
    PAYMENT_DECLINED: payment_changed,
    PAYMENT_CREATED: payment_changed,
    PAYMENT_FAILED: payment_changed,
    PAYMENT_REFUNDED: payment_changed,
}
