"""Payments on fakes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from common.testing import Kit, serving
from payments.app import create_app, create_service
from payments.gateway import Gateway
from payments.settings import Settings
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
