"""The use cases of orders."""

import logging
from collections.abc import Callable
from functools import partial

from common.bus import NotYet
from common.clock import Clock, cut
from common.errors import Conflict, NotFound
from common.events import (
    ExpirationComplete,
    PaymentState,
    ReservationRejected,
    ReservedTicket,
    TicketState,
)
from common.mongo import eventually, new_id
from common.outbox import Change

from .domain import Order, Outcome, Times
from .errors import NoSuchTicket
from .store import OrderStore, TicketReplica

TRIES = 5
"""Numbers that a reservation may find taken before the buyer is told to try again."""
BATCH = 500
"""Orders that one query of a sweep brings."""

_log = logging.getLogger(__name__)


class Orders:
    """Buyers reserve and cancel; tickets, payments and the time say what becomes of it."""

    def __init__(self, store: OrderStore, tickets: TicketReplica, times: Times, clock: Clock) -> None:
        self._store = store
        self._tickets = tickets
        self._times = times
        self._clock = clock

    async def reserve(self, ticket_id: str, user_id: str) -> Order:
        """Reserves the ticket as it is for sale now. One insert decides who gets it; nothing is looked up before."""
        ticket = await eventually(partial(self._tickets.get, ticket_id), ticket_id, self._clock)
        if ticket is None or ticket.deleted:
            raise NoSuchTicket(field="ticketId")
        order_id = new_id()
        for _ in range(TRIES):
            order = self._new(order_id, await self._store.next_number(ticket_id), user_id, ticket)
            holder = await self._store.reserve(order)
            if holder is None:
                continue
            if holder.id != order.id:
                raise holder.refusal(user_id)
            return holder
        raise Conflict

    def _new(self, order_id: str, number: int, user_id: str, ticket: TicketState) -> Order:
        moment = self._clock()
        order = Order(order_id, number, user_id, moment, cut(moment + self._times.window), _reserved(ticket))
        return order.scheduled(None, self._times.repeat_after, moment)

    async def of(self, user_id: str, limit: int, after: str | None) -> list[Order]:
        """A page of this user's orders, newest first."""
        return await self._store.of(user_id, limit, after)

    async def get(self, order_id: str, user_id: str) -> Order:
        """The order, to its owner."""
        return _found(await self._store.orders.get(order_id)).seen_by(user_id)

    async def cancel(self, order_id: str, user_id: str) -> None:
        """Gives the reservation up, for its owner."""
        _found(await self._change(order_id, lambda order: order.cancelled_by(user_id)))

    async def extend(self, order_id: str, user_id: str) -> Order:
        """Makes the reservation longer, once, for its owner; everybody who watches its deadline hears the new one."""

        def decide(order: Order) -> Outcome:
            return order.extended_by(user_id, self._times.extension, self._clock())

        return _found(await self._change(order_id, decide))

    async def hear_ticket(self, ticket: TicketState) -> None:
        """Keeps the ticket if it is newer; newer or not, the order that it names learns so."""
        await self._tickets.save(ticket)
        if ticket.order_id is not None and await self._change(ticket.order_id, Order.named) is None:
            await self._forget(ticket.order_id, ticket)

    async def hear_rejection(self, rejected: ReservationRejected) -> None:
        """Keeps the ticket as it is, and cancels the order that wanted it otherwise."""
        await self.hear_ticket(rejected.ticket)
        await self._hear(rejected.order_id, lambda order: order.cancelled("rejected"))

    async def hear_expiration(self, expired: ExpirationComplete, *, repeat: bool) -> None:
        """Cancels what nobody has paid in time; `NotYet` while that time still runs by our own clock."""

        def decide(order: Order) -> Outcome | None:
            if order.status != "created":
                return order.answer() if repeat else None
            remaining = order.remaining(self._clock())
            if remaining.total_seconds() > 0:
                raise NotYet(remaining)
            return order.cancelled("expired")

        await self._hear(expired.order_id, decide)

    async def hear_payment(self, payment: PaymentState, *, repeat: bool) -> None:
        """Confirms, completes, cancels or marks as refunded, as the payment says."""

        def decide(order: Order) -> Outcome | None:
            if payment.status == "authorized" and not order.owes(payment):
                extra = {"order": order.id, "payment": payment.id, "amount_cents": payment.amount_cents}
                _log.error("another amount was authorised than the order's, so it is not confirmed", extra=extra)
            return order.heard(payment, repeat=repeat)

        await self._hear(payment.order_id, decide)

    async def cancel_overdue(self) -> int:
        """Cancels what expiration should have ended by now; how many."""
        before = self._clock() - self._times.grace
        count = 0
        while batch := await self._store.unpaid(before, BATCH):
            for order in batch:
                await self._change(order.id, lambda now: now.cancelled("expired") if now.expires_at < before else None)
            count += len(batch)
        return count

    async def say_again(self) -> int:
        """Says again what another service should have answered by now, a batch at most; how many were looked at."""
        moment = self._clock()
        batch = await self._store.waiting(moment, BATCH)
        named = await self._tickets.holders({one.ticket.id for one in batch if one.status == "cancelled"})
        for order in batch:
            outcome = order.repeated(self._times.repeat_limit, moment, named=order.id in named)
            await self._store.orders.change(order.id, partial(_unless_changed, order, outcome))
        return len(batch)

    async def announce(self) -> int:
        """Says the state of every order; how many."""
        return await self._store.orders.announce(Order.said)

    async def restored(self) -> int:
        """After a restore: no number is given twice, and everything is said; how many states."""
        await self._store.raise_floor(self._clock())
        return await self.announce()

    async def _forget(self, order_id: str, ticket: TicketState) -> None:
        """Ends an order that a ticket names and that is not known here, or the ticket would stay locked for it.

        Only in a database that was restored: in any other it means that a restore is still to come.
        """
        _log.error("a ticket names an order that is not known here", extra={"order": order_id, "ticket": ticket.id})
        floor = await self._store.find_floor()
        for _ in range(TRIES if floor else 0):
            number, moment = await self._store.number_of_old(ticket.id), self._clock()
            order = Order.forgotten(order_id, number, floor, _reserved(ticket), moment)
            order = order.scheduled(None, self._times.repeat_after, moment)
            if await self._store.put(order) or await self._store.orders.get(order_id) is not None:
                return

    async def _hear(self, order_id: str, decide: Callable[[Order], Outcome | None]) -> None:
        if await self._change(order_id, decide) is None:
            _log.error("an event names an order that is not known here", extra={"order": order_id})

    async def _change(self, order_id: str, decide: Callable[[Order], Outcome | None]) -> Order | None:
        """Decides and saves; whatever changes the order also says from when it is to be said again."""

        def change(order: Order) -> Change[Order] | None:
            outcome = decide(order)
            if outcome is None:
                return None
            state, events = outcome
            if state.version != order.version:
                state = state.scheduled(order.status, self._times.repeat_after, self._clock())
            return Change(state, events)

        return await self._store.orders.change(order_id, change)


def _unless_changed(seen: Order, outcome: Outcome, order: Order) -> Change[Order] | None:
    """What was decided on the order as it was seen; the next sweep looks again at one that has moved on."""
    return Change(*outcome) if order == seen else None


def _found(order: Order | None) -> Order:
    if order is None:
        raise NotFound
    return order


def _reserved(ticket: TicketState) -> ReservedTicket:
    return ReservedTicket(id=ticket.id, title=ticket.title, price_cents=ticket.price_cents, currency=ticket.currency)
