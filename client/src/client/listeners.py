"""NATS in: what the shop hears. A replica takes what is newer and owes nobody an answer, repeat or not."""

from dataclasses import dataclass

from common.events import (
    HOLDING,
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
from .live import Hub


async def ticket_changed(catalogue: Catalogue, event: Event[TicketState]) -> None:
    """A ticket is in this state now."""
    await catalogue.hear_ticket(event.data)


async def order_changed(catalogue: Catalogue, event: Event[OrderState]) -> None:
    """An order of some ticket is in this state now."""
    await catalogue.hear_order(event.data)


async def payment_changed(catalogue: Catalogue, event: Event[PaymentState]) -> None:
    """The payment of some order is in this state now."""
    await catalogue.hear_payment(event.data)


@dataclass(frozen=True, slots=True)
class Sight:
    """What every process does with an event beside hearing it once for all of them: tells those who look.

    It saves it too: the process that hears it may be a moment behind, and what is told must be there to be read.
    """

    catalogue: Catalogue
    hub: Hub


async def ticket_seen(sight: Sight, event: Event[TicketState]) -> None:
    """For everybody who has it before their eyes."""
    await sight.catalogue.hear_ticket(event.data)
    sight.hub.ticket_changed(event.data.id, may_be_free=event.data.order_id is None and not event.data.deleted)


async def order_seen(sight: Sight, event: Event[OrderState]) -> None:
    """For everybody who has its ticket before their eyes, and for whose order it is."""
    order = event.data
    await sight.catalogue.hear_order(order)
    sight.hub.ticket_changed(order.ticket.id, may_be_free=order.status not in HOLDING)
    sight.hub.order_moved(order.id, order.user_id)


async def payment_seen(sight: Sight, event: Event[PaymentState]) -> None:
    """For whose payment it is."""
    await sight.catalogue.hear_payment(event.data)
    sight.hub.order_moved(event.data.order_id, event.data.user_id)


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

WATCHED: Subscriptions[Sight] = {
    TICKET_CREATED: ticket_seen,
    TICKET_UPDATED: ticket_seen,
    TICKET_DELETED: ticket_seen,
    ORDER_CREATED: order_seen,
    ORDER_UPDATED: order_seen,
    ORDER_CONFIRMED: order_seen,
    ORDER_COMPLETED: order_seen,
    ORDER_CANCELLED: order_seen,
    PAYMENT_AUTHORIZED: payment_seen,
    PAYMENT_DECLINED: payment_seen,
    PAYMENT_CREATED: payment_seen,
    PAYMENT_FAILED: payment_seen,
    PAYMENT_REFUNDED: payment_seen,
}
