"""Every service on fakes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from httpx import AsyncClient

from client import live
from common.testing import Kit, serving

from .services import SERVICES, Service


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers."""

    service: Service
    kit: Kit
    client: AsyncClient


@pytest.fixture(params=SERVICES, ids=lambda service: service.name)
def service(request: pytest.FixtureRequest) -> Service:
    """Each in turn."""
    found: Service = request.param
    return found


@pytest.fixture
async def running(service: Service, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(live, "LONGEST_SECONDS", 0.0)  # whoever asks every route waits for the end of each answer
    kit = Kit(service.name)
    async with serving(service.app(kit)) as client:
        yield Running(service, kit, client)
