"""NATS in: what payments hears."""

from common.events import ORDER_EVENTS, Event, OrderState
from common.web import Subscriptions

from .service import Payments


async def order_changed(payments: Payments, event: Event[OrderState]) -> None:
    """An order is in this state now."""
    await payments.hear_order(event.data, repeat=event.repeat)


SUBSCRIPTIONS: Subscriptions[Payments] = dict.fromkeys(ORDER_EVENTS, order_changed)
