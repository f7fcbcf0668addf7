"""A reservation that is made longer: once, by its buyer, while it is neither over nor being paid."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from common.events import ORDER_CANCELLED, ORDER_UPDATED
from common.testing import Kit

from .conftest import Sweep
from .factories import (
    BUYER,
    NEVER,
    OTHER,
    complete,
    confirm,
    fetch,
    hear_expiration,
    hear_payment,
    hear_ticket,
    locked,
    make_order,
    make_payment,
    status,
)

Reach = Callable[[Kit, dict[str, Any]], Awaitable[None]]


async def extend(api: AsyncClient, kit: Kit, order: dict[str, Any], user: str = BUYER) -> Response:
    return await api.post(f"/api/orders/{order['id']}/extend", headers=kit.signed_in(user))


def later(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["expiresAt"]) + timedelta(minutes=5)


async def test_five_minutes_more_are_answered_and_announced(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(14 * 60)
    answer = await extend(api, kit, order)
    assert answer.status_code == 200
    found = answer.json()
    assert datetime.fromisoformat(found["expiresAt"]) == later(order)
    assert found == order | {"extended": True, "version": 1, "expiresAt": found["expiresAt"]}
    assert await fetch(api, kit, order) == found
    await kit.settle()
    (event,) = kit.bus.events(ORDER_UPDATED)
    assert (event.data.version, event.data.expires_at, event.data.status) == (1, later(order), "created")


async def test_the_ticket_stays_until_the_new_deadline(api: AsyncClient, kit: Kit, sweep: Sweep) -> None:
    """Neither a timer that was armed for the old one nor the sweep ends it before."""
    order = await make_order(api, kit)
    await extend(api, kit, order)
    kit.clock.advance(15 * 60 + 30)
    await hear_expiration(kit, order)
    await sweep()
    assert await status(api, kit, order) == ("created", None)
    kit.clock.advance(5 * 60)
    await sweep()
    assert await status(api, kit, order) == ("cancelled", "expired")
    (event,) = kit.bus.events(ORDER_CANCELLED)
    assert event.data.expires_at == later(order)


async def test_once(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    assert (await extend(api, kit, order)).status_code == 200
    answer = await extend(api, kit, order)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:already-extended")
    assert datetime.fromisoformat((await fetch(api, kit, order))["expiresAt"]) == later(order)


async def test_not_when_its_time_is_over(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    kit.clock.advance(15 * 60)
    answer = await extend(api, kit, order)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:no-longer-held")


async def give_up(kit: Kit, order: dict[str, Any]) -> None:
    await hear_payment(kit, make_payment(order, "failed", 3))


@pytest.mark.parametrize(
    ("reach", "code"), [(confirm, "nothing-to-extend"), (complete, "nothing-to-extend"), (give_up, "no-longer-held")]
)
async def test_not_when_it_is_paid_or_over(api: AsyncClient, kit: Kit, reach: Reach, code: str) -> None:
    order = await make_order(api, kit)
    await reach(kit, order)
    before = await fetch(api, kit, order)
    answer = await extend(api, kit, order)
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:ticketing:problem:{code}")
    assert await fetch(api, kit, order) == before


async def test_what_is_held_for_a_card_that_was_declined(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    await hear_ticket(kit, locked(order))
    await hear_payment(kit, make_payment(order, "declined", 1))
    assert (await extend(api, kit, order)).status_code == 200


async def test_only_by_its_buyer(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    assert (await extend(api, kit, order, OTHER)).status_code == 401
    assert (await api.post(f"/api/orders/{order['id']}/extend")).status_code == 401
    assert (await extend(api, kit, order | {"id": NEVER})).status_code == 404
    assert (await extend(api, kit, order | {"id": "nonsense"})).status_code == 400
    assert await fetch(api, kit, order) == order
