"""An order and what may happen to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from common.clock import cut
from common.errors import AppError, NotOwner
from common.events import (
    HOLDING,
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    ORDER_UPDATED,
    CancelReason,
    ConfirmedPayment,
    OrderState,
    OrderStatus,
    PaymentState,
    ReservedTicket,
    Said,
)

from .errors import (
    AlreadyExtended,
    AlreadyPaid,
    AlreadyReserved,
    AlreadyYours,
    BeingPaid,
    NoLongerHeld,
    NothingToExtend,
)

_LED_TO = {
    "created": ORDER_CREATED,
    "awaiting:payment": ORDER_CONFIRMED,
    "complete": ORDER_COMPLETED,
    "cancelled": ORDER_CANCELLED,
}


NOBODY = "0" * 24
"""The buyer of an order that is forgotten."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long things may take, as set."""

    window: timedelta
    extension: timedelta
    grace: timedelta
    repeat_after: timedelta
    repeat_limit: timedelta


@dataclass(frozen=True, slots=True)
class Repeat:
    """At `at` the order is said again, if the answer it waits for is still missing; `delay` led up to that."""

    at: datetime
    delay: timedelta

    @classmethod
    def after(cls, delay: timedelta, moment: datetime) -> "Repeat":
        """So long from this moment."""
        return cls(cut(moment + delay), delay)


