"""Five hundred buyers at the same moment for one ticket, over two processes of orders."""

import asyncio
import time
from collections import Counter

from httpx import Response

from .shop import Person, Shop

BUYERS = 500


async def reserve_for_long(buyer: Person, ticket: str) -> Response:
    """Whoever gets it holds it until all are answered, however slow the machine."""
    answer = await buyer.ask("POST", "/api/orders", {"ticketId": ticket})
    if answer.status_code == 201:
        extended = await buyer.ask("POST", f"/api/orders/{answer.json()['id']}/extend")
        assert extended.status_code == 200, extended.text
    return answer


async def test_one_gets_it_and_all_others_are_told_so(shop: Shop) -> None:
    seller, buyers = shop.person(), [shop.person() for _ in range(BUYERS)]
    ticket = await seller.sell("Wanted by five hundred")
    began = time.monotonic()
    answers = await asyncio.gather(*(reserve_for_long(one, ticket["id"]) for one in buyers))
    took = time.monotonic() - began
    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: BUYERS - 1}
    refusals = {answer.json()["type"] for answer in answers if answer.status_code == 400}
    assert refusals == {"urn:ticketing:problem:already-reserved"}
    won = next(answer.json() for answer in answers if answer.status_code == 201)
    held = await shop.mongo["orders"]["orders"].count_documents({"ticket.title": "Wanted by five hundred"})
    assert held == 1
    await shop.arrives(within=20)
    assert (await seller.ask("GET", f"/api/tickets/{ticket['id']}")).json()["orderId"] == won["id"]
    shop.reports(f"{BUYERS} buyers at once: 1 order, {BUYERS - 1} refusals, no 5xx, all answered in {took:.1f} s")
