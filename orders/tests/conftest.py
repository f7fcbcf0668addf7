"""Orders on fakes."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from common.testing import Kit, serving
from orders.app import create_app
from orders.settings import Settings

Sweep = Callable[[], Awaitable[None]]


@pytest.fixture
def kit() -> Kit:
    return Kit("orders")


@pytest.fixture
def app(kit: Kit) -> FastAPI:
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key, sweep_interval_seconds=3600)
    return create_app(settings, kit.parts)


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with serving(app) as client:
        yield client


@pytest.fixture
def sweep(app: FastAPI, kit: Kit) -> Sweep:
    """One round of both sweeps, and what follows from it."""

    async def once() -> None:
        await app.state.service.cancel_overdue()
        await app.state.service.say_again()
        await kit.settle()

    return once
