"""Tickets on fakes."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from common.testing import Kit, serving
from tickets.app import create_app
from tickets.settings import Settings


@pytest.fixture
def kit() -> Kit:
    return Kit("tickets")


@pytest.fixture
async def api(kit: Kit) -> AsyncIterator[AsyncClient]:
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key)
    async with serving(create_app(settings, kit.parts)) as client:
        yield client
