"""Mails, what makes one due, and when a failed one is tried again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from common.events import EventData, OrderState
from common.mongo import new_id

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
TRIES = 300
"""With the waits between them, three days."""

D = TypeVar("D", bound=EventData)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mail tells, and to whom; `at` is when it happened."""

    order_id: str
    user_id: str
    amount_cents: int
    currency: str
    at: datetime
    title: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is due: one of a kind for each order. `tries` is how often it failed."""

    id: str
    kind: str
    facts: Facts
    tries: int = 0

    def next_try(self, moment: datetime) -> datetime | None:
        """When it is tried again after failing now; None where it has failed often enough."""
        if self.tries + 1 >= TRIES:
            return None
        return moment + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self.tries, 10))


@dataclass(frozen=True, slots=True)
class Kind(Generic[D]):
    """One kind of mail. `name` is also the folder of its templates; `due` and `facts` read a state of `data`."""

    name: str
    data: type[D]
    due: Callable[[D], bool]
    facts: Callable[[D, datetime], Facts]
    """From the state and when it was said."""


def _of_order(order: OrderState, at: datetime) -> Facts:
    amount = order.payment.amount_cents if order.payment else order.ticket.price_cents
    return Facts(order.id, order.user_id, amount, order.ticket.currency, at, order.ticket.title)


KINDS: Sequence[Kind[Any]] = (
    Kind("order_completed", OrderState, lambda order: order.status == "complete", _of_order),
    Kind(
        "order_expired",
        OrderState,
        lambda order: order.status == "cancelled" and order.reason == "expired",
        lambda order, _: _of_order(order, order.expires_at),
    ),
    # Who cancels an order knows it; of any other end its buyer is told.
    Kind(
        "order_cancelled",
        OrderState,
        lambda order: order.status == "cancelled" and order.reason in {"failed", "rejected"},
        _of_order,
    ),
    Kind("order_refunded", OrderState, lambda order: order.refunded, _of_order),
)


def mails_due(state: EventData, said: datetime) -> list[Mail]:
    """The mails that this state makes due, whatever type of event it came in."""
    return [
        Mail(new_id(), kind.name, kind.facts(state, said))
        for kind in KINDS
        if isinstance(state, kind.data) and kind.due(state)
    ]
