"""What is said to Stripe and understood of it, with Stripe's own package, against the stand-in."""

import asyncio
from datetime import timedelta
from itertools import product
from typing import Any

import httpx
import pytest

from common.clock import now
from common.mongo import new_id
from common.testing.servers import free_port
from payments.gateway import (
    Authorised,
    Cancelled,
    Captured,
    Declined,
    Missing,
    NeedsAction,
    Refused,
    Reply,
    Terms,
    Unconfirmed,
    Unknown,
)
from payments.stripe_gateway import StripeGateway

from .shop import Shop

pytestmark = pytest.mark.real
LEVERS = "/stand-in/stripe"
KEY = "sk_test_local"


def terms(**overrides: Any) -> Terms:
    fields: dict[str, Any] = {
        "order_id": new_id(),
        "payment_id": new_id(),
        "attempt": 1,
        "amount_cents": 7500,
        "currency": "usd",
    }
    return Terms(**(fields | overrides))


async def fault(url: str, action: str, path: str = "*", **more: Any) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}{LEVERS}/faults", json={"action": action, "path": path, **more})
        assert answer.status_code == 201


def id_of(reply: Reply) -> str:
    assert isinstance(reply, Unconfirmed), reply
    return reply.intent_id


async def test_one_intents_whole_life(gateway: StripeGateway) -> None:
    asked = terms()
    made = await gateway.create(asked, "a")
    intent = id_of(made)
    assert "secret" not in repr(made)
    assert await gateway.create(asked, "a") == made
    assert await gateway.read(intent) == made
    assert await gateway.find(asked, now()) == made
    assert await gateway.confirm(intent, "pm_card_visa", "b") == Authorised(intent)
    assert await gateway.confirm(intent, "pm_card_visa", "b") == Authorised(intent)
    assert await gateway.confirm(intent, "pm_card_visa", "c") == Refused("payment_intent_unexpected_state")
    assert await gateway.capture(intent, 7500, "d") == Captured(intent)
    assert await gateway.read(intent) == Captured(intent)
    assert await gateway.cancel(intent, "e") == Refused("payment_intent_unexpected_state")


async def test_what_was_made_and_refunded_since(gateway: StripeGateway) -> None:
    began = now()
    unpaid = id_of(await gateway.create(terms(), new_id()))
    paid = id_of(await gateway.create(terms(), new_id()))
    await gateway.confirm(paid, "pm_card_visa", new_id())
    await gateway.capture(paid, 7500, new_id())
    await gateway.refund(paid, None, new_id())
    found = [one async for one in gateway.touched(began)]
    assert {(unpaid, False), (paid, False), (paid, True)} <= set(found)
    assert (unpaid, True) not in found
    assert [one async for one in gateway.touched(now() + timedelta(minutes=5))] == []


async def test_letting_go(gateway: StripeGateway) -> None:
    intent = id_of(await gateway.create(terms(), new_id()))
    await gateway.confirm(intent, "tok_visa", new_id())
    assert await gateway.cancel(intent, "f") == Cancelled(intent)
    assert await gateway.cancel(intent, "f") == Cancelled(intent)
    assert await gateway.capture(intent, 7500, new_id()) == Refused("payment_intent_unexpected_state")


async def test_a_declined_intent_can_be_confirmed_again(gateway: StripeGateway) -> None:
    intent = id_of(await gateway.create(terms(), new_id()))
    declined = await gateway.confirm(intent, "pm_card_visa_chargeDeclinedInsufficientFunds", new_id())
    assert isinstance(declined, Declined)
    assert (declined.code, declined.decline_code) == ("card_declined", "insufficient_funds")
    read = await gateway.read(intent)
    assert isinstance(read, Declined)
    assert (read.intent_id, read.decline_code) == (intent, "insufficient_funds")
    assert await gateway.confirm(intent, "pm_card_visa", new_id()) == Authorised(intent)


