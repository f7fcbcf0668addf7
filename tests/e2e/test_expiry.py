"""An order that nobody pays ends by itself, in time, and frees its ticket."""

import asyncio

from .conftest import WINDOW_SECONDS, Newcomer, Sinks, Unpaid
from .people import eventually, refused


async def test_an_unpaid_order_expires(unpaid: Unpaid, newcomer: Newcomer, sinks: Sinks) -> None:
    async with asyncio.timeout(WINDOW_SECONDS + 20):
        late = await asyncio.shield(unpaid.late)
    assert 0 <= late < 3, "its own timer is quicker than the sweep of orders, which comes 20 s after"
    order = await unpaid.buyer.order(unpaid.order)
    assert (order["status"], order["reason"]) == ("cancelled", "expired")
    assert refused(await unpaid.buyer.pay(order), 400)
    assert await sinks.intents_for(order) == []
    await unpaid.seller.sees_held(unpaid.ticket, None)
    (mail,) = await eventually(lambda: sinks.mails_to(unpaid.buyer), bool, seconds=5)
    assert mail["subject"].startswith("Not charged")
    other = await newcomer()
    assert (await other.reserve(unpaid.ticket))["status"] == "created"
