"""Buyers who pay in the last moment see one of two pages, and each is true of the money."""

import asyncio
from datetime import datetime, timedelta

import pytest

from common.clock import now

from .conftest import WINDOW_SECONDS, Newcomer, Sinks
from .people import CARD, Json, Person, eventually

YOURS = "It is yours"
OVER = "The time ran out. You were not charged."
MOMENTS = (-2.0, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.3, 2.0)
"""Seconds from the end of the reservation at which the card is sent."""


async def at_the_last_moment(seller: Person, buyer: Person, offset: float) -> Json:
    """The order, after a card was sent that long before or after its time was over."""
    order = await buyer.reserve(await seller.sell("Paid in the last second"))
    wait = datetime.fromisoformat(order["expiresAt"]) + timedelta(seconds=offset) - now()
    await asyncio.sleep(wait.total_seconds())
    answer = await buyer.pay(order, CARD)
    assert answer.status_code in {201, 400}, answer.text
    return await eventually(
        lambda: buyer.order(order), lambda found: found["status"] in {"complete", "cancelled"}, seconds=30
    )


@pytest.mark.timeout(WINDOW_SECONDS + 90)
async def test_each_sees_one_of_two_pages_and_it_is_true(newcomer: Newcomer, seller: Person, sinks: Sinks) -> None:
    buyers = [await newcomer() for _ in MOMENTS]
    stories = zip(buyers, MOMENTS, strict=True)
    orders = await asyncio.gather(*(at_the_last_moment(seller, buyer, offset) for buyer, offset in stories))
    assert (orders[0]["status"], orders[-1]["status"]) == ("complete", "cancelled")
    for buyer, order in zip(buyers, orders, strict=True):
        page = (await buyer.api.get(f"/orders/{order['id']}")).text
        paid = order["status"] == "complete"
        assert (YOURS in page, OVER in page) == (paid, not paid)
        intents = await eventually(
            lambda order=order: sinks.intents_for(order),  # type: ignore[misc]
            lambda found: all(one["status"] in {"succeeded", "canceled"} for one in found),
            seconds=15,
        )
        assert sum(one["amount_received"] for one in intents) == (7500 if paid else 0)
