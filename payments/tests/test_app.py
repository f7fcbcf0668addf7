"""The service as it runs: its worker in the background, what it says to operators, what it never logs."""

import asyncio
import logging

import pytest

from common.testing import Kit, serving
from payments.app import create_app
from payments.settings import Settings

from .factories import BUYER
from .fake_orders import FakeOrders
from .fake_stripe import FakeStripe
from .shop import Shop


async def test_a_running_service_captures_by_itself(kit: Kit) -> None:
    """Not still: its worker is kicked by what it hears."""
    stripe, orders = FakeStripe(kit.clock), FakeOrders(kit)
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key, sweep_interval_seconds=60)
    async with serving(create_app(settings, kit.parts, stripe)) as api:
        order = await orders.make()
        body = {"orderId": order.id, "token": "tok_visa"}
        assert (await api.post("/api/payments", json=body, headers=kit.signed_in(BUYER))).status_code == 201
        async with asyncio.timeout(5):
            while orders.orders[order.id].status != "complete":
                await kit.settle()
                await asyncio.sleep(0.01)
        assert (await api.get("/readyz")).status_code == 200
        assert "payments_moved_total" in (await api.get("/metrics")).text


async def test_a_slow_answer_holds_up_nobody_else(kit: Kit) -> None:
    stripe, orders = FakeStripe(kit.clock), FakeOrders(kit)
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key, sweep_interval_seconds=60)
    async with serving(create_app(settings, kit.parts, stripe)) as api:
        slow, quick = await orders.make(), await orders.make()
        for order in (slow, quick):
            body = {"orderId": order.id, "token": "tok_visa"}
            await api.post("/api/payments", json=body, headers=kit.signed_in(BUYER))
            stripe.hangs = "capture" if order is slow else ""
            while order is slow and not stripe.steps("capture"):
                await kit.settle()
                await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            while orders.orders[quick.id].status != "complete":
                await kit.settle()
                await asyncio.sleep(0.01)
        assert orders.orders[slow.id].status == "awaiting:payment"
        stripe.goes_on.set()
    assert stripe.of(slow.id)[0].status == "captured"


async def test_announcing_says_what_concerns_others(shop: Shop) -> None:
    paid, opened, _ = await shop.orders.make(), await shop.orders.make(), await shop.orders.make()
    await shop.pay(paid)
    await shop.open(opened)
    await shop.rest()
    before = shop.events(paid)[-1]
    assert await shop.service.announce() == 1
    await shop.kit.settle()
    again = shop.events(paid)[-1]
    assert (again.data, again.type, again.repeat) == (before.data, before.type, False)
    assert again.id != before.id
    assert shop.events(opened) == []


async def test_no_card_and_no_secret_is_logged(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    order = await shop.orders.make()
    for mode in ("lost after", "fault after"):
        shop.stripe.fails["confirm"] = [mode]
        await shop.pay(order, "pm_action_tellnobody")
    await shop.open(order)
    await shop.rest()
    assert "tellnobody" not in caplog.text
    assert "_secret" not in caplog.text
