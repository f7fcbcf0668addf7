"""One insert decides who gets a ticket."""

import asyncio
from collections import Counter

import pytest
from httpx import AsyncClient

from common.errors import Conflict
from common.events import ORDER_CREATED, TicketState
from common.testing import Kit
from orders.domain import Order
from orders.service import TRIES, Orders
from orders.store import OrderStore, TicketReplica

from .factories import BUYER, OTHER, TIMES, list_ticket, reserve


async def race(api: AsyncClient, kit: Kit, ticket: TicketState) -> Counter[int]:
    """Two buyers want it at once; how often each status was answered."""
    asked = [
        api.post("/api/orders", json={"ticketId": ticket.id}, headers=kit.signed_in(user)) for user in (BUYER, OTHER)
    ]
    return Counter(answer.status_code for answer in await asyncio.gather(*asked))


async def test_one_of_two_buyers_wins(api: AsyncClient, kit: Kit) -> None:
    for _ in range(20):
        assert await race(api, kit, await list_ticket(kit)) == {201: 1, 400: 1}


async def test_without_the_index_both_would_win(api: AsyncClient, kit: Kit) -> None:
    await kit.database["orders"].drop_index("ticket.id_1")
    for _ in range(20):
        assert await race(api, kit, await list_ticket(kit)) == {201: 2}


class Stale(OrderStore):
    """Another process takes the next number, and cancels, each time that we have asked for it."""

    rounds = 1

    async def next_number(self, ticket_id: str) -> int:
        number = await super().next_number(ticket_id)
        if self.rounds:
            self.rounds -= 1
            return number - 1
        return number


class Resent(OrderStore):
    """The insert succeeds, its answer is lost, and the driver sends it again."""

    async def reserve(self, order: Order) -> Order | None:
        await self.orders.insert(order, [order.said()])
        return await super().reserve(order)


def service_on(kit: Kit, kind: type[OrderStore]) -> tuple[Orders, OrderStore]:
    """The use cases on a store like this."""
    store = kind(kit.database, kit.parts.relay, kit.clock)
    return Orders(store, TicketReplica(kit.database), TIMES, kit.clock), store


async def test_a_number_that_was_taken_is_not_given_twice(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    first = await reserve(api, kit, ticket)
    await api.delete(f"/api/orders/{first['id']}", headers=kit.signed_in(BUYER))
    orders, _ = service_on(kit, Stale)
    assert (await orders.reserve(ticket.id, OTHER)).number == 2


async def test_numbers_are_not_tried_for_ever(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    first = await reserve(api, kit, ticket)
    await api.delete(f"/api/orders/{first['id']}", headers=kit.signed_in(BUYER))
    orders, store = service_on(kit, Stale)
    assert isinstance(store, Stale)
    store.rounds = TRIES
    with pytest.raises(Conflict):
        await orders.reserve(ticket.id, OTHER)


async def test_an_insert_whose_answer_was_lost_has_succeeded(api: AsyncClient, kit: Kit) -> None:
    assert (await api.get("/livez")).status_code == 200
    ticket = await list_ticket(kit)
    orders, _ = service_on(kit, Resent)
    order = await orders.reserve(ticket.id, BUYER)
    assert (order.status, order.version) == ("created", 0)
    await kit.settle()
    assert [event.data.id for event in kit.bus.events(ORDER_CREATED)] == [order.id]