@dataclass(frozen=True, slots=True)
class Order:
    """Other services may know all but the last six fields, and a change to one of those raises the version as well.

    `extended`: its time was made longer, which happens once. `locked`: its ticket was heard to name it. `authorized`:
    money was heard to be held for it. `paid_version`: of the latest payment heard of. `repeat`: set while another
    service owes an answer. `set_back`: by a restore, so it may have been confirmed, and paid, since.
    """

    id: str
    number: int
    user_id: str
    created_at: datetime
    expires_at: datetime
    ticket: ReservedTicket
    version: int = 0
    status: OrderStatus = "created"
    reason: CancelReason | None = None
    payment: ConfirmedPayment | None = None
    refunded: bool = False
    extended: bool = False
    locked: bool = False
    authorized: ConfirmedPayment | None = None
    paid_version: int = -1
    repeat: Repeat | None = None
    set_back: bool = False

    @classmethod
    def forgotten(cls, identity: str, number: int, version: int, ticket: ReservedTicket, moment: datetime) -> "Order":
        """One that others know and orders does no more: over, so that its ticket and its money are let go.

        Nobody here knows whose it was; so of this end nobody is told, as of that which a buyer brings about.
        """
        return cls(
            identity, number, NOBODY, moment, moment, ticket, version=version, status="cancelled", reason="buyer"
        )

    @property
    def holds(self) -> bool:
        """Whether it has its ticket, so that no other order can."""
        return self.status in HOLDING

    @property
    def agreed(self) -> bool:
        """Whether its ticket and its payment have both been heard to say yes, whichever came first."""
        return self.locked and self.authorized is not None

    def refusal(self, user_id: str) -> AppError:
        """Why this user cannot reserve the ticket that this order holds."""
        if self.user_id != user_id:
            return AlreadyReserved(field="ticketId")
        return AlreadyYours(AlreadyYours.bought if self.status == "complete" else None, field="ticketId")

    def restored(self, moment: datetime) -> "Order":
        """Set back to what it was: where nobody had paid by then, its time begins again.

        That is over, or nearly so, and what became of the order since has still to be heard: perhaps it was paid.
        """
        expires_at = cut(moment + (self.expires_at - self.created_at)) if self.status == "created" else self.expires_at
        return replace(self, expires_at=expires_at)

    def seen_by(self, user_id: str) -> "Order":
        """Itself, to its owner."""
        if self.user_id != user_id:
            raise NotOwner
        return self

    def cancelled_by(self, user_id: str) -> "Outcome | None":
        """Given up by its buyer; once more changes nothing."""
        self.seen_by(user_id)
        if self.status == "awaiting:payment":
            raise BeingPaid
        if self.status == "complete":
            raise AlreadyPaid
        return self.cancelled("buyer")

    def extended_by(self, user_id: str, extension: timedelta, moment: datetime) -> "Outcome":
        """Held longer for its buyer: once, while nobody has begun to pay and its time still runs."""
        self.seen_by(user_id)
        if self.status in {"awaiting:payment", "complete"}:
            raise NothingToExtend
        if self.status == "cancelled" or self.remaining(moment) <= timedelta():
            raise NoLongerHeld
        if self.extended:
            raise AlreadyExtended
        return self._saved(extended=True, expires_at=self.expires_at + extension)

    def cancelled(self, reason: CancelReason) -> "Outcome | None":
        """Over, where nothing holds it but its time: None once it is being paid, paid or cancelled."""
        return self._saved(status="cancelled", reason=reason) if self.status == "created" else None

    def remaining(self, moment: datetime) -> timedelta:
        """How long its time still runs; zero or less when it is over."""
        return self.expires_at - moment

    def named(self) -> "Outcome | None":
        """What follows when a ticket is heard to name it, an old one too.

        A cancelled order has to tell its ticket again then. That raises the version even where a repeat is due
        already: so a sweep that is about to call it off, having read the ticket before, misses.
        """
        if self.status == "created" and not self.locked:
            return self._saved(locked=True)
        return self._saved(repeat=None) if self.status == "cancelled" else None

    def owes(self, payment: PaymentState) -> bool:
        """Whether this is the amount of the order."""
        return (payment.amount_cents, payment.currency) == (self.ticket.price_cents, self.ticket.currency)

    def heard(self, payment: PaymentState, *, repeat: bool) -> "Outcome | None":
        """What follows from the state of its payment; None where nothing does.

        An authorisation of a cancelled order is answered with the cancellation, or the money would stay held.
        """
        late = self._holds_in_vain(payment)
        if payment.version <= self.paid_version:
            return self.answer() if repeat or (late and payment.version == self.paid_version) else None
        if self.status == "cancelled":
            order, _ = self._saved(paid_version=payment.version)
            return order.answer() if late else (order, ())
        return self._saved(paid_version=payment.version, **self._following(payment))

    def _holds_in_vain(self, payment: PaymentState) -> bool:
        return payment.status == "authorized" and self.status == "cancelled"

    def _following(self, payment: PaymentState) -> dict[str, Any]:
        held = payment.status == "authorized" and self.owes(payment)
        confirmed = ConfirmedPayment(id=payment.id, attempt=payment.attempt, amount_cents=payment.amount_cents)
        change: dict[str, Any] = {"authorized": confirmed if held else None}
        if payment.status == "failed" and self.status != "complete":
            change |= {"status": "cancelled", "reason": "failed"}
        if payment.status in {"captured", "refunded"} and self.status == "awaiting:payment":
            change["status"] = "complete"
        if payment.status in {"captured", "refunded"} and self.status == "created" and self.set_back:
            change |= {"status": "complete", "payment": confirmed}
        if payment.status == "refunded":
            change["refunded"] = True
        return change

    def _saved(self, **change: Any) -> "Outcome":
        """With this change and what follows from it, and the event if others can see a difference."""
        order = replace(self, version=self.version + 1, **change)
        if order.status == "created" and order.agreed:
            order = replace(order, status="awaiting:payment", payment=order.authorized)
        if order.status != self.status:
            return order.answer()
        seen = (order.refunded, order.expires_at) != (self.refunded, self.expires_at)
        return order, (Said(ORDER_UPDATED, order.public()),) if seen else ()

    def scheduled(self, before: OrderStatus | None, after: timedelta, moment: datetime) -> "Order":
        """With a repeat while it waits for another service, counted from when it began to."""
        if not self.waits(named=True):
            return replace(self, repeat=None)
        fresh = self.repeat is None or self.status != before
        return replace(self, repeat=Repeat.after(after, moment)) if fresh else self

    def waits(self, *, named: bool) -> bool:
        """Whether another service owes an answer; `named`: as far as we know its ticket names it."""
        if self.status == "created":
            return not self.locked
        return self.status == "awaiting:payment" or (self.status == "cancelled" and named)

    def repeated(self, limit: timedelta, moment: datetime, *, named: bool) -> "Outcome":
        """Said again, in the same version; or no longer, where the answer has come."""
        if self.repeat is None or not self.waits(named=named):
            return replace(self, repeat=None), ()
        again = Repeat.after(min(self.repeat.delay * 2, limit), moment)
        return replace(self, repeat=again), (self.said(repeat=True),)

    def answer(self) -> "Outcome":
        """As it is, and says so."""
        return self, (self.said(),)

    def public(self) -> OrderState:
        """What other services may know."""
        return OrderState(
            id=self.id,
            number=self.number,
            version=self.version,
            status=self.status,
            reason=self.reason,
            user_id=self.user_id,
            expires_at=self.expires_at,
            ticket=self.ticket,
            payment=self.payment,
            refunded=self.refunded,
        )

    def said(self, *, repeat: bool = False) -> Said:
        """The event of the present state."""
        return Said(_LED_TO[self.status], self.public(), repeat)


Outcome = tuple[Order, Sequence[Said]]
"""What a decision leads to: the state and its events."""
