"""The same end whatever the order of delivery, however often each event is delivered, and whatever was never heard."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from httpx import AsyncClient
from hypothesis import given

from common.events import HOLDING, ORDER_UPDATED, RESERVATION_REJECTED, TICKET_UPDATED, OrderState
from common.mongo import new_id, oid
from common.testing import Kit
from common.testing.histories import gapped, quick, shuffled

from .factories import SELLER, make_order, make_ticket

FIRST, SECOND = new_id(), new_id()


class Step(NamedTuple):
    """An order of the ticket as it is heard of. `changed`: the ticket had another price when it was reserved."""

    order_id: str
    number: int
    version: int
    status: str
    repeat: bool = False
    changed: bool = False


def again(steps: Sequence[Step]) -> list[Step]:
    """The same, said again."""
    return [step._replace(repeat=True) for step in steps]


LET_GO = [Step(FIRST, 1, 0, "created"), Step(FIRST, 1, 2, "cancelled")]
SOLD = [*LET_GO, Step(SECOND, 2, 0, "created"), Step(SECOND, 2, 2, "awaiting:payment"), Step(SECOND, 2, 3, "complete")]
FAILED = [*SOLD[:-1], Step(SECOND, 2, 3, "cancelled")]
REFUSED = [Step(FIRST, 1, 0, "created", changed=True), Step(FIRST, 1, 1, "cancelled", changed=True)]


async def play(api: AsyncClient, kit: Kit, steps: Sequence[Step]) -> tuple[Any, ...]:
    """How a ticket stands in the end: to us, to whoever hears of it, and to who wants to buy."""
    ticket = await make_ticket(api, kit)
    for step in steps:
        reserved = ticket | {"price": 70} if step.changed else ticket
        order = make_order(reserved, id=step.order_id, number=step.number, version=step.version, status=step.status)
        await kit.hear(ORDER_UPDATED, order, repeat=step.repeat)
    document = await kit.database["tickets"].find_one({"_id": oid(ticket["id"])})
    assert document is not None
    said = [event.data for event in kit.bus.events(TICKET_UPDATED) if event.data.id == ticket["id"]]
    newest = max(said, key=lambda state: state.version, default=None)
    assert (newest and newest.order_id) == (document["order_id"] and str(document["order_id"]))
    on_sale = [one["id"] for one in (await api.get("/api/tickets")).json()]
    return document["order_id"], document["seen"], document["available"], ticket["id"] in on_sale


@quick
@given(shuffled(SOLD, again(SOLD)))
async def test_it_is_sold(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    assert await play(api, kit, steps) == (oid(SECOND), [2, 3], False, False)


@quick
@given(gapped(FAILED))
async def test_it_is_free_again(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    assert await play(api, kit, steps) == (None, [2, 3], True, True)


@quick
@given(gapped(SOLD[:-1]))
async def test_it_is_held(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    assert await play(api, kit, steps) == (oid(SECOND), [2, 2], False, False)


@quick
@given(shuffled(REFUSED, again(REFUSED)))
async def test_what_is_not_for_sale_is_never_locked(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    assert await play(api, kit, steps) == (None, [1, 1], True, True)


@pytest.mark.parametrize("status", HOLDING)
@quick
@given(shuffled(again(SOLD)))
async def test_a_ticket_that_was_taken_down_stays_so(
    api: AsyncClient, kit: Kit, status: Any, steps: list[Step]
) -> None:
    ticket = await make_ticket(api, kit)
    await api.delete(f"/api/tickets/{ticket['id']}", headers=kit.signed_in(SELLER))
    for step in steps:
        kind = {"number": step.number, "version": step.version, "status": status}
        order: OrderState = make_order(ticket, id=step.order_id, **kind)
        await kit.hear(ORDER_UPDATED, order, repeat=step.repeat)
    document = await kit.database["tickets"].find_one({"_id": oid(ticket["id"])})
    assert document is not None
    assert (document["deleted"], document["order_id"], document["seen"]) == (True, None, [2, 3])
    rejected = {one.data.order_id for one in kit.bus.events(RESERVATION_REJECTED) if one.data.ticket.id == ticket["id"]}
    assert SECOND in rejected
