"""The shop on fakes, and a browser in front of it."""

import html
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from client.app import create_app
from client.settings import Settings
from common.mongo import new_id
from common.testing import Kit, serving

from .fakes import FakeBackend

Visit = Callable[..., Any]
PATIENCE = 0.2
"""Seconds that the shop waits in these tests for what never comes."""


@pytest.fixture
def kit() -> Kit:
    return Kit("client")


@pytest.fixture
def backend(kit: Kit) -> FakeBackend:
    return FakeBackend(kit)


@pytest.fixture
def settings(kit: Kit) -> Settings:
    return Settings(
        environment="local", jwt_public_keys=kit.signer.public_key, stripe_js_url="/stand-in/stripe/v3/", currency="usd"
    )


@pytest.fixture
def app(settings: Settings, kit: Kit, backend: FakeBackend) -> FastAPI:
    return create_app(settings, kit.parts, backend, PATIENCE)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Nobody signed in."""
    async with serving(app) as client:
        yield client


@pytest.fixture
def dana(kit: Kit, browser: AsyncClient) -> str:
    """Signed in, in this browser; her id."""
    identity = new_id()
    browser.cookies.set("session", kit.token(identity, "dana@example.com"), "ticketing.test")
    return identity


def words(page: Response) -> str:
    """What a page says, without its markup."""
    body = page.text[page.text.index("<main") :]
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
    return re.sub(r" ([,.;])", r"\1", text)


def heading(page: Response) -> str:
    """Its first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])
