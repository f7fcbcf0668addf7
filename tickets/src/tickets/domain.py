"""A ticket and what may happen to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.errors import NotFound, NotOwner
from common.events import (
    HOLDING,
    RESERVATION_REJECTED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    OrderState,
    ReservationRejected,
    Said,
    TicketState,
)

from .errors import TicketReserved


@dataclass(frozen=True, slots=True)
class Ticket:
    """`order_id`: the order that holds it. `seen`: the latest (number, order version) heard of its reservations.

    `set_back`: by a restore, so it may have been changed, reserved and sold since.
    """

    id: str
    user_id: str
    title: str
    price_cents: int
    currency: str
    version: int = 0
    order_id: str | None = None
    seen: tuple[int, int] = (0, 0)
    deleted: bool = False
    set_back: bool = False

    @property
    def available(self) -> bool:
        """Whether it can be reserved."""
        return self.order_id is None and not self.deleted

    def edited(self, user_id: str, title: str, price_cents: int) -> "Ticket":
        """With another title and price."""
        self._allow(user_id)
        return replace(self, title=title, price_cents=price_cents, version=self.version + 1)

    def removed(self, user_id: str) -> "Ticket":
        """Taken down; it stays as a tombstone, which still refuses late reservations."""
        self._allow(user_id)
        return replace(self, deleted=True, version=self.version + 1)

    def _allow(self, user_id: str) -> None:
        if self.deleted:
            raise NotFound
        if self.user_id != user_id:
            raise NotOwner
        if self.order_id is not None:
            raise TicketReserved

    def heard(self, order: OrderState, *, repeat: bool) -> tuple["Ticket", Sequence[Said]] | None:
        """What follows from an order of this ticket; None where nothing does.

        Only a greater (number, version) changes anything, and it is saved even when nothing else changes. Contents are
        compared rather than versions: what was reserved is locked if it is still what is for sale.
        """
        pair = (order.number, order.version)
        holds = order.status in HOLDING
        refused = holds and self.order_id != order.id and not self._is(order) and not self._sold_by(order)
        if self._knows(pair):
            again = (self.rejection(order),) if refused and pair == self.seen else ()
            return (self, (self.said(), *again)) if repeat else None
        holder = order.id if holds and not refused else None
        ticket = replace(self, order_id=holder, seen=pair, version=self.version + 1)
        if self._sold_by(order):
            ticket = replace(ticket, title=order.ticket.title, price_cents=order.ticket.price_cents)
        events = [ticket.said()] if holder != self.order_id else []
        return ticket, [*events, ticket.rejection(order)] if refused else events

    def _knows(self, pair: tuple[int, int]) -> bool:
        return pair <= self.seen

    def _sold_by(self, order: OrderState) -> bool:
        """Whether a restore has set it back to before it was sold: it had been locked, so it was as it was reserved."""
        return self.set_back and not self.deleted and order.status == "complete"

    def _is(self, order: OrderState) -> bool:
        return not self.deleted and (self.title, self.price_cents) == (order.ticket.title, order.ticket.price_cents)

    def public(self) -> TicketState:
        """What everybody may know."""
        return TicketState(
            id=self.id,
            version=self.version,
            title=self.title,
            price_cents=self.price_cents,
            currency=self.currency,
            user_id=self.user_id,
            order_id=self.order_id,
            deleted=self.deleted,
        )

    def said(self) -> Said:
        """The event of the present state."""
        if self.deleted:
            return Said(TICKET_DELETED, self.public())
        return Said(TICKET_CREATED if self.version == 0 else TICKET_UPDATED, self.public())

    def rejection(self, order: OrderState) -> Said:
        """The answer to a reservation of what is not for sale, or no longer so."""
        reason = "deleted" if self.deleted else "changed"
        return Said(
            RESERVATION_REJECTED,
            ReservationRejected(order_id=order.id, number=order.number, reason=reason, ticket=self.public()),
        )
