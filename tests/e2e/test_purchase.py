"""From a listing to a ticket that is somebody's, over HTTP."""

import time

import pytest

from .conftest import Sinks
from .people import CARD, DECLINED_CARD, Person, created, eventually, refused


async def test_a_ticket_is_sold(seller: Person, buyer: Person, sinks: Sinks) -> None:
    ticket = await seller.sell("Hadestown, orchestra L 8", 84.5)
    listed = (await buyer.api.get("/api/tickets")).json()
    assert ticket["id"] in [one["id"] for one in listed]
    order = await buyer.reserve(ticket)
    assert (order["status"], order["ticket"]["price"]) == ("created", 84.5)
    await seller.sees_held(ticket, order)
    payment = created(await buyer.pay(order))
    assert payment["orderId"] == order["id"]
    await buyer.sees(order, "complete", seconds=2)
    (intent,) = await sinks.intents_for(order)
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 8450)
    assert ticket["id"] not in [one["id"] for one in (await buyer.api.get("/api/tickets")).json()]
    assert [one["id"] for one in (await buyer.api.get("/api/orders")).json()] == [order["id"]]


async def test_the_buyer_gets_one_mail(seller: Person, buyer: Person, sinks: Sinks) -> None:
    order = await buyer.reserve(await seller.sell("Cécile McLorin Salvant"))
    created(await buyer.pay(order))
    (mail,) = await eventually(lambda: sinks.mails_to(buyer), bool, seconds=5)
    assert mail["to"] == [buyer.email]
    assert "Cécile McLorin Salvant" in mail["subject"]
    assert "Cécile McLorin Salvant" in mail["text"]
    assert "75.00" in mail["html"]
    assert await sinks.mails_to(seller) == []


async def test_cancelling_frees_the_ticket(seller: Person, buyer: Person) -> None:
    ticket = await seller.sell()
    order = await buyer.reserve(ticket)
    await seller.sees_held(ticket, order)
    await buyer.cancel(order)
    assert (await buyer.order(order))["status"] == "cancelled"
    await seller.sees_held(ticket, None)
    assert (await buyer.reserve(ticket))["id"] != order["id"]


async def test_after_a_declined_card_another_one_pays(seller: Person, buyer: Person, sinks: Sinks) -> None:
    order = await buyer.reserve(await seller.sell())
    assert refused(await buyer.pay(order, DECLINED_CARD), 400) == "card-declined"
    assert (await buyer.order(order))["status"] == "created"
    created(await buyer.pay(order, CARD))
    await buyer.sees(order, "complete")
    intents = await sinks.intents_for(order)
    assert sum(intent["amount_received"] for intent in intents) == 7500


@pytest.mark.parametrize("kind", ["intent", "token"])
async def test_a_payment_can_be_begun_by_the_page_or_at_once(seller: Person, buyer: Person, kind: str) -> None:
    order = await buyer.reserve(await seller.sell())
    if kind == "intent":
        answer = await buyer.api.post("/api/payments/intents", json={"orderId": order["id"]})
        assert (answer.status_code, answer.json()["status"]) == (200, "open")
        assert answer.json()["clientSecret"].startswith("pi_")
    created(await buyer.pay(order))
    await buyer.sees(order, "complete")


async def test_what_one_service_just_made_is_known_to_the_next(seller: Person, buyer: Person) -> None:
    """No pause anywhere, and no 404."""
    slowest = 0.0
    for number in range(20):
        began = time.monotonic()
        order = await buyer.reserve(await seller.sell(f"Row {number}"))
        created(await buyer.pay(order))
        slowest = max(slowest, time.monotonic() - began)
        await buyer.sees(order, "complete", seconds=4)
    assert slowest < 4
