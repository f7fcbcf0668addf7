"""The read model: the same whatever the order in which events come, and however often."""

import itertools
from collections.abc import Sequence

import pytest

from client.catalogue import COUNTED, Catalogue
from client.domain import Search
from client.listeners import SUBSCRIPTIONS
from common.events import (
    ORDER_CANCELLED,
    ORDER_CREATED,
    STREAMS,
    TICKET_CREATED,
    TICKET_UPDATED,
    EventData,
    EventType,
    OrderState,
    PaymentState,
    ReservedTicket,
    TicketState,
)
from common.mongo import new_id
from common.testing import Kit

SELLER, BUYER, OTHER = new_id(), new_id(), new_id()
FIRST, SECOND = new_id(), new_id()
TICKET = TicketState(id=new_id(), version=0, title="Old", price_cents=100, currency="usd", user_id=SELLER)


@pytest.fixture
def catalogue(kit: Kit) -> Catalogue:
    found = Catalogue(kit.database)
    kit.parts.listen(SUBSCRIPTIONS, found)
    return found


def ticket(version: int, **changes: object) -> TicketState:
    return TICKET.model_copy(update={"version": version, **changes})


def order(kit: Kit, identity: str, number: int, version: int, **changes: object) -> OrderState:
    reserved = ReservedTicket(id=TICKET.id, title="New", price_cents=200, currency="usd")
    known = {"status": "created", "user_id": BUYER, "expires_at": kit.clock()}
    return OrderState(id=identity, number=number, version=version, ticket=reserved, **{**known, **changes})


async def hear(kit: Kit, events: Sequence[EventData]) -> None:
    for event in events:
        kind: EventType = TICKET_UPDATED if isinstance(event, TicketState) else ORDER_CREATED  # type: ignore[type-arg]
        await kit.hear(kind, event)


def story(kit: Kit) -> list[EventData]:
    """Listed, edited, reserved, let go, reserved by another, locked for them."""
    return [
        ticket(0),
        ticket(1, title="New", price_cents=200),
        order(kit, FIRST, 1, 0),
        order(kit, FIRST, 1, 1, status="cancelled", reason="buyer"),
        order(kit, SECOND, 2, 0, user_id=OTHER),
        ticket(6, title="New", price_cents=200, order_id=SECOND),
    ]


@pytest.mark.parametrize("sequence", range(0, 720, 24))
async def test_the_end_of_a_story_is_the_same_in_any_order(kit: Kit, catalogue: Catalogue, sequence: int) -> None:
    orders = list(itertools.permutations(story(kit)))
    await hear(kit, [*orders[sequence], *orders[sequence][:2]])
    found = await catalogue.ticket(TICKET.id)
    assert found is not None
    assert found.hold is not None
    assert (found.version, found.title, found.cents, found.order_id) == (6, "New", 200, SECOND)
    assert (found.hold.order_id, found.hold.number, found.hold.user_id) == (SECOND, 2, OTHER)
    assert not found.free
    assert await catalogue.for_sale(Search(), 10) == []
    assert kit.bus.dead_letters == []


async def test_it_is_for_sale_only_when_both_say_so(kit: Kit, catalogue: Catalogue) -> None:
    async def for_sale() -> bool:
        return bool(await catalogue.for_sale(Search(), 10))

    await hear(kit, [order(kit, FIRST, 1, 0)])
    assert await catalogue.ticket(TICKET.id) is None
    assert not await for_sale()
    await hear(kit, [ticket(0)])
    assert not await for_sale()
    await kit.hear(ORDER_CANCELLED, order(kit, FIRST, 1, 1, status="cancelled"))
    assert await for_sale()
    await hear(kit, [ticket(3, order_id=SECOND)])
    assert not await for_sale()
    await hear(kit, [ticket(4)])
    assert await for_sale()
    await hear(kit, [ticket(5, deleted=True)])
    assert not await for_sale()


async def test_a_tombstone_stays(kit: Kit, catalogue: Catalogue) -> None:
    await hear(kit, [ticket(5, deleted=True), ticket(4), ticket(0)])
    found = await catalogue.ticket(TICKET.id)
    assert found is not None
    assert found.deleted
    assert await catalogue.own(SELLER, 10, None) == []


async def test_payments_are_kept_by_order_and_only_newer_ones(catalogue: Catalogue) -> None:
    async def said(version: int, status: str) -> None:
        payment = PaymentState(
            id=new_id(),
            order_id=FIRST,
            user_id=BUYER,
            version=version,
            attempt=1,
            status=status,  # type: ignore[arg-type]
            amount_cents=1,
            currency="usd",
        )
        await catalogue.hear_payment(payment)

    await said(3, "declined")
    await said(1, "authorized")
    assert await catalogue.payments([FIRST, SECOND]) == {FIRST: "declined"}
    await said(7, "captured")
    assert await catalogue.payments([FIRST]) == {FIRST: "captured"}


async def test_counting_is_bounded(kit: Kit, catalogue: Catalogue) -> None:
    documents = [{"free": True, "held": False, "words": ["seat"]} for _ in range(COUNTED + 5)]
    await kit.database["tickets"].insert_many(documents)
    assert await catalogue.count(Search()) == COUNTED + 1
    assert await catalogue.count(Search("sea")) == COUNTED + 1
    assert await catalogue.count(Search("none")) == 0


def test_every_listing_has_its_index(catalogue: Catalogue) -> None:
    [models] = catalogue.indexes.values()
    keys = [list(model.document["key"]) for model in models]
    assert keys == [
        ["free", "held", "_id", "price_cents"],
        ["free", "held", "price_cents", "_id"],
        ["free", "held", "words", "_id", "price_cents"],
        ["user_id", "_id"],
    ]


def test_everything_the_design_gives_it_to_hear_is_heard() -> None:
    heard = {kind.name for kind in SUBSCRIPTIONS}
    meant = {kind.name for name in ("TICKETS", "ORDERS", "PAYMENTS") for kind in STREAMS[name].types}
    assert meant - heard == {"reservation.rejected.v1"}
    assert TICKET_CREATED.name in heard
