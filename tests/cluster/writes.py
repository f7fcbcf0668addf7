"""Writes and purchases without a pause: how long a lost leader costs, and whether anything acknowledged is gone."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from httpx import AsyncClient, HTTPError

from tests.e2e.people import CARD, Json

from .door import door, sign_up
from .options import Options

WRITERS = 4
_PAUSE = 0.1
_WITHIN = 180.0
_OK, _CREATED, _NOT_FOUND = 200, 201, 404


class Refused(Exception):
    """An answer that acknowledges nothing."""


@dataclass(slots=True)
class Acknowledged:
    """What was answered well: when, and its id; `refused` is what was not."""

    done: list[tuple[float, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def since(self, moment: float) -> float | None:
        """Seconds from a moment to the first that was acknowledged after it."""
        return next((at - moment for at, _ in self.done if at > moment), None)

    @property
    def longest_gap(self) -> float:
        """Seconds in which nothing was acknowledged."""
        return max((after - before for (before, _), (after, _) in pairwise(self.done)), default=0.0)

    @property
    def ids(self) -> Sequence[str]:
        """Of all that was acknowledged."""
        return [identity for _, identity in self.done]


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody signed in, who takes no for an answer."""

    http: AsyncClient
    token: str

    async def list_ticket(self) -> str:
        """The id of a ticket that is on sale now."""
        offer = {"title": f"Written through {secrets.token_hex(4)}", "price": 75}
        return str((await self._post("/api/tickets", offer))["id"])

    async def buy_ticket(self) -> str:
        """The id of an order that is complete now, for a ticket of one's own."""
        ticket = await self.list_ticket()
        order = str((await self._post("/api/orders", {"ticketId": ticket}))["id"])
        await self._post("/api/payments", {"orderId": order, "token": CARD})
        limit = time.monotonic() + _WITHIN
        while await self._status(order) != "complete":
            if time.monotonic() > limit:
                raise Refused(f"order {order} was paid for and is not complete after {_WITHIN:.0f} s")
            await asyncio.sleep(_PAUSE)
        return order

    async def _post(self, path: str, body: Json) -> Json:
        """What was made; what has not been heard of yet is asked for again."""
        limit = time.monotonic() + _WITHIN
        while True:
            answer = await self.http.post(path, json=body, headers=self._headers)
            if answer.status_code == _CREATED:
                made: Json = answer.json()
                return made
            if answer.status_code != _NOT_FOUND or time.monotonic() > limit:
                raise Refused(f"POST {path}: {answer.status_code} {answer.text[:100]}")

    async def _status(self, order: str) -> str:
        answer = await self.http.get(f"/api/orders/{order}", headers=self._headers)
        return str(answer.json()["status"]) if answer.status_code == _OK else ""

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def again_and_again(options: Options, act: Callable[[Shopper], Awaitable[str]]) -> AsyncIterator[Acknowledged]:
    """While the block runs people do this all the time; what they have begun is seen through to its end."""
    found, ending = Acknowledged(), asyncio.Event()

    async def one(shopper: Shopper) -> None:
        while not ending.is_set():
            try:
                identity = await act(shopper)
                found.done.append((time.monotonic(), identity))
            except (HTTPError, Refused) as error:
                found.refused.append(repr(error))
            await asyncio.sleep(_PAUSE)

    async with door(options, forgetful=True) as http:
        shoppers = [Shopper(http, token) for *_, token in await sign_up(http, WRITERS)]
        tasks = [asyncio.create_task(one(shopper)) for shopper in shoppers]
        try:
            yield found
        finally:
            ending.set()
            await asyncio.gather(*tasks)


async def missing_tickets(options: Options, ids: Sequence[str]) -> list[str]:
    """Those that are not there, as anybody sees it."""
    turn = asyncio.Semaphore(WRITERS)

    async def look(http: AsyncClient, identity: str) -> str:
        async with turn:
            answer = await http.get(f"/api/tickets/{identity}")
        return "" if answer.status_code == _OK else f"{identity}: {answer.status_code}"

    async with door(options) as http:
        found = await asyncio.gather(*(look(http, identity) for identity in ids))
    return [one for one in found if one]
