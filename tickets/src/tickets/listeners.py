"""NATS in: what tickets hears."""

from common.events import (
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    ORDER_UPDATED,
    Event,
    OrderState,
)
from common.web import Subscriptions

from .service import Tickets


async def order_changed(tickets: Tickets, event: Event[OrderState]) -> None:
    """An order of some ticket is in this state now."""
    await tickets.hear_order(event.data, repeat=event.repeat)


SUBSCRIPTIONS: Subscriptions[Tickets] = {
    ORDER_CREATED: order_changed,
    ORDER_UPDATED: order_changed,
    ORDER_CONFIRMED: order_changed,
    ORDER_COMPLETED: order_changed,
    ORDER_CANCELLED: order_changed,
}
