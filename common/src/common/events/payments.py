"""Published by payments."""

from typing import Literal

from .envelope import EventData, EventType

PaymentStatus = Literal[
    "pending", "open", "requires_action", "authorized", "captured", "cancelled", "declined", "failed", "refunded"
]


class PaymentState(EventData):
    """The payment of an order; `attempt` counts its intents at Stripe, from 1."""

    id: str
    order_id: str
    user_id: str
    version: int
    attempt: int
    status: PaymentStatus
    amount_cents: int
    currency: str
    decline_code: str | None = None


PAYMENT_AUTHORIZED = EventType("payment.authorized.v1", PaymentState)
PAYMENT_DECLINED = EventType("payment.declined.v1", PaymentState)
PAYMENT_CREATED = EventType("payment.created.v1", PaymentState)
PAYMENT_FAILED = EventType("payment.failed.v1", PaymentState)
PAYMENT_REFUNDED = EventType("payment.refunded.v1", PaymentState)
