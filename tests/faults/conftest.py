"""One stack for the outages: two processes of every service, three of MongoDB, short reservations."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import AsyncClient, Limits
from pydantic import Field
from pydantic_settings import BaseSettings
from pymongo import AsyncMongoClient

from common.identity import Signer
from infra.local.testing import RunningStack, running_stack

from .shop import LIFETIME, Figures, Shop

HERE = Path(__file__).parent
ITS_OWN = "test_storm.py"
"""The storm starts its own stack."""
_figures: Figures = []


class Lengths(BaseSettings):
    """How long everything takes: short in `make test`, in full by `make outages`."""

    outage_seconds: float = Field(6, description="how long NATS is down, and how long the provider says nothing")
    orders_pending: int = Field(100, description="when Redis is wiped")
    window_seconds: float = Field(25, description="a reservation's time")
    patience_seconds: float = Field(5, description="before what is undecided is looked at and what waits is repeated")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all that share the stack."""
    for item in items:
        if item.path.parent == HERE and item.path.name != ITS_OWN and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures are what the run is for."""
    if _figures:
        terminalreporter.section("figures")
        for figure in _figures:
            terminalreporter.line(figure)


@pytest.fixture(scope="session")
def lengths() -> Lengths:
    return Lengths()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, lengths: Lengths) -> AsyncIterator[RunningStack]:
    """The product, running twice."""
    settings = {
        "REPLICAS": "2",
        "MONGO_NODES": "3",
        "LOG_LEVEL": "info",
        "EXPIRATION_WINDOW_SECONDS": f"{lengths.window_seconds:.0f}",
        "UNDECIDED_SECONDS": f"{lengths.patience_seconds}",
        "REPEAT_AFTER_SECONDS": f"{lengths.patience_seconds}",
        "GIVE_UP_SECONDS": f"{2 * lengths.patience_seconds}",
    }
    async with running_stack(tmp_path_factory.mktemp("stack"), settings) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(stack: RunningStack) -> AsyncIterator[Shop]:
    """What a test needs of it."""
    known = json.loads(stack.layout.credentials.read_text())
    nodes = stack.addresses["mongo"]
    hosts = ",".join(one.removeprefix("mongodb://") for one in ([nodes] if isinstance(nodes, str) else nodes))
    limits = Limits(max_connections=600, max_keepalive_connections=600)
    async with (
        AsyncClient(base_url=stack.url("gateway"), timeout=60, limits=limits) as http,
        AsyncMongoClient(
            f"mongodb://admin:{known['mongo']['admin']}@{hosts}/?replicaSet=rs0",
            tz_aware=True,
            readConcernLevel="majority",
        ) as mongo,
    ):
        yield Shop(stack, http, Signer(known["signing_seed"], LIFETIME), mongo, _figures)
