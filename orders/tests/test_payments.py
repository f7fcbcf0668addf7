"""What an order does with what it hears of its payment."""

from typing import Any

import pytest
from httpx import AsyncClient

from common.events import ORDER_CANCELLED, ORDER_COMPLETED, ORDER_CONFIRMED, ORDER_CREATED, ORDER_UPDATED
from common.testing import Kit

from .factories import (
    BUYER,
    complete,
    confirm,
    fetch,
    hear_payment,
    hear_ticket,
    locked,
    make_order,
    make_payment,
    status,
)


async def cancel(api: AsyncClient, order: dict[str, Any], kit: Kit) -> None:
    answer = await api.delete(f"/api/orders/{order['id']}", headers=kit.signed_in(BUYER))
    assert answer.status_code == 204


async def test_a_capture_completes(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await complete(kit, order)
    assert await status(api, kit, order) == ("complete", None)
    (event,) = kit.bus.events(ORDER_COMPLETED)
    assert event.data.payment is not None
    assert not event.data.refunded


@pytest.mark.parametrize("wrong", [{"amount_cents": 7549}, {"amount_cents": 7551}, {"currency": "eur"}])
async def test_another_amount_is_never_confirmed(
    api: AsyncClient, kit: Kit, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    order = await make_order(api, kit)
    await hear_payment(kit, make_payment(order, "authorized", 2, **wrong))
    await hear_ticket(kit, locked(order))
    assert await status(api, kit, order) == ("created", None)
    assert [record.levelname for record in caplog.records if "not confirmed" in record.message] == ["ERROR"]


async def test_a_decline_leaves_the_order_payable(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await hear_payment(kit, make_payment(order, "declined", 2))
    assert await status(api, kit, order) == ("created", None)
    await hear_ticket(kit, locked(order))
    await hear_payment(kit, make_payment(order, "authorized", 4))
    assert await status(api, kit, order) == ("awaiting:payment", None)


async def test_an_authorisation_that_was_declined_since_confirms_nothing(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await hear_payment(kit, make_payment(order, "authorized", 2))
    await hear_payment(kit, make_payment(order, "declined", 3))
    await hear_ticket(kit, locked(order))
    assert await status(api, kit, order) == ("created", None)


@pytest.mark.parametrize("late", ["declined", "failed"])
async def test_older_news_of_a_payment_change_nothing(api: AsyncClient, kit: Kit, late: str) -> None:
    order = await make_order(api, kit)
    await confirm(kit, order)
    await hear_payment(kit, make_payment(order, late, 1))
    assert await status(api, kit, order) == ("awaiting:payment", None)


@pytest.mark.parametrize("reach", [None, confirm])
async def test_a_failure_cancels_what_is_not_complete(api: AsyncClient, kit: Kit, reach: Any) -> None:
    order = await make_order(api, kit)
    if reach:
        await reach(kit, order)
    await hear_payment(kit, make_payment(order, "failed", 5))
    assert await status(api, kit, order) == ("cancelled", "failed")
    assert [event.data.reason for event in kit.bus.events(ORDER_CANCELLED)] == ["failed"]


async def test_a_complete_order_never_fails(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await complete(kit, order)
    await hear_payment(kit, make_payment(order, "failed", 9))
    assert await status(api, kit, order) == ("complete", None)


async def test_a_refund_marks_what_is_complete(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await complete(kit, order)
    await hear_payment(kit, make_payment(order, "refunded", 4))
    found = await fetch(api, kit, order)
    assert (found["status"], found["refunded"]) == ("complete", True)
    (event,) = kit.bus.events(ORDER_UPDATED)
    assert (event.data.refunded, event.data.version) == (True, found["version"])


@pytest.mark.parametrize("payment_status", ["captured", "refunded"])
async def test_nothing_completes_what_was_never_confirmed(api: AsyncClient, kit: Kit, payment_status: str) -> None:
    order = await make_order(api, kit)
    await hear_payment(kit, make_payment(order, payment_status, 3))
    assert await status(api, kit, order) == ("created", None)


async def test_a_refund_completes_what_waits_for_its_capture(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await confirm(kit, order)
    await hear_payment(kit, make_payment(order, "refunded", 4))
    await hear_payment(kit, make_payment(order, "captured", 3))
    found = await fetch(api, kit, order)
    assert (found["status"], found["refunded"]) == ("complete", True)
    assert [event.data.refunded for event in kit.bus.events(ORDER_COMPLETED)] == [True]


async def test_an_authorisation_that_comes_too_late_hears_of_the_cancellation(api: AsyncClient, kit: Kit) -> None:
    """Each time it is heard, repeat or not: as long as nobody tells payments, the money stays held."""
    order = await make_order(api, kit)
    await cancel(api, order, kit)
    for _ in range(2):
        await hear_payment(kit, make_payment(order, "authorized", 2))
    events = kit.bus.events(ORDER_CANCELLED)
    assert [(event.data.version, event.data.reason, event.repeat) for event in events] == [
        (1, "buyer", False),
        (2, "buyer", False),
        (2, "buyer", False),
    ]


@pytest.mark.parametrize("payment_status", ["declined", "captured", "refunded", "failed"])
async def test_nothing_else_is_said_of_a_cancelled_order(api: AsyncClient, kit: Kit, payment_status: str) -> None:
    order = await make_order(api, kit)
    await cancel(api, order, kit)
    await hear_payment(kit, make_payment(order, payment_status, 2))
    await hear_payment(kit, make_payment(order, "authorized", 1))
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"], found["refunded"], found["version"]) == ("cancelled", "buyer", False, 2)
    assert len(kit.bus.events(ORDER_CANCELLED)) == 1


@pytest.mark.parametrize("version", [1, 2])
async def test_only_a_repeat_is_answered_and_an_old_one_too(api: AsyncClient, kit: Kit, version: int) -> None:
    order = await make_order(api, kit)
    await confirm(kit, order)
    before = await fetch(api, kit, order)
    await hear_payment(kit, make_payment(order, "authorized", version))
    assert len(kit.bus.events(ORDER_CONFIRMED)) == 1
    await hear_payment(kit, make_payment(order, "authorized", version), repeat=True)
    said = kit.bus.events(ORDER_CONFIRMED)[1:]
    assert [(event.data.version, event.repeat) for event in said] == [(before["version"], False)]
    assert await fetch(api, kit, order) == before


async def test_a_repeat_that_is_news_is_taken_as_such(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await hear_payment(kit, make_payment(order, "authorized", 2), repeat=True)
    assert len(kit.bus.events(ORDER_CREATED)) == 1
    await hear_ticket(kit, locked(order))
    assert await status(api, kit, order) == ("awaiting:payment", None)
