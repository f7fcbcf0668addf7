"""Two stacks for all of these tests, each with two or one of every service, and one Chromium."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from httpx import AsyncClient
from playwright.async_api import Browser, async_playwright

from infra.local.testing import RunningStack, running_stack
from tests.e2e.conftest import Sinks

from .visitor import DESK, Look, Visit, Visitor, leave

HERE = Path(__file__).parent
HURRY_SECONDS = 20
"""Long enough to type a card."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all, since they share the stacks and the browser."""
    for item in items:
        if HERE in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """The product, with two processes of each service and the quarter of an hour that people have."""
    async with running_stack(tmp_path_factory.mktemp("stack"), {"REPLICAS": "2"}) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hurried(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """The product with reservations of 20 seconds."""
    settings = {"EXPIRATION_WINDOW_SECONDS": str(HURRY_SECONDS), "SWEEP_INTERVAL_SECONDS": "1"}
    async with running_stack(tmp_path_factory.mktemp("hurried"), settings) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sinks(stack: RunningStack) -> AsyncIterator[Sinks]:
    """The stand-ins of the first stack, asked on their own ports."""
    async with AsyncClient(base_url=stack.url("mail")) as mail, AsyncClient(base_url=stack.url("stripe")) as stripe:
        yield Sinks(mail, stripe)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
            args=["--host-resolver-rules=MAP ticketing.dev 127.0.0.1", "--ignore-certificate-errors"],
        )
        yield browser
        await leave(browser)


@pytest_asyncio.fixture(loop_scope="session")
async def visit(stack: RunningStack, chromium: Browser) -> AsyncIterator[Visit]:
    """Brings somebody to the shop, with a browser of their own."""
    async with AsyncExitStack() as leaving:

        async def come(look: Look = DESK, shop: str = stack.url("gateway")) -> Visitor:
            return await leaving.enter_async_context(Visitor.come(chromium, shop, look))

        yield come