async def test_what_stripe_will_not_do(gateway: StripeGateway, stripe_url: str) -> None:
    intent = id_of(await gateway.create(terms(), "g"))
    assert await gateway.create(terms(amount_cents=1), new_id()) == Refused("amount_too_small")
    assert await gateway.create(terms(), "g") == Unknown(answered=True)
    assert await gateway.confirm(intent, "pm_unheard_of", new_id()) == Refused("resource_missing")
    assert await gateway.confirm(intent, "tok_unheard_of", new_id()) == Refused("resource_missing")
    assert await gateway.read("pi_unheard_of") == Missing()
    assert await gateway.find(terms(), now()) == Missing()
    async with StripeGateway("pk_test_local", stripe_url) as stranger:
        assert await stranger.create(terms(), new_id()) == Unknown()


@pytest.mark.parametrize(
    ("action", "more", "reply"),
    [
        ("drop", {"when": "before"}, Unknown()),
        ("drop", {"when": "after"}, Unknown()),
        ("hang", {"when": "after", "seconds": 5}, Unknown()),
        ("error", {"when": "before"}, Unknown(answered=True)),
        ("error", {"when": "after", "status": 503}, Unknown(answered=True)),
    ],
)
async def test_what_is_not_known(
    gateway: StripeGateway, stripe_url: str, action: str, more: dict[str, Any], reply: Reply
) -> None:
    await fault(stripe_url, action, "/v1/payment_intents", **more)
    asked, key = terms(), new_id()
    async with StripeGateway(KEY, stripe_url, answer_within=0.5 if action == "hang" else 3) as first:
        assert await first.create(asked, key) == reply
    again = await gateway.create(asked, key)
    assert again == reply if action == "error" else isinstance(again, Unconfirmed)


async def test_nobody_is_there() -> None:
    async with StripeGateway(KEY, f"http://127.0.0.1:{free_port()}") as gateway:
        assert await gateway.create(terms(), new_id()) == Unknown()


async def test_two_at_once_with_one_key(gateway: StripeGateway, stripe_url: str) -> None:
    intent = id_of(await gateway.create(terms(), new_id()))
    await fault(stripe_url, "slow", f"/v1/payment_intents/{intent}/confirm", seconds=0.2)
    key = new_id()
    replies = await asyncio.gather(*(gateway.confirm(intent, "pm_card_visa", key) for _ in range(2)))
    assert set(replies) == {Authorised(intent), Unknown()}


async def test_a_page_gets_a_secret_that_stripe_knows(real: Shop, stripe_url: str) -> None:
    order = await real.orders.make()
    secret = (await real.open(order)).json()["clientSecret"]
    intent = secret.split("_secret_")[0]
    form = {"client_secret": secret, "payment_method": "pm_card_visa"}
    async with httpx.AsyncClient(auth=("pk_test_local", "")) as browser:
        confirmed = await browser.post(f"{stripe_url}/v1/payment_intents/{intent}/confirm", data=form)
    assert confirmed.json()["status"] == "requires_capture"
    assert (await real.open(order)).json()["status"] == "authorized"
    await real.rest()
    assert real.order(order).status == "complete"


async def test_lost_answers_are_found_again(real: Shop, stripe_url: str) -> None:
    # The first one is looked for by its time, and the clock that the test turns must not have left Stripe's by then.
    troubles = [("error", "after"), ("drop", "before"), ("drop", "after")]
    for step, (action, when) in product(["", "/*/confirm", "/*/capture"], troubles):
        order = await real.orders.make()
        await fault(stripe_url, action, f"/v1/payment_intents{step}", method="POST", when=when)
        assert (await real.pay(order)).status_code == 201
        await real.rest()
        await real.wait(61)
        async with httpx.AsyncClient() as client:
            intents = (await client.get(f"{stripe_url}{LEVERS}/intents")).json()["intents"]
        ours = [one for one in intents if one["metadata"]["orderId"] == order.id]
        ends = [(one["status"], one["amount_received"], len(one["charges"])) for one in ours]
        assert ends == [("succeeded", 7500, 1)], (step, action, when)
        assert real.order(order).status == "complete"


async def test_a_bank_that_asks_and_is_never_answered(real: Shop, gateway: StripeGateway) -> None:
    order = await real.orders.make()
    secret = (await real.pay(order, "pm_card_threeDSecure2Required")).json()["clientSecret"]
    intent = secret.split("_secret_")[0]
    assert await gateway.read(intent) == NeedsAction(intent, secret)
    await real.until_quiet()
    await real.wait(1)
    assert real.order(order).status == "cancelled"
    assert await gateway.read(intent) == Cancelled(intent)
