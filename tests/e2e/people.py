"""People who use the product as a program would: over HTTP, through the gateway."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from httpx import AsyncClient, Response

CARD = "pm_card_visa"
DECLINED_CARD = "pm_card_visa_chargeDeclined"
PASSWORD = "correct horse battery"
T = TypeVar("T")
Json = dict[str, Any]


async def eventually(look: Callable[[], Awaitable[T]], good: Callable[[T], object], seconds: float) -> T:
    """What `look` finds, once it is good; fails with what was found last."""
    limit = time.monotonic() + seconds
    while not good(found := await look()):
        assert time.monotonic() < limit, f"not within {seconds:g} s, at last: {found}"
        await asyncio.sleep(0.05)
    return found


class Away(Exception):
    """A part did not answer: an honest 503."""


def created(answer: Response) -> Json:
    """What a request made."""
    assert answer.status_code == 201, f"{answer.request.method} {answer.request.url}: {answer.text}"
    body: Json = answer.json()
    return body


def refused(answer: Response, status: int) -> str:
    """The problem's code; every refusal has the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["errors"][0]["message"]
    return str(body["type"]).removeprefix("urn:ticketing:problem:")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, signed in."""

    email: str
    api: AsyncClient

    async def sell(self, title: str = "Hozier, Red Rocks", price: float = 75) -> Json:
        """A ticket of theirs on sale."""
        return created(await self.api.post("/api/tickets", json={"title": title, "price": price}))

    async def try_to_reserve(self, ticket: Json) -> Response:
        """Whatever comes of it."""
        return await self.api.post("/api/orders", json={"ticketId": ticket["id"]})

    async def reserve(self, ticket: Json) -> Json:
        """An order of theirs."""
        return created(await self.try_to_reserve(ticket))

    async def pay(self, order: Json, card: str = CARD) -> Response:
        """Whatever comes of it."""
        return await self.api.post("/api/payments", json={"orderId": order["id"], "token": card})

    async def cancel(self, order: Json) -> None:
        """Gives the reservation back."""
        answer = await self.api.delete(f"/api/orders/{order['id']}")
        assert answer.status_code == 204, answer.text

    async def order(self, order: Json) -> Json:
        """As it is now."""
        return await self._get(f"/api/orders/{order['id']}")

    async def ticket(self, ticket: Json) -> Json:
        """As it is now."""
        return await self._get(f"/api/tickets/{ticket['id']}")

    async def _get(self, path: str) -> Json:
        answer = await self.api.get(path)
        if answer.status_code == 503:
            raise Away(answer.text)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def sees(self, order: Json, status: str, seconds: float = 2) -> Json:
        """The order in this status, soon."""
        return await eventually(lambda: self.order(order), lambda found: found["status"] == status, seconds)

    async def sees_held(self, ticket: Json, order: Json | None, seconds: float = 2) -> Json:
        """The ticket, held for this order or for none, soon."""
        holder = order and order["id"]
        return await eventually(lambda: self.ticket(ticket), lambda found: found["orderId"] == holder, seconds)
