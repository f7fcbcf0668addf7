"""Any service may be killed in the middle of a purchase: it comes back, and the purchase completes."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from httpx import HTTPError, Response

from infra.local.testing import RunningStack

from .conftest import WINDOW_SECONDS, Sinks
from .people import CARD, Away, Json, Person, created, eventually

PATIENCE = WINDOW_SECONDS - 2.0
"""Seconds; within the time of a reservation."""


async def pay_patiently(buyer: Person, order: Json) -> None:
    """As a person would: sends it again while nobody answers; 400 then means that the first was taken after all.

    What a killed process had in hand is delivered again after 5 s: until then payments may not know the order.
    """
    limit = time.monotonic() + PATIENCE
    answer: Response | None = None
    while answer is None or answer.status_code >= 500 or answer.status_code == 404:
        assert time.monotonic() < limit, answer
        try:
            answer = await buyer.pay(order, CARD)
        except HTTPError:
            await asyncio.sleep(0.2)
    assert answer.status_code in {201, 400}, answer.text


async def comes(look: Callable[[], Awaitable[Json]], name: str, value: str) -> None:
    """Looks again and again, also while nobody answers."""

    async def patiently() -> object:
        try:
            return (await look())[name]
        except (Away, HTTPError) as error:
            return error

    await eventually(patiently, lambda found: found == value, PATIENCE)


async def standing(stack: RunningStack, name: str) -> tuple[int, str]:
    """How often a part was started again, and how it is now."""
    part = next(one for one in await stack.status() if one["name"] == name)
    return int(part["restarts"]), str(part["state"])


@pytest.mark.parametrize("name", ["auth", "tickets", "orders", "payments", "client", "emails", "nats", "mongo"])
async def test_a_crash_after_the_reservation(
    stack: RunningStack, seller: Person, buyer: Person, sinks: Sinks, name: str
) -> None:
    before, _ = await standing(stack, name)
    ticket = await seller.sell("Bought in a storm")
    order = await buyer.reserve(ticket)
    stack.kill(name)
    await pay_patiently(buyer, order)
    await comes(lambda: buyer.order(order), "status", "complete")
    await comes(lambda: seller.ticket(ticket), "orderId", order["id"])
    assert len(await eventually(lambda: sinks.mails_to(buyer), bool, PATIENCE)) == 1
    await eventually(lambda: standing(stack, name), lambda found: found == (before + 1, "ready"), PATIENCE)


async def test_a_crash_right_after_the_payment(
    stack: RunningStack, seller: Person, buyer: Person, sinks: Sinks
) -> None:
    order = await buyer.reserve(await seller.sell("Bought in a storm"))
    created(await buyer.pay(order))
    stack.kill("orders")
    await comes(lambda: buyer.order(order), "status", "complete")
    (intent,) = await sinks.intents_for(order)
    assert intent["amount_received"] == 7500


async def test_deadlines_outlive_the_timer(stack: RunningStack, seller: Person, buyer: Person) -> None:
    """Redis and both processes of expiration crash; the order ends in time all the same."""
    ticket = await seller.sell("Nobody pays for this")
    order = await buyer.reserve(ticket)
    for name in ("redis", "expiration-worker", "expiration"):
        stack.kill(name)
    found = await buyer.sees(order, "cancelled", seconds=WINDOW_SECONDS + 10)
    assert found["reason"] == "expired"
    await seller.sees_held(ticket, None)
