"""When is whose turn: what remains to be done at Stripe, by saved state alone, and when to look again."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .domain import Payment, Task
from .known import KnownOrder

_FIRST, _LONGEST = timedelta(seconds=10), timedelta(minutes=5)
_HELD = frozenset({"pending", "open", "requires_action", "declined", "authorized"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times as the settings have them."""

    give_up: timedelta
    undecided: timedelta
    repeat_after: timedelta
    repeat_limit: timedelta

    def task(self, payment: Payment, order: KnownOrder, moment: datetime) -> Task | None:
        """What has to be done now. An open or asking intent is the buyer's turn until the order ends or falls silent.

        A capture needs orders' word for this payment, this attempt and this amount; any other word lets the money go.
        """
        if payment.status == "captured":
            return "refund" if payment.refund_at is not None and moment >= payment.refund_at else None
        if order.status == "cancelled":
            return "cancel" if payment.status in _HELD else None
        if payment.status == "pending":
            return "read" if moment >= payment.since + self.undecided else None
        if order.status == "awaiting:payment" and payment.status == "authorized":
            return "capture" if confirmed(payment, order) else "cancel"
        given_up = self._given_up_at(payment, order)
        return "cancel" if given_up is not None and moment >= given_up else None

    def repeats(self, payment: Payment, order: KnownOrder, moment: datetime) -> bool:
        """Whether an authorisation has to be said again, since its order has not moved."""
        return self._unheard(payment, order) and moment >= self._repeat_at(payment)

    def scheduled(self, payment: Payment, order: KnownOrder, moment: datetime) -> Payment:
        """With the time at which it is looked at next; a task that a worker is at keeps its own."""
        task = self.task(payment, order, moment)
        if task is None:
            return replace(payment, due_at=self._next_look(payment, order))
        return payment if task == payment.asking else replace(payment, due_at=moment)

    def again_at(self, payment: Payment, task: Task, moment: datetime) -> datetime:
        """When a task is tried again, should it not succeed now: 10 s, doubling, at most 5 minutes."""
        before = payment.asks if task == payment.asking else 0
        return moment + min(_LONGEST, _FIRST * (1 << min(before, 10)))

    def _next_look(self, payment: Payment, order: KnownOrder) -> datetime | None:
        if payment.status == "pending":
            return payment.since + self.undecided
        if payment.status == "captured":
            return payment.refund_at
        moments = [self._repeat_at(payment)] if self._unheard(payment, order) else []
        given_up = self._given_up_at(payment, order)
        return min([*moments, given_up] if given_up is not None else moments, default=None)

    def _given_up_at(self, payment: Payment, order: KnownOrder) -> datetime | None:
        """When an intent that could still hold money is let go, should its order stay silent until then."""
        return order.expires_at + self.give_up if order.status == "created" and payment.confirmable else None

    def _repeat_at(self, payment: Payment) -> datetime:
        wait = min(self.repeat_limit, self.repeat_after * (1 << min(payment.repeats, 20)))
        return (payment.repeated_at or payment.since) + wait

    @staticmethod
    def _unheard(payment: Payment, order: KnownOrder) -> bool:
        return payment.status == "authorized" and order.status == "created"


def confirmed(payment: Payment, order: KnownOrder) -> bool:
    """Whether orders confirmed this very payment."""
    word = order.payment
    ours = (payment.id, payment.attempt.number, payment.amount_cents)
    return word is not None and (word.id, word.attempt, word.amount_cents) == ours
