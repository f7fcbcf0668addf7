"""The same end whatever the order of delivery, and however often each event is delivered."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from common.events import RESERVATION_REJECTED, ReservationRejected
from common.testing import Kit

from .factories import (
    BUYER,
    fetch,
    hear_expiration,
    hear_payment,
    hear_ticket,
    locked,
    make_order,
    make_payment,
    reserve,
)

Step = Callable[[Kit, dict[str, Any]], Awaitable[None]]
examples = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # no shrinking: histories are short, and it would play hundreds of them
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example has an order and a ticket of its own
)


def shuffled(steps: Sequence[Step]) -> st.SearchStrategy[list[Step]]:
    """Every step, some of them twice, in any order."""
    return st.lists(st.sampled_from(steps), max_size=len(steps)).flatmap(
        lambda again: st.permutations([*steps, *again])
    )


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


@examples
@given(shuffled([LISTED, LOCKED, ticket(2, title="Hozier, row 5"), ticket(3, order_id=None, price_cents=8000)]))
async def test_tickets(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    await play(kit, order, steps)
    await hear_payment(kit, make_payment(order, "authorized", 2))
    assert (await fetch(api, kit, order))["status"] == "awaiting:payment"
    await hear_payment(kit, make_payment(order, "failed", 3))
    again = await reserve(api, kit, locked(order))
    assert again["ticket"] == {"id": order["ticket"]["id"], "title": "Hozier", "price": 80.0}


@examples
@given(shuffled([LISTED, ticket(1, order_id=None, price_cents=9900), rejection]))
async def test_rejections(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    await play(kit, order, steps)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"], found["version"]) == ("cancelled", "rejected", 1)
    assert (await reserve(api, kit, locked(order)))["ticket"]["price"] == 99.0


@examples
@given(shuffled(PAID), shuffled([*PAID, payment("captured", 3), payment("refunded", 4)]))
async def test_payments(api: AsyncClient, kit: Kit, before: list[Step], after: list[Step]) -> None:
    """Nothing is captured before the order was heard to be confirmed; all else may come at any time, and again."""
    order = await make_order(api, kit)
    await play(kit, order, before)
    assert (await fetch(api, kit, order))["status"] == "awaiting:payment"
    await play(kit, order, after)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"], found["refunded"]) == ("complete", None, True)


@examples
@given(shuffled(FAILED))
async def test_failures(api: AsyncClient, kit: Kit, steps: list[Step]) -> None:
    order = await make_order(api, kit)
    await play(kit, order, steps)
    found = await fetch(api, kit, order)
    assert (found["status"], found["reason"]) == ("cancelled", "failed")
    await reserve(api, kit, locked(order), BUYER)


@examples
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
