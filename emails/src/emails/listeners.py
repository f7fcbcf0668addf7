"""NATS in: what emails hears."""

from common.events import ORDER_CANCELLED, ORDER_COMPLETED, USER_CREATED, Event, OrderState, UserState
from common.web import Subscriptions

from .service import Emails


async def user_changed(emails: Emails, event: Event[UserState]) -> None:
    """Somebody has this address now."""
    await emails.hear_user(event.data)


async def order_ended(emails: Emails, event: Event[OrderState]) -> None:
    """An order is complete or cancelled."""
    await emails.hear(event.data, event.time)


SUBSCRIPTIONS: Subscriptions[Emails] = {
    USER_CREATED: user_changed,
    ORDER_COMPLETED: order_ended,
    ORDER_CANCELLED: order_ended,
}
