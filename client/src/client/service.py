"""The use cases of the shop: what the APIs do, and then waiting, within bounds, until the shop itself can show it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.clock import Clock
from common.errors import NotFound, NotOwner
from common.events import PaymentStatus
from common.mongo import eventually

from .backend import Backend, Payment, Session
from .catalogue import Catalogue
from .domain import Order, Search, Stage, Standing, Ticket, cursor_after, read_cursor, stage, standing
from .errors import AlreadyYours, Refused, Silent, Taken

PAGE = 24
"""Tickets on one page."""
OTHERS = 4
"""Tickets offered in place of one that is gone."""
PATIENCE = 2.0
"""Seconds to wait until a change can be seen, before showing what there is."""
_SHORTEST, _LONGEST = 0.02, 0.25
_RESERVED = "already-reserved"
"""How orders says that somebody else was first."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in, with the token that the APIs are shown."""

    id: str
    email: str
    token: str


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket, and what it is to the person looking."""

    ticket: Ticket
    standing: Standing


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of tickets; `total` is bounded (see `catalogue.COUNTED`), `next` names the page after it."""

    rows: Sequence[Row]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its buyer sees it. `ticket` is what became of the ticket; None where nobody told."""

    order: Order
    stage: Stage
    left: int
    """Whole seconds until the reservation ends; 0 where it has."""
    ticket: Row | None = None


class Shop:
    """What people do here."""

    def __init__(self, catalogue: Catalogue, backend: Backend, clock: Clock, patience: float = PATIENCE) -> None:
        """`patience`: seconds, see `PATIENCE`."""
        self._catalogue = catalogue
        self._backend = backend
        self._clock = clock
        self._patience = patience

    async def listing(self, search: Search, cursor: str, viewer: str | None) -> Listing:
        """What can be bought now."""
        after = read_cursor(cursor)
        tickets, total = await asyncio.gather(
            self._catalogue.for_sale(search, PAGE + 1, after), self._catalogue.count(search)
        )
        return self._page(tickets, total, viewer)

    async def fresh(self, search: Search, ticket_ids: Sequence[str]) -> int:
        """How many of these tickets a listing would show now."""
        return await self._catalogue.count(search, ticket_ids)

    async def rows(self, ticket_ids: Sequence[str], viewer: str | None) -> list[Row]:
        """These tickets as they are now, whatever they are."""
        return [self._row(one, viewer) for one in await self._catalogue.tickets(ticket_ids)]

    async def others(self, row: Row, viewer: str | None) -> list[Row]:
        """What else can be bought, for who came too late."""
        return [self._row(one, viewer) for one in await self._catalogue.alike(row.ticket, OTHERS)]

    async def own_listings(self, person: Person, cursor: str) -> Listing:
        """What this person has listed, with what became of it, as a buyer would see it."""
        after = read_cursor(cursor)
        tickets = await self._catalogue.own(person.id, PAGE + 1, after and after[1])
        return self._page(tickets, len(tickets), None)

    async def ticket(self, ticket_id: str, viewer: str | None) -> Row:
        """One ticket; `NotFound` also where it was taken down."""
        ticket = await eventually(lambda: self._catalogue.ticket(ticket_id), ticket_id, self._clock)
        if ticket is None or ticket.deleted:
            raise NotFound
        return self._row(ticket, viewer)

    async def own_ticket(self, person: Person, ticket_id: str) -> Row:
        """A ticket that this person may change; `NotOwner` for anybody else's."""
        row = await self.ticket(ticket_id, None)
        if row.ticket.user_id != person.id:
            raise NotOwner
        return row

    async def sell(self, person: Person, title: str, cents: int) -> str:
        """Puts a ticket on sale; its id."""
        written = await self._backend.sell(person.token, title, cents)
        await self._until_heard(written.id, lambda ticket: ticket.version >= written.version)
        return written.id

    async def change(self, person: Person, ticket_id: str, title: str, cents: int) -> None:
        """Another title and price."""
        written = await self._backend.change(person.token, ticket_id, title, cents)
        await self._until_heard(ticket_id, lambda ticket: ticket.version >= written.version)

    async def take_down(self, person: Person, ticket_id: str) -> None:
        """Removes a ticket from sale."""
        await self._backend.take_down(person.token, ticket_id)
        await self._until_heard(ticket_id, lambda ticket: ticket.deleted)

    async def reserve(self, person: Person, ticket_id: str) -> str:
        """Holds a ticket for this person; the order's id. `Taken` by somebody else, or `AlreadyYours`."""
        try:
            order = await self._backend.reserve(person.token, ticket_id)
        except Refused as refused:
            if refused.reason == AlreadyYours.code:
                raise AlreadyYours(await self._own_hold(person, ticket_id)) from refused
            if refused.reason != _RESERVED:
                raise
            await self._until_heard(ticket_id, lambda ticket: not ticket.free)
            raise Taken from refused
        await self._until_heard(ticket_id, lambda ticket: ticket.hold is not None and ticket.hold.order_id == order.id)
        return order.id

    async def orders(self, person: Person, cursor: str) -> tuple[list[OrderView], str]:
        """Some of this person's orders, newest first, and the cursor of those after them."""
        page = await self._backend.orders(person.token, cursor)
        payments = await self._catalogue.payments([one.id for one in page.orders])
        return [self._view(one, payments.get(one.id)) for one in page.orders], page.next

    async def order(self, person: Person, order_id: str) -> OrderView:
        """One of this person's orders, and what became of its ticket."""
        order = await self._backend.order(person.token, order_id)
        payments = await self._catalogue.payments([order_id])
        ticket = await self._catalogue.ticket(order.ticket_id)
        row = None if ticket is None or ticket.deleted else self._row(ticket, person.id)
        return self._view(order, payments.get(order_id), row)

    async def extend(self, person: Person, order_id: str) -> None:
        """Asks for the five minutes more that everybody can have once."""
        order = await self._backend.extend(person.token, order_id)

        def told(ticket: Ticket) -> bool:
            hold = ticket.hold
            return hold is None or hold.order_id != order_id or hold.version >= order.version

        await self._until_heard(order.ticket_id, told)

    async def let_go(self, person: Person, order_id: str) -> None:
        """Gives a reservation back."""
        order = await self._backend.order(person.token, order_id)
        await self._backend.let_go(person.token, order_id)
        await self._until_heard(order.ticket_id, lambda ticket: ticket.free or _held_by_another(ticket, order_id))

    async def payment(self, person: Person, order_id: str) -> Payment:
        """How a payment stands, after the buyer has been at their bank or asks again."""
        payment = await self._backend.payment(person.token, order_id)
        return await self._settling(person, order_id, payment)

    async def sign_up(self, email: str, password: str) -> Session:
        """A new account, signed in."""
        return await self._backend.sign_up(email, password)

    async def sign_in(self, email: str, password: str) -> Session:
        """Signs in."""
        return await self._backend.sign_in(email, password)

    async def sign_out(self, token: str) -> None:
        """Tells auth; the cookie is dropped whether or not it answers."""
        try:
            await self._backend.sign_out(token)
        except (Refused, Silent):
            return

    async def _own_hold(self, person: Person, ticket_id: str) -> str:
        page = await self._backend.orders(person.token)
        own = (one.id for one in page.orders if one.ticket_id == ticket_id and one.status != "cancelled")
        return next(own, "")

    async def _settling(self, person: Person, order_id: str, payment: Payment) -> Payment:
        if payment.status in {"authorized", "captured", "pending"}:

            async def settled() -> bool:
                try:
                    order = await self._backend.order(person.token, order_id)
                except (Refused, Silent):  # the payment is made whether or not orders can be asked about it now
                    return True
                return order.status in {"complete", "cancelled"}

            await self._until(settled)
        if payment.status == "declined":
            await self._until(lambda: self._has_heard(order_id, payment.status))
        return payment

    async def _has_heard(self, order_id: str, status: PaymentStatus) -> bool:
        return (await self._catalogue.payments([order_id])).get(order_id) == status

    async def _until_heard(self, ticket_id: str, shows: Callable[[Ticket], bool]) -> None:
        async def heard() -> bool:
            ticket = await self._catalogue.ticket(ticket_id)
            return ticket is not None and shows(ticket)

        await self._until(heard)

    async def _until(self, done: Callable[[], Awaitable[bool]]) -> None:
        loop = asyncio.get_running_loop()
        end, pause = loop.time() + self._patience, _SHORTEST
        while not await done() and loop.time() < end:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LONGEST)

    def _page(self, tickets: Sequence[Ticket], total: int, viewer: str | None) -> Listing:
        shown = tickets[:PAGE]
        more = cursor_after(shown[-1]) if len(tickets) > PAGE else None
        return Listing([self._row(one, viewer) for one in shown], total, more)

    def _row(self, ticket: Ticket, viewer: str | None) -> Row:
        return Row(ticket, standing(ticket, viewer, self._clock()))

    def _view(self, order: Order, payment: PaymentStatus | None, ticket: Row | None = None) -> OrderView:
        moment = self._clock()
        return OrderView(order, stage(order, payment, moment), _left(order.expires_at, moment), ticket)


def _left(until: datetime, moment: datetime) -> int:
    return max(0, int((until - moment).total_seconds()))


def _held_by_another(ticket: Ticket, order_id: str) -> bool:
    return ticket.hold is not None and ticket.hold.active and ticket.hold.order_id != order_id
