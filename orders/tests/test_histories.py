"""The same end whatever the order of delivery, and however often each event is delivered."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import given

from common.events import RESERVATION_REJECTED, ReservationRejected
from common.mongo import DuplicateKey
from common.testing import Kit
from common.testing.histories import quick, shuffled
from orders.store import TicketReplica

from .factories import (
    BUYER,
    fetch,
    hear_expiration,
    hear_payment,
    hear_ticket,
    locked,
    make_order,
    make_payment,
    make_ticket,
    reserve,
)

Step = Callable[[Kit, dict[str, Any]], Awaitable[None]]


def named(name: str, step: Step) -> Step:
    """As a failing history shows it."""
    step.__name__ = name
    return step


def ticket(version: int, **overrides: Any) -> Step:
    async def step(kit: Kit, order: dict[str, Any]) -> None:
        await hear_ticket(kit, locked(order, **({"version": version} | overrides)))

    return named(f"ticket {version}", step)


def payment(status: str, version: int) -> Step:
    async def step(kit: Kit, order: dict[str, Any]) -> None:
        await hear_payment(kit, make_payment(order, status, version))

    return named(f"{status} {version}", step)


async def rejection(kit: Kit, order: dict[str, Any]) -> None:
    now = locked(order, version=1, order_id=None, price_cents=9900)
    rejected = ReservationRejected(order_id=order["id"], number=1, reason="changed", ticket=now)
    await kit.hear(RESERVATION_REJECTED, rejected)


async def play(kit: Kit, order: dict[str, Any], steps: Sequence[Step]) -> None:
    for step in steps:
        await step(kit, order)


LISTED, LOCKED = ticket(0, order_id=None), ticket(1)
PAID = [LISTED, LOCKED, payment("declined", 1), payment("authorized", 2)]
FAILED = [LISTED, LOCKED, payment("authorized", 2), payment("failed", 3)]


@quick
@given(shuffled([LISTED, LOCKED, ticket(2, title="Hozier, row 5"), ticket(3, order_id=None, price_cents=8000)]))
async def test_tickets(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    await play(kit, order, steps)
    await hear_payment(kit, make_payment(order, "authorized", 2))
    assert (await fetch(api, kit, order))["status"] == "awaiting:payment"
    await hear_payment(kit, make_payment(order, "failed", 3))
    again = await reserve(api, kit, locked(order))
    assert again["ticket"] == {"id": order["ticket"]["id"], "title": "Hozier", "price": 80.0}


@quick
@given(shuffled([LISTED, ticket(1, order_id=None, price_cents=9900), rejection]))
async def test_rejections(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    await play(kit, order, steps)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"], found["version"]) == ("cancelled", "rejected", 1)
    assert (await reserve(api, kit, locked(order)))["ticket"]["price"] == 99.0


@quick
@given(shuffled(PAID), shuffled([*PAID, payment("captured", 3), payment("refunded", 4)]))
async def test_payments(api: AsyncClient, kit: Kit, before: list[Step], after: list[Step]) -> None:
    """Nothing is captured before the order was heard to be confirmed; all else may come at any time, and again."""
    order = await make_order(api, kit)
    await play(kit, order, before)
    assert (await fetch(api, kit, order))["status"] == "awaiting:payment"
    await play(kit, order, after)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"], found["refunded"]) == ("complete", None, True)


@quick
@given(shuffled(FAILED))
async def test_failures(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    await play(kit, order, steps)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"]) == ("cancelled", "failed")
    await reserve(api, kit, locked(order), BUYER)


@quick
@given(shuffled([LISTED, LOCKED, payment("declined", 1), hear_expiration]))
async def test_expirations(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(900)
    await play(kit, order, steps)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"]) == ("cancelled", "expired")


@pytest.mark.parametrize("version", [1, 7])
async def test_gaps_are_normal(api: AsyncClient, kit: Kit, version: int) -> None:
    order = await make_order(api, kit)
    await play(kit, order, [ticket(version), payment("authorized", version)])
    assert (await fetch(api, kit, order))["status"] == "awaiting:payment"


async def test_two_processes_hear_the_first_of_a_ticket_at_once(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mongo refuses the insert of whoever comes second, though what was put in first is older."""
    replica, listed = TicketReplica(kit.database), make_ticket()
    edited = listed.model_copy(update={"version": 1, "price_cents": 8000})

    async def overtaken(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        await TicketReplica(kit.database).save(listed)
        raise DuplicateKey("E11000")

    monkeypatch.setattr(type(kit.database["tickets"]), "update_one", overtaken)
    await replica.save(edited)
    assert await replica.get(listed.id) == edited
