"""What the operator's commands do."""

from pathlib import Path
from typing import Any

import pytest

from client import commands
from client.catalogue import Catalogue, renewals
from client.domain import Search
from client.listeners import SUBSCRIPTIONS
from common.clock import rfc3339
from common.events import (
    ORDER_CREATED,
    PAYMENT_AUTHORIZED,
    TICKET_CREATED,
    OrderState,
    PaymentState,
    ReservedTicket,
    TicketState,
)
from common.mongo import new_id
from common.testing import Kit
from common.testing.database import fake_backup
from common.web import restoring

BUYER, ORDER = new_id(), new_id()
FREE = TicketState(id=new_id(), version=2, title="Hozier", price_cents=7500, currency="usd", user_id=new_id())
HELD = FREE.model_copy(update={"id": new_id(), "order_id": ORDER})
PAYMENT = {"id": new_id(), "order_id": ORDER, "user_id": BUYER, "version": 1, "attempt": 1, "status": "authorized"}


@pytest.fixture
async def catalogue(kit: Kit) -> Catalogue:
    """Has heard of a free ticket, and of one that is being paid for."""
    found = Catalogue(kit.database)
    kit.parts.listen(SUBSCRIPTIONS, found)
    await announce(kit)
    return found


def order(kit: Kit) -> OrderState:
    reserved = ReservedTicket(id=HELD.id, title="Hozier", price_cents=7500, currency="usd")
    known = {"status": "created", "user_id": BUYER, "expires_at": kit.clock(), "ticket": reserved}
    return OrderState(**{"id": ORDER, "number": 2, "version": 1, **known})


async def announce(kit: Kit) -> None:
    for ticket in (FREE, HELD):
        await kit.hear(TICKET_CREATED, ticket)
    await kit.hear(ORDER_CREATED, order(kit))
    await kit.hear(PAYMENT_AUTHORIZED, PaymentState(**PAYMENT, amount_cents=7500, currency="usd"))


async def lines(kit: Kit) -> list[dict[str, Any]]:
    return [dict(line) async for line in commands.state(kit.parts)]


@pytest.mark.usefixtures("catalogue")
async def test_state_tells_of_tickets_their_reservations_and_payments(kit: Kit) -> None:
    first, *heard, last = await lines(kit)
    assert (first["service"], last) == ("client", {"ends": "client", "lines": 4})
    assert [(one["heard"], one["id"]) for one in heard] == [
        ("ticket", FREE.id),
        ("ticket", HELD.id),
        ("hold", HELD.id),
        ("payment", ORDER),
    ]
    assert [one["state"]["listed"] for one in heard[:2]] == [True, False]
    hold = {"number": 2, "status": "created", "orderId": ORDER, "userId": BUYER, "expiresAt": rfc3339(kit.clock())}
    assert (heard[2]["state"], heard[3]["state"]) == (hold, {"status": "authorized"})


async def test_a_rebuild_hides_nothing_and_takes_what_is_announced(kit: Kit, catalogue: Catalogue) -> None:
    wrong = {"$set": {"title": "scrambled", "version": 99}}
    await kit.database["tickets"].update_many({}, wrong)
    await kit.database["tickets"].update_one({"hold": {"$exists": True}}, {"$set": {"hold.user_id": FREE.id}})
    await kit.database["payments"].update_many({}, {"$set": {"status": "declined", "version": 99}})
    before = await catalogue.for_sale(Search(), 10)
    assert await commands.rebuild(kit.parts) == "3 tickets and payments wait to be announced"
    assert await catalogue.for_sale(Search(), 10) == before
    await announce(kit)
    assert await commands.forget(kit.parts) == "0 tickets and reservations dropped"
    heard = (await lines(kit))[1:-1]
    assert [one["state"].get("title") for one in heard[:2]] == ["Hozier", "Hozier"]
    assert (heard[2]["state"]["userId"], heard[3]["state"]["status"]) == (BUYER, "authorized")
    assert not any("stale" in one for one in heard)


async def test_an_older_reservation_never_replaces_a_marked_one(kit: Kit, catalogue: Catalogue) -> None:
    await commands.rebuild(kit.parts)
    earlier = order(kit).model_copy(update={"id": new_id(), "number": 1, "version": 9, "status": "cancelled"})
    await kit.hear(ORDER_CREATED, earlier)
    held = await catalogue.ticket(HELD.id)
    assert held is not None
    assert (held.free, held.hold and held.hold.order_id) == (False, ORDER)


@pytest.mark.usefixtures("catalogue")
async def test_what_nobody_announces_is_dropped(kit: Kit) -> None:
    await commands.rebuild(kit.parts)
    assert await commands.forget(kit.parts) == "3 tickets and reservations dropped"
    assert [one["heard"] for one in (await lines(kit))[1:-1]] == ["payment"]


@pytest.mark.usefixtures("catalogue")
async def test_after_a_restore_both_halves_of_a_ticket_are_taken_anew(kit: Kit, tmp_path: Path) -> None:
    path = await fake_backup(kit.database, "client", tmp_path, kit.clock())
    await restoring(renewals, commands._prepare)(kit.parts, str(path), "replace")
    _, *heard, _ = await lines(kit)
    assert [(one["heard"], one.get("stale", False)) for one in heard] == [
        ("ticket", True),
        ("ticket", True),
        ("hold", True),
        ("payment", True),
    ]
    await announce(kit)
    assert [one for one in await lines(kit) if "stale" in one] == []
    assert await Catalogue(kit.database).for_sale(Search(), 10) != []
