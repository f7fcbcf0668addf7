"""An order as payments knows it from its events."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from common.errors import NotOwner
from common.events import CancelReason, ConfirmedPayment, OrderState, OrderStatus

from .errors import AlreadyPaid, BeingPaid, OrderCancelled, OrderExpired, WrongCurrency


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """`payment`: what may be captured, once orders has decided so."""

    id: str
    version: int
    status: OrderStatus
    user_id: str
    expires_at: datetime
    amount_cents: int
    currency: str
    reason: CancelReason | None = None
    payment: ConfirmedPayment | None = None

    @classmethod
    def of(cls, order: OrderState) -> Self:
        """What an event told."""
        return cls(
            id=order.id,
            version=order.version,
            status=order.status,
            user_id=order.user_id,
            expires_at=order.expires_at,
            amount_cents=order.ticket.price_cents,
            currency=order.ticket.currency,
            reason=order.reason,
            payment=order.payment,
        )

    def of_user(self, user_id: str) -> Self:
        """Itself, where it is this user's."""
        if self.user_id != user_id:
            raise NotOwner
        return self

    def allow(self, moment: datetime, currency: str) -> None:
        """Raises why it cannot be paid now, by our own clock."""
        if self.status == "cancelled":
            raise OrderExpired if self.reason == "expired" else OrderCancelled
        if self.status == "complete":
            raise AlreadyPaid
        if self.status == "awaiting:payment":
            raise BeingPaid
        if moment >= self.expires_at:
            raise OrderExpired
        if self.currency != currency:
            raise WrongCurrency
