"""Emails on fakes."""

from collections.abc import AsyncIterator

import pytest

from common.testing import Kit
from emails.app import create_service
from emails.listeners import SUBSCRIPTIONS
from emails.service import Emails
from emails.settings import Settings

from .factories import FakeSender


@pytest.fixture
def kit() -> Kit:
    return Kit("emails")


@pytest.fixture
def settings() -> Settings:
    return Settings(environment="local", public_url="https://ticketing.test", sweep_interval_seconds=3600)


@pytest.fixture
def sender() -> FakeSender:
    return FakeSender()


@pytest.fixture
async def emails(kit: Kit, settings: Settings, sender: FakeSender) -> AsyncIterator[Emails]:
    """Hears what `kit` says; sends when told to."""
    service = create_service(settings, kit.parts, sender)
    kit.parts.listen(SUBSCRIPTIONS, service)
    async with kit.parts:
        yield service
