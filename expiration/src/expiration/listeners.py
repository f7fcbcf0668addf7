"""NATS in: what expiration hears."""

from common.events import ORDER_EVENTS, Event, OrderState
from common.web import Subscriptions

from .service import Deadlines


async def order_changed(deadlines: Deadlines, event: Event[OrderState]) -> None:
    """An order is in this state now."""
    await deadlines.hear_order(event.data, repeat=event.repeat)


SUBSCRIPTIONS: Subscriptions[Deadlines] = dict.fromkeys(ORDER_EVENTS, order_changed)
