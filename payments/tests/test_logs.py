"""Nothing that is good for money, or for passing as somebody, stands in a log."""

import logging

import httpx
import pytest

from common.logs import JsonFormatter

from .shop import Shop
from .stripe_events import SECRET, event, send

pytestmark = pytest.mark.real


async def test_a_purchase_told_in_full_gives_nothing_away(
    real: Shop, stripe_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    order = await real.orders.make()
    declined = "tok_chargeDeclined"
    assert (await real.pay(order, declined, key="a key of the client's")).status_code == 400
    async with httpx.AsyncClient() as client:
        lost = {"action": "error", "path": "*", "when": "after", "times": 2}
        await client.post(f"{stripe_url}/stand-in/stripe/faults", json=lost)
    opened = await real.open(order)
    await real.pay(order, "pm_card_visa")
    await send(real, event("payment_intent.succeeded", "pi_unheard_of"), "t=1,v1=nonsense")
    await send(real, event("payment_intent.succeeded", "pi_unheard_of"))
    await real.rest()
    await real.service.refund(order.id)
    lines = [JsonFormatter("payments").format(one) for one in caplog.records]
    secrets = [opened.json().get("clientSecret") or "_secret_", declined, "pm_card_visa", "sk_test_local", SECRET]
    assert len(lines) > 5
    assert [line for line in lines for secret in secrets if secret in line] == []
