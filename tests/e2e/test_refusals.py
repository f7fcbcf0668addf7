"""What nobody may do, refused by the running product as by its parts."""

import asyncio

import pytest
from bson import ObjectId

from .conftest import Newcomer
from .people import Person, created, refused


async def test_a_reserved_and_a_sold_ticket_stay_as_they_are(seller: Person, buyer: Person) -> None:
    ticket = await seller.sell()
    path, other = f"/api/tickets/{ticket['id']}", {"title": "Something else", "price": 1}
    order = await buyer.reserve(ticket)
    for status in ("created", "complete"):
        if status == "complete":
            created(await buyer.pay(order))
            await buyer.sees(order, "complete")
        await seller.sees_held(ticket, order)
        assert refused(await seller.api.put(path, json=other), 400) == "ticket-reserved"
        assert refused(await seller.api.delete(path), 400) == "ticket-reserved"
    assert (await seller.ticket(ticket))["title"] == ticket["title"]
    assert refused(await buyer.api.delete(f"/api/orders/{order['id']}"), 400) == "already-paid"


async def test_a_reserved_ticket_is_nobody_elses(seller: Person, buyer: Person, newcomer: Newcomer) -> None:
    stranger = await newcomer()
    ticket = await seller.sell()
    order = await buyer.reserve(ticket)
    assert refused(await stranger.try_to_reserve(ticket), 400) == "already-reserved"
    assert refused(await buyer.try_to_reserve(ticket), 400) == "already-yours"
    assert refused(await stranger.api.get(f"/api/orders/{order['id']}"), 401)
    assert refused(await stranger.api.delete(f"/api/orders/{order['id']}"), 401)
    assert refused(await stranger.pay(order), 401)
    created(await buyer.pay(order))
    await buyer.sees(order, "complete")
    assert refused(await stranger.try_to_reserve(ticket), 400)


async def test_what_cannot_be_paid(seller: Person, buyer: Person) -> None:
    order = await buyer.reserve(await seller.sell())
    await buyer.cancel(order)
    await asyncio.sleep(1)  # payments has heard of it by now; a payment before that is in test_races
    assert refused(await buyer.pay(order), 400)
    assert refused(await buyer.pay({"id": str(ObjectId())}), 404)
    assert refused(await buyer.pay({"id": "nonsense"}), 400)
    paid = await buyer.reserve(await seller.sell())
    created(await buyer.pay(paid))
    assert refused(await buyer.pay(paid), 400)
    await buyer.sees(paid, "complete")
    assert refused(await buyer.pay(paid), 400)


@pytest.mark.parametrize("path", ["/api/orders", "/api/payments", "/api/tickets", "/api/payments/intents"])
async def test_nobody_writes_without_signing_in(seller: Person, path: str) -> None:
    answer = await seller.api.post(path, json={}, headers={"Authorization": "Bearer forged.by.me"})
    assert refused(answer, 401) == "not-signed-in"


@pytest.mark.parametrize(
    "path", ["/api", "/api/nothing", "/api/ticketsx", "/readyz", "/metrics", "/v1/payment_intents", "/messages"]
)
async def test_what_is_inside_is_not_reached_from_outside(buyer: Person, path: str) -> None:
    assert (await buyer.api.get(path)).status_code == 404


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"x" * (2 * 1024 * 1024)])
async def test_nonsense_comes_back_through_the_gateway_as_a_refusal(seller: Person, content: bytes) -> None:
    answer = await seller.api.post("/api/tickets", content=content, headers={"Content-Type": "application/json"})
    refused(answer, 413 if len(content) > 1024 else 400)


async def test_an_account_is_made_once(buyer: Person) -> None:
    for path, password in (("signup", "another password"), ("signin", "not the password")):
        answer = await buyer.api.post(f"/api/users/{path}", json={"email": buyer.email, "password": password})
        refused(answer, 400)
    current = (await buyer.api.get("/api/users/currentuser")).json()["currentUser"]
    assert current["email"] == buyer.email
