"""Published by tickets."""

from typing import Literal

from .envelope import EventData, EventType


class TicketState(EventData):
    """A ticket; `order_id` names the order it is locked for or sold to."""

    id: str
    version: int
    title: str
    price_cents: int
    currency: str
    user_id: str
    order_id: str | None = None
    deleted: bool = False


class ReservationRejected(EventData):
    """Tickets refused a reservation: what was reserved is not what is for sale. Carries the ticket as it is."""

    order_id: str
    number: int
    reason: Literal["changed", "deleted"]
    ticket: TicketState

    @property
    def subject(self) -> str:
        return self.ticket.id


TICKET_CREATED = EventType("ticket.created.v1", TicketState)
TICKET_UPDATED = EventType("ticket.updated.v1", TicketState)
TICKET_DELETED = EventType("ticket.deleted.v1", TicketState)
RESERVATION_REJECTED = EventType("reservation.rejected.v1", ReservationRejected)
