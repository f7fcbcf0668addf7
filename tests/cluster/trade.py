"""Purchases through the ingress that go on while something is done to the cluster: none of the requests may fail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any

from httpx import AsyncClient, Response

from tests.faults.shop import Load, Person
from tests.faults.test_rolling import shop_on

from .door import door, sign_up
from .options import Options

_PAUSE = 0.45
"""Seconds before each request: two cores also have to start what is restarted, and nobody signs in more often than

the ingress lets one address.
"""
_PEOPLE_FOR_EACH = 6


class Trade(Load):
    """What was asked and answered; `failed` lists what should not have been answered so."""

    async def ask(self, *words: Any, **more: Any) -> Response | None:
        """As people do, not as machines: with a pause before."""
        await asyncio.sleep(_PAUSE)
        return await super().ask(*words, **more)

    def since(self, total: int, failed: int) -> tuple[int, list[str]]:
        """How many requests were answered since there were so many, and what failed since."""
        return self.total - total, self.failed[failed:]


class Market:
    """Hands out people who have signed up before, in turn: what the shoppers of the fault tests ask of a shop."""

    def __init__(self, people: list[Person]) -> None:
        self._people = cycle(people)

    def person(self) -> Person:
        """Somebody signed in."""
        return next(self._people)


@asynccontextmanager
async def trading(options: Options) -> AsyncIterator[Trade]:
    """While the block runs people list, edit, reserve, pay, cancel, delete and look at pages."""
    load, ending, titles = Trade(), asyncio.Event(), list[str]()
    async with door(options, forgetful=True) as http:
        known = await sign_up(http, options.people * _PEOPLE_FOR_EACH)
        people = [Person(identity, http, {"Authorization": f"Bearer {token}"}) for identity, _, token in known]
        market: Any = Market(people)
        shoppers = [asyncio.create_task(shop_on(market, load, titles, ending)) for _ in range(options.people)]
        try:
            yield load
        finally:
            ending.set()
            outcomes = await asyncio.gather(*shoppers, return_exceptions=True)
            await asyncio.gather(*(_let_go(http, one) for one in people))
            load.failed += [f"a shopper gave up: {one!r}" for one in outcomes if isinstance(one, Exception)]


async def _let_go(http: AsyncClient, person: Person) -> None:
    """Of what they still hold, because a request in the middle of a purchase failed: nothing is to be waited for."""
    for order in (await http.get("/api/orders", headers=person.headers)).json():
        if order["status"] == "created":
            await http.delete(f"/api/orders/{order['id']}", headers=person.headers)
