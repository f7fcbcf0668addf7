"""Expiration on fakes: the test rings what the timer was told."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType

import pytest
from httpx import AsyncClient

from common.testing import Kit, serving
from expiration.app import create_app, create_service
from expiration.schedule import MemoryTimer
from expiration.settings import Settings

Ring = Callable[[], Awaitable[None]]
SETTINGS = Settings(environment="local", sweep_interval_seconds=0.01)


@pytest.fixture
def kit() -> Kit:
    return Kit("expiration")


@pytest.fixture
def timer() -> MemoryTimer:
    return MemoryTimer()


@pytest.fixture
async def api(kit: Kit, timer: MemoryTimer) -> AsyncIterator[AsyncClient]:
    async with serving(create_app(SETTINGS, kit.parts, timer)) as client:
        yield client


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that ARQ loads, with settings from the environment."""
    monkeypatch.setenv("ENVIRONMENT", "local")
    return importlib.import_module("expiration.worker")


@pytest.fixture
async def ring(kit: Kit, timer: MemoryTimer, worker: ModuleType) -> Ring:
    """Rings every job that the timer has, whatever the time, and lets the events arrive."""
    context = {"deadlines": create_service(SETTINGS, kit.parts)}

    async def ring() -> None:
        jobs, timer.jobs = timer.jobs, {}
        for job in jobs.values():
            await worker.fire(context, *job)
        await kit.settle()

    return ring
