"""The contract of /api/orders, by its answers."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from common.clock import rfc3339
from common.events import ORDER_CANCELLED, ORDER_CREATED
from common.testing import Kit

from .factories import (
    BUYER,
    NEVER,
    OTHER,
    complete,
    confirm,
    fetch,
    hear_ticket,
    list_ticket,
    locked,
    make_order,
    make_ticket,
    reserve,
    status,
)


async def test_a_reservation_is_answered_and_announced(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    order = await reserve(api, kit, ticket)
    expires_at = kit.clock() + timedelta(minutes=15)
    assert order == {
        "id": order["id"],
        "status": "created",
        "reason": None,
        "userId": BUYER,
        "createdAt": rfc3339(kit.clock()),
        "expiresAt": rfc3339(expires_at),
        "extended": False,
        "refunded": False,
        "version": 0,
        "ticket": {"id": ticket.id, "title": "Hozier", "price": 75.5},
    }
    await kit.settle()
    (event,) = kit.bus.events(ORDER_CREATED)
    assert (event.subject, event.data.number, event.data.version, event.data.user_id) == (order["id"], 1, 0, BUYER)
    assert (event.data.expires_at, event.data.ticket.price_cents, event.data.ticket.currency) == (
        expires_at,
        7550,
        "usd",
    )


async def test_what_is_reserved_is_the_ticket_as_it_was_last_heard_of(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    await hear_ticket(kit, ticket.model_copy(update={"version": 3, "title": "Hozier, row 5", "price_cents": 8000}))
    await hear_ticket(kit, ticket.model_copy(update={"version": 2, "title": "Hozier, row 9", "price_cents": 9000}))
    order = await reserve(api, kit, ticket)
    assert order["ticket"] == {"id": ticket.id, "title": "Hozier, row 5", "price": 80.0}


async def test_a_reserved_ticket_is_refused(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    await reserve(api, kit, ticket)
    answer = await api.post("/api/orders", json={"ticketId": ticket.id}, headers=kit.signed_in(OTHER))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["type"] == "urn:ticketing:problem:already-reserved"
    assert answer.json()["errors"] == [{"message": "Somebody else has reserved this ticket.", "field": "ticketId"}]


async def test_one_s_own_reservation_is_named_as_such(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    order = await reserve(api, kit, ticket)
    for paid, sentence in ((False, "it is held for you"), (True, "You have bought this ticket already")):
        if paid:
            await complete(kit, order)
        answer = await api.post("/api/orders", json={"ticketId": ticket.id}, headers=kit.signed_in(BUYER))
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:already-yours")
        assert sentence in answer.json()["title"]


@pytest.mark.parametrize("reach", [confirm, complete])
async def test_an_order_that_is_being_paid_or_paid_keeps_its_ticket(api: AsyncClient, kit: Kit, reach: Any) -> None:
    ticket = await list_ticket(kit)
    await reach(kit, await reserve(api, kit, ticket))
    answer = await api.post("/api/orders", json={"ticketId": ticket.id}, headers=kit.signed_in(OTHER))
    assert answer.status_code == 400


async def test_the_replica_never_refuses_what_no_order_holds(api: AsyncClient, kit: Kit) -> None:
    """The ticket still names the cancelled order: its number tells tickets that the new one is later."""
    ticket = await list_ticket(kit)
    first = await reserve(api, kit, ticket)
    await hear_ticket(kit, locked(first))
    await api.delete(f"/api/orders/{first['id']}", headers=kit.signed_in(BUYER))
    await reserve(api, kit, ticket, OTHER)
    await kit.settle()
    assert [event.data.number for event in kit.bus.events(ORDER_CREATED)] == [1, 2]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ticketId"),
        ({"ticketId": None}, "ticketId"),
        ({"ticketId": "nonsense"}, "ticketId"),
        ({"ticketId": 5}, "ticketId"),
        ({"ticketId": "5" * 25}, "ticketId"),
        ({"ticketId": ["5" * 24]}, "ticketId"),
    ],
)
async def test_each_bad_field_is_named(api: AsyncClient, kit: Kit, body: Any, field: str) -> None:
    answer = await api.post("/api/orders", json=body, headers=kit.signed_in(BUYER))
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_ticket_that_is_not_there_or_not_there_any_more(api: AsyncClient, kit: Kit) -> None:
    gone = await list_ticket(kit, version=2, deleted=True)
    await hear_ticket(kit, gone.model_copy(update={"version": 1, "deleted": False}))
    for identity in (NEVER, gone.id):
        answer = await api.post("/api/orders", json={"ticketId": identity}, headers=kit.signed_in(BUYER))
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:ticketing:problem:no-such-ticket")


async def test_a_ticket_whose_event_is_on_its_way_is_waited_for(api: AsyncClient, kit: Kit) -> None:
    ticket = make_ticket()
    asked = asyncio.create_task(reserve(api, kit, ticket))
    await asyncio.sleep(0.01)
    await hear_ticket(kit, ticket)
    assert (await asked)["ticket"]["id"] == ticket.id


async def test_nobody_without_signing_in(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    for method, path in (
        ("GET", "/api/orders"),
        ("POST", "/api/orders"),
        ("GET", f"/api/orders/{order['id']}"),
        ("DELETE", f"/api/orders/{order['id']}"),
    ):
        answer = await api.request(method, path, json={"ticketId": order["ticket"]["id"]})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")


async def test_nobody_sees_or_cancels_somebody_else_s(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    path, headers = f"/api/orders/{order['id']}", kit.signed_in(OTHER)
    assert (await api.get(path, headers=headers)).status_code == 401
    assert (await api.delete(path, headers=headers)).status_code == 401
    assert (await api.get("/api/orders", headers=headers)).json() == []
    assert await fetch(api, kit, order) == order


@pytest.mark.parametrize(("identity", "expected"), [(NEVER, 404), ("nonsense", 400), ("a" * 23 + "g", 400)])
async def test_ids_that_name_no_order(api: AsyncClient, kit: Kit, identity: str, expected: int) -> None:
    headers = kit.signed_in(BUYER)
    assert (await api.get(f"/api/orders/{identity}", headers=headers)).status_code == expected
    assert (await api.delete(f"/api/orders/{identity}", headers=headers)).status_code == expected


async def test_own_orders_newest_first_page_by_page(api: AsyncClient, kit: Kit) -> None:
    orders = [await make_order(api, kit) for _ in range(5)]
    await reserve(api, kit, await list_ticket(kit), OTHER)
    seen, path = [], "/api/orders?limit=2"
    for _ in range(3):
        answer = await api.get(path, headers=kit.signed_in(BUYER))
        seen += answer.json()
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("link", ""))
        path = link[1] if link else ""
    assert path == ""
    assert seen == orders[::-1]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=", "cursor=nonsense", "cursor=%00"])
async def test_queries_that_make_no_sense(api: AsyncClient, kit: Kit, query: str) -> None:
    answer = await api.get(f"/api/orders?{query}", headers=kit.signed_in(BUYER))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


async def test_a_buyer_gives_up_once(api: AsyncClient, kit: Kit) -> None:
    order = await make_order(api, kit)
    path, headers = f"/api/orders/{order['id'].upper()}", kit.signed_in(BUYER)
    for _ in range(2):
        answer = await api.delete(path, headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
    assert await fetch(api, kit, order) == order | {"status": "cancelled", "reason": "buyer", "version": 1}
    await kit.settle()
    (event,) = kit.bus.events(ORDER_CANCELLED)
    assert (event.data.version, event.data.reason) == (1, "buyer")


@pytest.mark.parametrize(("reach", "code"), [(confirm, "being-paid"), (complete, "already-paid")])
async def test_what_is_being_paid_or_paid_stays(api: AsyncClient, kit: Kit, reach: Any, code: str) -> None:
    order = await make_order(api, kit)
    await reach(kit, order)
    before = await status(api, kit, order)
    answer = await api.delete(f"/api/orders/{order['id']}", headers=kit.signed_in(BUYER))
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:ticketing:problem:{code}")
    assert await status(api, kit, order) == before
