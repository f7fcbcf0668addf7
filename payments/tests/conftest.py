"""Payments on fakes, or in front of the stand-in."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from common.testing import Kit, serving
from common.testing.servers import free_port
from payments.app import create_app, create_service
from payments.gateway import Gateway
from payments.settings import Settings
from payments.stripe_gateway import StripeGateway
from payments.worker import Worker

from .fake_orders import FakeOrders
from .fake_stripe import FakeStripe
from .shop import Shop, StillParts


@pytest.fixture
def kit() -> Kit:
    return Kit("payments")


@asynccontextmanager
async def open_shop(kit: Kit, gateway: Gateway | None = None) -> AsyncIterator[Shop]:
    parts = StillParts("payments", kit.database, kit.bus, kit.clock)
    kit.parts = parts
    stripe, orders = FakeStripe(kit.clock), FakeOrders(kit)
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key)
    app = create_app(settings, parts, gateway or stripe)

    def another_worker() -> Worker:
        other = StillParts("payments", kit.database, kit.bus, kit.clock)
        create_service(settings, other, gateway or stripe)
        return other.worker

    async with serving(app) as api:
        yield Shop(kit, stripe, orders, api, parts.worker, parts.webhooks, app.state.service, another_worker)


@pytest.fixture
async def shop(kit: Kit) -> AsyncIterator[Shop]:
    async with open_shop(kit) as shop:
        yield shop


@pytest.fixture
def make_shop() -> Callable[[], AbstractAsyncContextManager[Shop]]:
    """For tests that need many."""
    return lambda: open_shop(Kit("payments"))


@pytest.fixture(scope="session")
def stripe_url() -> Iterator[str]:
    """The stand-in, as a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "infra.local.stripe", "--port", str(port)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            assert client.get(f"{url}/livez").status_code == 200
        yield url
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
async def gateway(stripe_url: str) -> AsyncIterator[StripeGateway]:
    async with StripeGateway("sk_test_local", stripe_url, answer_within=3) as gateway:
        yield gateway


@pytest.fixture
async def real(kit: Kit, gateway: Gateway) -> AsyncIterator[Shop]:
    """The whole service in front of the stand-in."""
    async with open_shop(kit, gateway) as shop:
        yield shop
