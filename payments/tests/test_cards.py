"""Every test card that Stripe documents (docs.stripe.com/testing), through our API: its end, and in what words.

The stand-in plays Stripe; the numbers are typed into its page, as a buyer would, and never come to us.
"""

import asyncio
import re
from typing import Any

import httpx
import pytest

from common.events import OrderState
from payments.decline import SENTENCES, sentence
from payments.gateway import Cancelled, Gateway

from .shop import Shop

pytestmark = pytest.mark.real
STAND_IN = "/stand-in/stripe"
UNHEARD_OF, MISTYPED = "4000000000000010", "4242424242424241"
DECLINED = "Your bank declined this card."
POOR = "There is not enough money on this card."
TYPED = {
    "4242424242424242": "complete",
    "4000056655665556": "complete",
    "5555555555554444": "complete",
    "2223003122003222": "complete",
    "5200828282828210": "complete",
    "5105105105105100": "complete",
    "378282246310005": "complete",
    "371449635398431": "complete",
    "6011111111111117": "complete",
    "6011000990139424": "complete",
    "3056930009020004": "complete",
    "36227206271667": "complete",
    "3566002020360505": "complete",
    "6200000000000005": "complete",
    "4000000000007726": "complete",
    "4000000000005126": "complete",
    "4000000000003055": "complete",
    "4000000000003097": "complete",
    "4000000000000002": DECLINED,
    "4000000000009995": POOR,
    "4000000000009987": DECLINED,
    "4000000000009979": DECLINED,
    "4000000000000069": "This card has expired.",
    "4000000000000127": "The security code does not belong to this card.",
    "4000000000000119": "Your bank could not process the card just now.",
    "4000000000006975": "This card has reached its limit for now.",
    "4000000000000341": DECLINED,
    "4000008400001280": DECLINED,
    "4100000000000019": DECLINED,
    UNHEARD_OF: "Only test cards work here.",
}
"""What becomes of the order, or the sentence that its buyer reads."""
ASKED = {
    "4000002500003155": "complete",
    "4000002760003184": "complete",
    "4000003800000446": "complete",
    "4000000000003220": "complete",
    "4000000000003063": "complete",
    "4000008260003178": POOR,
    "4000008400001629": DECLINED,
}
"""What becomes of it once the buyer has passed 3-D Secure."""
NAMES = {
    "tok_visa": "complete",
    "tok_mastercard": "complete",
    "tok_amex": "complete",
    "pm_card_visa": "complete",
    "pm_card_visa_debit": "complete",
    "pm_card_discover": "complete",
    "pm_card_diners": "complete",
    "pm_card_jcb": "complete",
    "pm_card_unionpay": "complete",
    "tok_chargeDeclined": DECLINED,
    "tok_chargeDeclinedInsufficientFunds": POOR,
    "tok_chargeDeclinedExpiredCard": "This card has expired.",
    "tok_chargeDeclinedIncorrectCvc": "The security code does not belong to this card.",
    "tok_chargeDeclinedProcessingError": "Your bank could not process the card just now.",
    "pm_card_visa_chargeDeclinedLostCard": DECLINED,
    "pm_card_visa_chargeDeclinedStolenCard": DECLINED,
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": "This card has reached its limit for now.",
    "pm_card_radarBlock": DECLINED,
    "pm_card_unheard_of": "This card has to be typed again.",
}


@pytest.fixture
async def browser(stripe_url: str) -> Any:
    async with httpx.AsyncClient(base_url=f"{stripe_url}{STAND_IN}", auth=("pk_test_local", "")) as client:
        yield client


async def typed(browser: httpx.AsyncClient, number: str) -> str:
    cvc = "1234" if number.startswith(("34", "37")) else "123"
    card = {"number": number, "exp_month": "12", "exp_year": "40", "cvc": cvc}
    form = {"type": "card"} | {f"card[{name}]": value for name, value in card.items()}
    answer = await browser.post("/v1/payment_methods", data=form)
    return str(answer.json()["id"])


