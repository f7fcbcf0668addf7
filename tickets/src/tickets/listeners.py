"""NATS in: what tickets hears."""

from common.events import ORDER_EVENTS, Event, OrderState
from common.web import Subscriptions

from .service import Tickets


async def order_changed(tickets: Tickets, event: Event[OrderState]) -> None:
    """An order of some ticket is in this state now."""
    await tickets.hear_order(event.data, repeat=event.repeat)


SUBSCRIPTIONS: Subscriptions[Tickets] = dict.fromkeys(ORDER_EVENTS, order_changed)
