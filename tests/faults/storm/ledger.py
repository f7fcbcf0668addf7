"""What people were promised: every acknowledged write, to be compared with what is there in the end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from common.clock import now

Json = dict[str, Any]
ENDED = frozenset({"complete", "cancelled"})
Content = tuple[str, float]
"""Title and price."""


@dataclass(slots=True)
class TicketNote:
    """`contents`: what it may say, which is the last acknowledged, or anything whose answer never came."""

    id: str
    owner: int
    contents: set[Content]
    unclear: set[Content] = field(default_factory=set)
    maybe_gone: bool = False
    gone: bool = False
    gone_at: datetime | None = None
    sold: bool = False
    holder: str | None = None
    held_at: datetime | None = None
    listed_at: datetime = field(default_factory=now)

    def edited(self, content: Content) -> None:
        """An edit was acknowledged."""
        self.contents = {content}

    def released(self) -> None:
        """Whoever held it holds it no more, or may not."""
        self.holder = self.held_at = None


@dataclass(slots=True)
class OrderNote:
    """`paying`: its buyer tried a card that can succeed; `paid_at`: a payment was acknowledged."""

    id: str
    owner: int
    ticket: str
    expires_at: datetime
    made_at: datetime
    acknowledged: bool
    status: str = "created"
    reason: str | None = None
    given_up: bool = False
    paying: bool = False
    paid_at: datetime | None = None


class Ledger:
    """Tickets and orders by id, newest last."""

    def __init__(self) -> None:
        self.tickets: dict[str, TicketNote] = {}
        self.orders: dict[str, OrderNote] = {}
        self.ends: list[tuple[datetime, str, OrderNote]] = []
        """When an order was first seen to have ended, and how: `complete`, or why it was cancelled."""

    def ticket(self, body: Json, owner: int) -> TicketNote:
        """A ticket was put on sale."""
        note = TicketNote(body["id"], owner, {(body["title"], body["price"])})
        self.tickets[note.id] = note
        return note

    def order(self, body: Json, owner: int, *, acknowledged: bool) -> OrderNote:
        """An order was made, or found; what is known of it already stays."""
        note = self.orders.get(body["id"])
        if note is None:
            expires, made = datetime.fromisoformat(body["expiresAt"]), datetime.fromisoformat(body["createdAt"])
            note = OrderNote(body["id"], owner, body["ticket"]["id"], expires, made, acknowledged)
            self.orders[note.id] = note
        if body["status"] == "created" and (ticket := self.tickets.get(note.ticket)) and acknowledged:
            ticket.holder, ticket.held_at = note.id, now()
        return note

    def on_sale(self, most: int = 30) -> list[TicketNote]:
        """The newest tickets that nobody is known to hold, newest first."""
        free = (one for one in reversed(self.tickets.values()) if not (one.gone or one.sold or one.holder))
        return [one for one, _ in zip(free, range(most), strict=False)]

    def own_tickets(self, owner: int) -> list[TicketNote]:
        """Those of one seller that can still be changed, as far as is known."""
        return [one for one in self.tickets.values() if one.owner == owner and not one.gone and not one.sold]

    def open_orders(self, owner: int) -> list[OrderNote]:
        """Those of one buyer that are not known to have ended, oldest first."""
        return [one for one in self.orders.values() if one.owner == owner and one.status not in ENDED]

    def own_orders(self, owner: int, most: int = 20) -> list[OrderNote]:
        """The last ones of one buyer, in whatever state."""
        return [one for one in self.orders.values() if one.owner == owner][-most:]

    def saw(self, note: OrderNote, body: Json) -> None:
        """An order was read."""
        if note.status not in ENDED and body["status"] in ENDED:
            self.ends.append((now(), body["reason"] or body["status"], note))
        note.status, note.reason = body["status"], body["reason"]
        note.expires_at = datetime.fromisoformat(body["expiresAt"])
        ticket = self.tickets.get(note.ticket)
        if ticket is None:
            return
        if note.status == "complete":
            ticket.sold = True
        elif note.status == "cancelled" and ticket.holder == note.id:
            ticket.released()

    def is_held(self, ticket_id: str, for_seconds: float) -> bool:
        """Whether it cannot be bought for so long already: taken down, or held for an order that still has time."""
        note = self.tickets.get(ticket_id)
        if note is None:
            return False
        since, moment = timedelta(seconds=for_seconds), now()
        if note.gone and note.gone_at is not None:
            return moment - note.gone_at > since
        order = self.orders.get(note.holder or "")
        if order is None or note.held_at is None or order.status == "cancelled":
            return False
        has_time = order.expires_at > moment + since or note.sold
        return has_time and moment - note.held_at > since
