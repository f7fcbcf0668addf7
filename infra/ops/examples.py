"""One example of what each event carries."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from common.events import (
    EXPIRATION_COMPLETE,
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
    RESERVATION_REJECTED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    USER_CREATED,
    ConfirmedPayment,
    EventData,
    EventType,
    ExpirationComplete,
    OrderState,
    PaymentState,
    PaymentStatus,
    ReservationRejected,
    ReservedTicket,
    TicketState,
    UserState,
)

TIME = datetime(2026, 11, 21, 18, 42, 10, tzinfo=UTC)
_EXPIRES = TIME + timedelta(minutes=15)
_SELLER, _BUYER = "6920b3a1d4e5f60718293a4b", "6920b3b7d4e5f60718293a4c"
_TICKET, _ORDER, _PAYMENT = "6920b3c9d4e5f60718293a4d", "6920b3e2d4e5f60718293a4e", "6920b3f0d4e5f60718293a4f"
_TITLE, _CENTS, _CURRENCY = "Hadestown, Walter Kerr Theatre, orchestra L 8", 8450, "usd"

_free = TicketState(id=_TICKET, version=0, title=_TITLE, price_cents=_CENTS, currency=_CURRENCY, user_id=_SELLER)
_reserved = OrderState(
    id=_ORDER,
    number=1,
    version=0,
    status="created",
    user_id=_BUYER,
    expires_at=_EXPIRES,
    ticket=ReservedTicket(id=_TICKET, title=_TITLE, price_cents=_CENTS, currency=_CURRENCY),
)
_paid = ConfirmedPayment(id=_PAYMENT, attempt=1, amount_cents=_CENTS)


def _ticket(**changes: object) -> TicketState:
    return _free.model_copy(update=changes)


def _order(version: int, **changes: object) -> OrderState:
    return _reserved.model_copy(update={"version": version, **changes})


def _payment(version: int, status: PaymentStatus, decline_code: str | None = None) -> PaymentState:
    return PaymentState(
        id=_PAYMENT,
        order_id=_ORDER,
        user_id=_BUYER,
        version=version,
        attempt=1,
        status=status,
        amount_cents=_CENTS,
        currency=_CURRENCY,
        decline_code=decline_code,
    )


EXAMPLES: Mapping[EventType[Any], EventData] = {
    USER_CREATED: UserState(id=_BUYER, email="dana@example.com", version=0),
    TICKET_CREATED: _ticket(),
    TICKET_UPDATED: _ticket(version=1, order_id=_ORDER),
    TICKET_DELETED: _ticket(version=1, deleted=True),
    RESERVATION_REJECTED: ReservationRejected(
        order_id=_ORDER, number=1, reason="changed", ticket=_ticket(version=2, price_cents=9000)
    ),
    ORDER_CREATED: _order(0),
    ORDER_CONFIRMED: _order(2, status="awaiting:payment", payment=_paid),
    ORDER_COMPLETED: _order(3, status="complete", payment=_paid),
    ORDER_CANCELLED: _order(1, status="cancelled", reason="expired"),
    ORDER_UPDATED: _order(4, status="complete", payment=_paid, refunded=True),
    PAYMENT_AUTHORIZED: _payment(2, "authorized"),
    PAYMENT_DECLINED: _payment(2, "declined", "insufficient_funds"),
    PAYMENT_CREATED: _payment(3, "captured"),
    PAYMENT_FAILED: _payment(3, "failed"),
    PAYMENT_REFUNDED: _payment(4, "refunded"),
    EXPIRATION_COMPLETE: ExpirationComplete(order_id=_ORDER, expires_at=_EXPIRES),
}