async def test_the_tables_name_every_card(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/")).text
    listed = {one.replace(" ", "") for one in re.findall(r'<code class="nowrap">([\d ]+)</code>', page)}
    assert listed == ((set(TYPED) | set(ASKED)) - {UNHEARD_OF}) | {MISTYPED}


async def test_a_mistyped_number_never_comes_to_us(browser: httpx.AsyncClient) -> None:
    with pytest.raises(KeyError):
        await typed(browser, MISTYPED)


@pytest.mark.parametrize("number", TYPED)
async def test_a_typed_card(real: Shop, browser: httpx.AsyncClient, number: str) -> None:
    await pays(real, await typed(browser, number), TYPED[number])


@pytest.mark.parametrize("name", NAMES)
async def test_a_named_card(real: Shop, name: str) -> None:
    await pays(real, name, NAMES[name])


async def pays(shop: Shop, card: str, ends: str) -> None:
    """The order is complete; or its buyer reads why not, loses nothing, and pays with another card."""
    order = await shop.orders.make()
    answer = await shop.pay(order, card)
    await shop.rest()
    if ends == "complete":
        assert answer.status_code == 201, answer.text
    else:
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:card-declined")
        assert answer.json()["title"].startswith(f"{ends} Nothing was taken, and the ticket is still held for you.")
        assert shop.order(order).status == "created"
        assert (await shop.pay(order)).status_code == 201
        await shop.rest()
    assert shop.order(order).status == "complete"


# ---- 3-D Secure
async def asked(shop: Shop, browser: httpx.AsyncClient, order: OrderState, number: str) -> str:
    """Pays, and is asked by the bank: the address of its question."""
    answer = await shop.pay(order, await typed(browser, number))
    assert (answer.status_code, answer.json()["status"]) == (201, "requires_action")
    secret = answer.json()["clientSecret"]
    path = f"/v1/payment_intents/{secret.split('_secret_')[0]}"
    intent = (await browser.get(path, params={"client_secret": secret})).json()
    return str(intent["next_action"]["use_stripe_sdk"]["stripe_js"]).removeprefix(STAND_IN)


@pytest.mark.parametrize("number", ASKED)
async def test_the_bank_is_told_that_it_is_the_buyer(real: Shop, browser: httpx.AsyncClient, number: str) -> None:
    order = await real.orders.make()
    question = await asked(real, browser, order, number)
    assert (await browser.post(question, data={"outcome": "complete"})).status_code == 200
    status = (await real.open(order)).json()["status"]
    await real.rest()
    if ASKED[number] == "complete":
        assert (status, real.order(order).status) == ("authorized", "complete")
        return
    assert (status, real.order(order).status) == ("declined", "created")
    code = real.said(order)[-1].decline_code
    assert sentence(code).startswith(ASKED[number])
    assert (await real.pay(order)).status_code == 201


@pytest.mark.parametrize("number", ASKED)
async def test_the_bank_is_told_that_it_is_not(real: Shop, browser: httpx.AsyncClient, number: str) -> None:
    order = await real.orders.make()
    question = await asked(real, browser, order, number)
    assert (await browser.post(question, data={"outcome": "fail"})).status_code == 200
    assert (await real.open(order)).json()["status"] == "declined"
    await real.rest()
    assert (real.order(order).status, real.said(order)[-1].decline_code) == ("created", "authentication_failed")
    assert (await real.pay(order)).status_code == 201
    await real.rest()
    assert real.order(order).status == "complete"


async def test_an_order_that_ends_takes_the_question_with_it(
    real: Shop, gateway: Gateway, browser: httpx.AsyncClient
) -> None:
    order = await real.orders.make()
    question = await asked(real, browser, order, "4000000000003220")
    await real.orders.cancel(order.id)
    await real.rest()
    await browser.post(question, data={"outcome": "complete"})
    payment = await real.service._store.of_order(order.id)
    assert payment is not None
    assert payment.attempt.intent_id is not None
    assert payment.status == "cancelled"
    assert isinstance(await gateway.read(payment.attempt.intent_id), Cancelled)


# ---- what Stripe does not take at all
@pytest.mark.parametrize("way", ["pay", "open"])
async def test_a_price_too_small_for_a_card_is_said_and_the_order_can_be_cancelled(real: Shop, way: str) -> None:
    order = await real.orders.make(price=49)
    answer = await (real.pay(order) if way == "pay" else real.open(order))
    assert answer.status_code == 400
    assert answer.json()["title"] == "The price is too small to be paid by card. Nothing was taken."
    await real.rest()
    assert real.order(order).status == "created"
    await real.orders.cancel(order.id)
    await real.rest()
    payment = await real.service._store.of_order(order.id)
    assert payment is not None
    assert (payment.status, payment.due_at) == ("cancelled", None)


@pytest.mark.parametrize("code", SENTENCES)
async def test_every_sentence_says_that_nothing_was_taken(code: str) -> None:
    assert "Nothing was taken" in sentence(code)


async def test_a_bank_that_takes_its_time_is_waited_for(real: Shop, stripe_url: str) -> None:
    async with httpx.AsyncClient() as client:
        order_it = {"action": "processing", "path": "/v1/payment_intents/*/confirm", "seconds": 0.5}
        assert (await client.post(f"{stripe_url}{STAND_IN}/faults", json=order_it)).status_code == 201
    order = await real.orders.make()
    assert (await real.pay(order)).json()["status"] == "pending"
    await asyncio.sleep(0.6)
    await real.wait(61)
    assert real.order(order).status == "complete"
