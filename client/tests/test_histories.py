"""The same catalogue whatever the order of delivery, however often, and whatever was never heard."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import given

from client.catalogue import Catalogue
from client.domain import Search
from client.listeners import SUBSCRIPTIONS
from common.events import (
    ORDER_UPDATED,
    PAYMENT_AUTHORIZED,
    TICKET_UPDATED,
    EventData,
    OrderState,
    PaymentState,
    ReservedTicket,
    TicketState,
)
from common.mongo import new_id
from common.testing import Kit
from common.testing.histories import gapped, quick, shuffled

SELLER, BUYER, TICKET, FIRST, SECOND = (new_id() for _ in range(5))
UNTIL = datetime(2100, 1, 1, tzinfo=UTC)


def ticket(version: int, **changes: Any) -> TicketState:
    fields = {"title": "Hozier", "price_cents": 7500, "currency": "usd", "user_id": SELLER}
    return TicketState(id=TICKET, version=version, **(fields | changes))


def order(identity: str, number: int, version: int, status: str = "created", **changes: Any) -> OrderState:
    reserved = ReservedTicket(id=TICKET, title="Hozier", price_cents=7500, currency="usd")
    fields = {"user_id": BUYER, "expires_at": UNTIL, "ticket": reserved, "status": status}
    return OrderState(id=identity, number=number, version=version, **(fields | changes))


def payment(version: int, status: Any) -> PaymentState:
    fields = {"id": new_id(), "order_id": SECOND, "user_id": BUYER, "attempt": 1, "amount_cents": 8000}
    return PaymentState(version=version, status=status, currency="usd", **fields)


TICKETS = [ticket(0), ticket(1, order_id=FIRST), ticket(2), ticket(4, price_cents=8000), ticket(5, order_id=SECOND)]
ORDERS = [
    order(FIRST, 1, 0),
    order(FIRST, 1, 2, "cancelled", reason="buyer"),
    order(SECOND, 2, 0),
    order(SECOND, 2, 3, "awaiting:payment"),
    order(SECOND, 2, 4, "complete"),
]
PAYMENTS = [payment(1, "declined"), payment(4, "authorized"), payment(6, "captured"), payment(9, "refunded")]
GONE = [*TICKETS[:4], ticket(5, deleted=True, price_cents=8000)]
LET_GO = [*ORDERS[:-1], order(SECOND, 2, 4, "cancelled", reason="failed")]
FREE = [*TICKETS, ticket(6, price_cents=8000)]


async def outcome(*events: EventData) -> tuple[Any, ...]:
    """All that the shop shows when it has heard these."""
    kit = Kit("client")
    catalogue = Catalogue(kit.database)
    kit.parts.listen(SUBSCRIPTIONS, catalogue)
    for event in events:
        kinds = {TicketState: TICKET_UPDATED, OrderState: ORDER_UPDATED, PaymentState: PAYMENT_AUTHORIZED}
        await kit.hear(kinds[type(event)], event)
    assert kit.bus.dead_letters == []
    shown = [one.id for one in await catalogue.for_sale(Search("hoz"), 10)]
    own = [one.id for one in await catalogue.own(SELLER, 10, None)]
    return await catalogue.ticket(TICKET), shown, own, await catalogue.payments([FIRST, SECOND])


_in_order: dict[tuple[EventData, ...], tuple[Any, ...]] = {}


async def in_order(*events: EventData) -> tuple[Any, ...]:
    """The outcome of these as they are, found out once."""
    if events not in _in_order:
        _in_order[events] = await outcome(*events)
    return _in_order[events]


@quick
@given(shuffled([*TICKETS, *ORDERS, *PAYMENTS]))
async def test_a_sale(events: list[EventData]) -> None:
    end = await outcome(*events)
    assert end == await in_order(*TICKETS, *ORDERS, *PAYMENTS)
    found, shown, own, payments = end
    assert (found.version, found.order_id, found.hold.status) == (5, SECOND, "complete")
    assert (shown, own, payments) == ([], [TICKET], {SECOND: "refunded"})


@quick
@given(gapped(FREE), gapped(LET_GO), gapped(PAYMENTS))
async def test_each_publisher_tells_the_rest_by_its_last_word(
    tickets: Sequence[EventData], orders: Sequence[EventData], payments: Sequence[EventData]
) -> None:
    end = await outcome(*orders, *payments, *tickets)
    assert end == await in_order(*FREE, *LET_GO, *PAYMENTS)
    assert end[1:] == ([TICKET], [TICKET], {SECOND: "refunded"})


@quick
@given(gapped(GONE), shuffled(LET_GO))
async def test_what_was_taken_down_stays_so(tickets: Sequence[EventData], orders: Sequence[EventData]) -> None:
    end = await outcome(*tickets, *orders)
    assert end == await in_order(*GONE, *LET_GO)
    assert end[0].deleted
    assert end[1:] == ([], [], {})
