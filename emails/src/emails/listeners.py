"""NATS in: what emails hears."""

from common.events import ORDER_CANCELLED, ORDER_COMPLETED, ORDER_UPDATED, USER_CREATED, Event, OrderState, UserState
from common.web import Subscriptions

from .service import Emails


async def user_changed(emails: Emails, event: Event[UserState]) -> None:
    """Somebody has this address now."""
    await emails.hear_user(event.data)


async def order_changed(emails: Emails, event: Event[OrderState]) -> None:
    """An order is complete, cancelled or refunded."""
    await emails.hear(event.data, event.time)


SUBSCRIPTIONS: Subscriptions[Emails] = {
    USER_CREATED: user_changed,
    ORDER_COMPLETED: order_changed,
    ORDER_CANCELLED: order_changed,
    ORDER_UPDATED: order_changed,
}
