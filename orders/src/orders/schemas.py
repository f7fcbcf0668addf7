"""What requests carry and answers give."""

from typing import Self

from common.events import CancelReason, OrderStatus
from common.web import Body, Id, Moment, Price, price

from .domain import Order


class OrderIn(Body):
    """What a buyer wants."""

    ticket_id: Id


class TicketOut(Body):
    """The ticket as it was reserved."""

    id: str
    title: str
    price: Price


class OrderOut(Body):
    """An order as its buyer may see it."""

    id: str
    status: OrderStatus
    reason: CancelReason | None
    user_id: str
    created_at: Moment
    expires_at: Moment
    extended: bool
    refunded: bool
    version: int
    ticket: TicketOut

    @classmethod
    def of(cls, order: Order) -> Self:
        """The order's side that its buyer sees."""
        ticket = order.ticket
        return cls(
            id=order.id,
            status=order.status,
            reason=order.reason,
            user_id=order.user_id,
            created_at=order.created_at,
            expires_at=order.expires_at,
            extended=order.extended,
            refunded=order.refunded,
            version=order.version,
            ticket=TicketOut(id=ticket.id, title=ticket.title, price=price(ticket.price_cents)),
        )
