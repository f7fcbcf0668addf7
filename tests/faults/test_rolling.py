"""Every service is restarted, one process after the other, under load: no request at the gateway fails."""

import asyncio
import secrets
import time

import pytest

from .shop import CARD, Load, Person, Shop

SHOPPERS = 5
PAGES = ("/", "/signin", "/signup", "/static/nothing.css")


async def shop_on(shop: Shop, load: Load, titles: list[str], ending: asyncio.Event) -> None:
    """Lists, edits, reserves, pays, cancels, deletes and looks, until told to stop."""
    while not ending.is_set():
        seller, buyer = shop.person(), shop.person()
        title = f"Rolling {secrets.token_hex(8)}"
        titles.append(title)
        body = {"title": title, "price": 75}
        listed = await load.ask(seller, "POST", "/api/tickets", body, good=[201])
        if listed is None or listed.status_code != 201:
            continue
        ticket = listed.json()["id"]
        await trade(load, seller, buyer, ticket, title)
        await look_around(load, buyer, ticket)


async def trade(load: Load, seller: Person, buyer: Person, ticket: str, title: str) -> None:
    one = f"/api/tickets/{ticket}"
    await load.ask(seller, "PUT", one, {"title": title, "price": 80}, good=[200], what="PUT /api/tickets/{id}")
    for last in (False, True):
        # Until the events have arrived an honest refusal is the right answer.
        reserved = await load.ask(buyer, "POST", "/api/orders", {"ticketId": ticket}, good=[201, 400, 404])
        if reserved is None or reserved.status_code != 201:
            break
        order = f"/api/orders/{reserved.json()['id']}"
        await load.ask(buyer, "GET", order, good=[200], what="GET /api/orders/{id}")
        if last:
            paying = {"orderId": reserved.json()["id"], "token": CARD}
            await load.ask(buyer, "POST", "/api/payments", paying, good=[201, 400, 404])
        else:
            intent = {"orderId": reserved.json()["id"]}
            await load.ask(buyer, "POST", "/api/payments/intents", intent, good=[200, 400, 404])
            await load.ask(buyer, "DELETE", order, good=[204, 400], what="DELETE /api/orders/{id}")
    await load.ask(buyer, "GET", "/api/orders", good=[200])
    await load.ask(seller, "DELETE", one, good=[204, 400], what="DELETE /api/tickets/{id}")


async def look_around(load: Load, person: Person, ticket: str) -> None:
    await load.ask(person, "GET", "/api/tickets", good=[200])
    await load.ask(person, "GET", f"/api/tickets/{ticket}", good=[200, 404], what="GET /api/tickets/{id}")
    await load.ask(person, "GET", "/api/users/currentuser", good=[200])
    who = {"email": f"{secrets.token_hex(6)}@example.com", "password": "correct horse battery"}
    await load.ask(person, "POST", "/api/users/signup", who, good=[201])
    await load.ask(person, "POST", "/api/users/signin", who, good=[200])
    await load.ask(person, "POST", "/api/users/signout", good=[200])
    await load.ask(person, "GET", f"/tickets/{ticket}", good=[200, 404], what="GET page of a ticket")
    await load.ask(person, "GET", "/orders", good=[200], what="GET page of orders")
    for page in PAGES:
        await load.ask(person, "GET", page, good=[200, 303, 404])
    person.http.cookies.clear()


@pytest.mark.timeout(400)
async def test_a_rolling_restart_fails_no_request(shop: Shop) -> None:
    load, ending, titles = Load(), asyncio.Event(), list[str]()
    shoppers = [asyncio.create_task(shop_on(shop, load, titles, ending)) for _ in range(SHOPPERS)]
    before = {part["name"]: part["pid"] for part in await shop.stack.status()}
    began = time.monotonic()
    try:
        count = await shop.stack.restart()
    finally:
        ending.set()
        await asyncio.gather(*shoppers)
    after = {part["name"]: part["pid"] for part in await shop.stack.status()}
    restarted = {name for name, pid in after.items() if pid != before[name]}
    assert len(restarted) == count == 15
    assert load.failed == []
    assert set(load.done) >= {"POST /api/orders", "POST /api/payments", "POST /api/payments/intents"}
    assert load.refused("POST /api/orders") < 0.2 * load.done["POST /api/orders"]
    made = [one["title"] async for one in shop.mongo["tickets"]["tickets"].find({"title": {"$in": titles}})]
    assert len(made) == len(set(made)) == len(titles), "each was listed once"
    shop.reports(
        f"rolling restart of {count} processes in {time.monotonic() - began:.0f} s: {load.total} requests of "
        f"{len(load.done)} kinds, none failed, slowest {load.slowest:.2f} s"
    )
