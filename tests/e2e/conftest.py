"""One whole stack for all of these tests: real processes in a folder of its own, reservations of 20 seconds."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import AsyncClient

from common.clock import now
from infra.local.testing import RunningStack, running_stack

from .people import PASSWORD, Json, Person, created

HERE = Path(__file__).parent
WINDOW_SECONDS = 20
"""Long enough for a purchase with a crash in the middle of it."""
SETTINGS = {
    "EXPIRATION_WINDOW_SECONDS": str(WINDOW_SECONDS),
    "SWEEP_INTERVAL_SECONDS": "1",
}
Newcomer = Callable[[], Awaitable[Person]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all, since they share the stack."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """The product, running."""
    async with running_stack(tmp_path_factory.mktemp("stack"), SETTINGS) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def newcomer(stack: RunningStack) -> AsyncIterator[Newcomer]:
    """Signs somebody up."""
    async with AsyncExitStack() as clients:

        async def sign_up() -> Person:
            api = await clients.enter_async_context(AsyncClient(base_url=stack.url("gateway"), timeout=20))
            email = f"{secrets.token_hex(6)}@example.com"
            created(await api.post("/api/users/signup", json={"email": email, "password": PASSWORD}))
            return Person(email, api)

        yield sign_up


@pytest_asyncio.fixture(loop_scope="session")
async def seller(newcomer: Newcomer) -> Person:
    return await newcomer()


@pytest_asyncio.fixture(loop_scope="session")
async def buyer(newcomer: Newcomer) -> Person:
    return await newcomer()


@dataclass(frozen=True, slots=True)
class Sinks:
    """What the outside world has seen: mails that were sent, and money that moved."""

    mail: AsyncClient
    stripe: AsyncClient

    async def mails_to(self, person: Person) -> list[Json]:
        """Newest first."""
        found: list[Json] = (await self.mail.get("/messages", params={"to": person.email})).json()
        return found

    async def intents_for(self, order: Json) -> list[Json]:
        """Every attempt at paying this order, newest first."""
        intents = (await self.stripe.get("/stand-in/stripe/intents")).json()["intents"]
        return [one for one in intents if one["metadata"].get("orderId") == order["id"]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sinks(stack: RunningStack) -> AsyncIterator[Sinks]:
    """The stand-ins, asked on their own ports."""
    async with AsyncClient(base_url=stack.url("mail")) as mail, AsyncClient(base_url=stack.url("stripe")) as stripe:
        yield Sinks(mail, stripe)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An order that nobody pays; `late` will be how many seconds after its deadline it was seen to have ended."""

    seller: Person
    buyer: Person
    ticket: Json
    order: Json
    late: "asyncio.Task[float]"


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def unpaid(newcomer: Newcomer) -> AsyncIterator[Unpaid]:
    """Reserved before the first test, so that its time runs while the others do something."""
    seller, buyer = await newcomer(), await newcomer()
    ticket = await seller.sell("Nobody pays for this")
    order = await buyer.reserve(ticket)
    late = asyncio.create_task(_lateness(buyer, order))
    yield Unpaid(seller, buyer, ticket, order, late)
    late.cancel()


async def _lateness(buyer: Person, order: Json) -> float:
    while (found := await buyer.order(order))["status"] == "created":
        await asyncio.sleep(0.1)
    assert found["status"] == "cancelled"
    return (now() - datetime.fromisoformat(order["expiresAt"])).total_seconds()
