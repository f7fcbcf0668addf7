"""Auth on fakes."""

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher
from httpx import AsyncClient

from auth.app import create_app
from auth.passwords import Passwords
from auth.settings import Settings
from common.testing import Kit, serving

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def kit() -> Kit:
    return Kit("auth")


@pytest.fixture
def settings(kit: Kit) -> Settings:
    return Settings(environment="local", jwt_private_key=kit.private_key, token_lifetime_seconds=3600)


@pytest.fixture
async def api(kit: Kit, settings: Settings) -> AsyncIterator[AsyncClient]:
    async with serving(create_app(settings, kit.parts, Passwords(QUICK))) as client:
        yield client
