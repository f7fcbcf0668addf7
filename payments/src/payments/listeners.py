"""NATS in: what payments hears."""

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

from .service import Payments


async def order_changed(payments: Payments, event: Event[OrderState]) -> None:
    """An order is in this state now."""
    await payments.hear_order(event.data, repeat=event.repeat)


SUBSCRIPTIONS: Subscriptions[Payments] = {
    ORDER_CREATED: order_changed,
    ORDER_UPDATED: order_changed,
    ORDER_CONFIRMED: order_changed,
    ORDER_COMPLETED: order_changed,
    ORDER_CANCELLED: order_changed,
}
