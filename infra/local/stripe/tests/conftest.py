"""One stand-in per test, in this process, spoken to through the official package and plain httpx."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from infra.local.stripe.app import create_app
from infra.local.stripe.context import Options

BASE = "http://stripe.test"
HERE = Path(__file__).parent
INTENT = {"amount": 1999, "currency": "usd", "capture_method": "manual", "allowed_payment_method_types": ["card"]}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The official package hands httpx its body in a way that httpx has deprecated.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"))


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.present = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.present

    def move(self, **by: float) -> None:
        self.present += timedelta(**by)


@dataclass
class Stand:
    """A running stand-in and the ways to speak to it."""

    http: httpx.AsyncClient
    stripe: stripe.StripeClient
    clock: FakeClock

    async def fault(self, action: str, **order: Any) -> None:
        answer = await self.http.post("/stand-in/stripe/faults", json={"action": action, **order})
        assert answer.status_code == 201, answer.text

    async def post(
        self, path: str, data: dict[str, Any], key: str | None = None, auth: str = "sk_test_x"
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {auth}"} | ({"Idempotency-Key": key} if key else {})
        return await self.http.post(path, data=data, headers=headers)

    async def get(self, path: str, auth: str = "sk_test_x", **params: str) -> httpx.Response:
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {auth}"})

    async def intent(self, **params: Any) -> stripe.PaymentIntent:
        return await self.stripe.v1.payment_intents.create_async({**INTENT, **params})  # type: ignore[typeddict-item]

    async def authorized(self, **params: Any) -> stripe.PaymentIntent:
        return await self.intent(confirm=True, payment_method="pm_card_visa", **params)

    async def paid(self, card: str = "pm_card_visa") -> stripe.PaymentIntent:
        return await self.intent(confirm=True, payment_method=card, capture_method="automatic")

    async def events(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event.type for event in (await self.stripe.v1.events.list_async({"limit": 100})).data][::-1]

    async def statuses(self) -> list[str]:
        return [one["status"] for one in (await self.http.get("/stand-in/stripe/intents")).json()["intents"]]


def stripe_client(http: httpx.AsyncClient, retries: int = 0) -> stripe.StripeClient:
    """The official client over a given connection."""
    transport = stripe.HTTPXClient(verify_ssl_certs=False)
    transport._client_async = http
    return stripe.StripeClient(
        "sk_test_local", base_addresses={"api": str(http.base_url)}, http_client=transport, max_network_retries=retries
    )


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Stand]:
    clock = options.clock if isinstance(options.clock, FakeClock) else FakeClock()
    app = create_app(replace(options, clock=options.clock if options.webhook_url else clock))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        yield Stand(http, stripe_client(http), clock)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with running(Options(lock_timeout=0.3, refund_delay=0.0)) as stand:
        yield stand
