"""The use cases of tickets."""

from common.errors import NotFound, PreconditionFailed
from common.events import OrderState
from common.mongo import new_id
from common.outbox import Change

from .domain import Ticket
from .store import TicketStore


class Tickets:
    """Sellers list, change and take down; orders lock and free."""

    def __init__(self, store: TicketStore, currency: str) -> None:
        self._store = store
        self._currency = currency

    async def sell(self, user_id: str, title: str, price_cents: int) -> Ticket:
        """Puts a ticket on sale."""
        ticket = Ticket(new_id(), user_id, title, price_cents, self._currency)
        await self._store.tickets.insert(ticket, [ticket.said()])
        return ticket

    async def on_sale(self, q: str, sort: str, limit: int, after: tuple[int, str] | None) -> list[Ticket]:
        """A page of what can be bought now."""
        return await self._store.on_sale(q, sort, limit, after)

    async def get(self, ticket_id: str) -> Ticket:
        """The ticket; `NotFound` also where it was taken down."""
        ticket = await self._store.tickets.get(ticket_id)
        if ticket is None or ticket.deleted:
            raise NotFound
        return ticket

    async def edit(
        self, ticket_id: str, user_id: str, title: str, price_cents: int, versions: frozenset[int] | None
    ) -> Ticket:
        """Another title and price; where `versions` are given, only if it is one of these now."""

        def decide(ticket: Ticket) -> Change[Ticket]:
            edited = ticket.edited(user_id, title, price_cents)
            if versions is not None and ticket.version not in versions:
                raise PreconditionFailed
            return Change(edited, [edited.said()])

        return _found(await self._store.tickets.change(ticket_id, decide))

    async def remove(self, ticket_id: str, user_id: str) -> None:
        """Takes it down."""

        def decide(ticket: Ticket) -> Change[Ticket]:
            removed = ticket.removed(user_id)
            return Change(removed, [removed.said()])

        _found(await self._store.tickets.change(ticket_id, decide))

    async def hear_order(self, order: OrderState, *, repeat: bool) -> None:
        """Locks, frees or refuses, as the order says."""

        def decide(ticket: Ticket) -> Change[Ticket] | None:
            heard = ticket.heard(order, repeat=repeat)
            return None if heard is None else Change(*heard)

        await self._store.tickets.change(order.ticket.id, decide)

    async def announce(self) -> int:
        """Says the state of every ticket, tombstones included; how many."""
        return await self._store.tickets.announce(Ticket.said)


def _found(ticket: Ticket | None) -> Ticket:
    if ticket is None:
        raise NotFound
    return ticket
