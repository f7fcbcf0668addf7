"""Guards in `common`, and those that every listener has."""

from collections.abc import Sequence
from typing import Any

from common.events import OrderState, Said, TicketState
from common.mongo import Document, oid
from common.outbox import Aggregates, Change, collection
from common.outbox.entry import entry
from expiration.service import Deadlines
from orders.domain import Order
from orders.service import Orders
from payments.service import Payments
from tickets.domain import Ticket
from tickets.service import Tickets

from .switch import Switch

_ANSWERING = ((Tickets, "hear_order"), (Payments, "hear_order"), (Deadlines, "hear_order"))
_ORDERS_ANSWERS = ("hear_expiration", "hear_payment")


def outbox(switch: Switch) -> None:
    """Events are queued in the process that wrote, and nowhere else."""

    def queue(aggregates: Aggregates[Any], identity: str, events: Sequence[Said]) -> None:
        entries = [entry(one, aggregates._relay.source, aggregates._clock) for one in events]
        switch.hit(entries)
        aggregates._relay.kick(aggregates.collection, oid(identity), entries)

    def inserting(insert: Any) -> Any:
        async def off(self: Aggregates[Any], state: Any, events: Sequence[Said]) -> None:
            await insert(self, state, ())
            queue(self, state.id, events)

        return off

    def writing(write: Any) -> Any:
        async def off(self: Aggregates[Any], document: Document, change: Change[Any]) -> bool:
            written: bool = await write(self, document, Change(change.state, ()))
            if written:
                queue(self, change.state.id, change.events)
            return written

        return off

    switch.replace(Aggregates, "insert", inserting)
    switch.replace(Aggregates, "_write", writing)


def cas(switch: Switch) -> None:
    """The last one to write wins."""

    def by_id(_: Any) -> Any:
        def query(document: Document) -> Document:
            switch.hit()
            return {"_id": document["_id"]}

        return query

    switch.replace(collection, "_as_loaded", by_id)


def answer(switch: Switch) -> None:
    """A repeat is taken like any other event."""
    _treat_as_repeats(switch, repeats=False)


def onlyrepeats(switch: Switch) -> None:
    """Whatever is not news is answered, repeat or not; of a ticket, too."""

    def hearing(hear_ticket: Any) -> Any:
        async def hear(self: Orders, ticket: TicketState) -> None:
            known = await self._tickets.get(ticket.id)
            await hear_ticket(self, ticket)
            if known is not None and known.version >= ticket.version and ticket.order_id is not None:
                await self._hear(ticket.order_id, Order.answer)

        return hear

    _treat_as_repeats(switch, repeats=True)
    switch.replace(Orders, "hear_ticket", hearing)


def _treat_as_repeats(switch: Switch, *, repeats: bool) -> None:
    def hearing(original: Any) -> Any:
        async def hear(self: Any, data: Any, *, repeat: bool) -> None:
            switch.hit(repeat != repeats)
            await original(self, data, repeat=repeats)

        return hear

    for service, name in (*_ANSWERING, *((Orders, name) for name in _ORDERS_ANSWERS)):
        switch.replace(service, name, hearing)


def answerolder(switch: Switch) -> None:
    """A repeat that is older than what is known is not answered."""

    def ticket(heard: Any) -> Any:
        def off(self: Ticket, order: OrderState, *, repeat: bool) -> Any:
            older = (order.number, order.version) < self.seen
            switch.hit(repeat and older)
            return heard(self, order, repeat=repeat and not older)

        return off

    def order(heard: Any) -> Any:
        def off(self: Order, payment: Any, *, repeat: bool) -> Any:
            older = payment.version < self.paid_version
            switch.hit(repeat and older)
            return heard(self, payment, repeat=repeat and not older)

        return off

    def payment(hear_order: Any) -> Any:
        async def off(self: Payments, heard: OrderState, *, repeat: bool) -> None:
            known = await self._store.order(heard.id)
            older = known is not None and heard.version < known.version
            switch.hit(repeat and older)
            await hear_order(self, heard, repeat=repeat and not older)

        return off

    switch.replace(Ticket, "heard", ticket)
    switch.replace(Order, "heard", order)
    switch.replace(Payments, "hear_order", payment)
