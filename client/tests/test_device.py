"""The shop in a real browser: without a network, and at the visitor's own clock."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from starlette.types import ASGIApp

from common.mongo import new_id
from common.testing import Kit
from common.testing.servers import free_port

from .fakes import FakeBackend

pytestmark = pytest.mark.real
KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    found[name.split("-")[0]] = (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname);
  }
  return found;
}"""
SOON = 10_000
"""Milliseconds; the machine may be busy."""


@dataclass
class Device:
    """A browser on a device that can lose its network."""

    context: BrowserContext
    page: Page
    kit: Kit
    url: str

    async def sign_in(self, user_id: str) -> None:
        token = self.kit.token(user_id, "dana@example.com")
        await self.context.add_cookies([{"name": "session", "value": token, "url": self.url}])

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def open_with_worker(self, path: str = "/", language: str = "") -> None:
        """And the worker (that of this language) answers for it, as on any later visit."""
        answers = "end => navigator.serviceWorker.controller?.scriptURL.endsWith(end) ?? false"
        for _ in range(20):
            await self.open(path)
            await self.page.evaluate("() => navigator.serviceWorker.ready")
            if await self.page.evaluate(answers, language and f"language={language}"):
                return
            await asyncio.sleep(0.5)
        raise AssertionError("the worker does not answer for pages")

    async def reads(self, heading: str | re.Pattern[str]) -> None:
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading, timeout=SOON)

    async def keeps(self, copies: list[str]) -> None:
        """Waits until the device has kept these pages, and no others."""
        found: list[str] | None = None
        for _ in range(100):
            found = (await self.page.evaluate(KEPT)).get("copies", [])
            if sorted(found or []) == sorted(copies):
                return
            await asyncio.sleep(0.1)
        assert found == copies

    async def lose_network(self) -> None:
        await self.context.set_offline(True)

    async def find_network(self) -> None:
        await self.context.set_offline(False)


def chromium() -> str | None:
    """The machine's, whatever it is called; None for Playwright's own."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The app on a port of this machine."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = server.force_exit = True
    await serving


@asynccontextmanager
async def browsing(width: int, colours: str) -> AsyncIterator[Page]:
    """A window of this width, for somebody who likes these colours."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium())
        look = {"viewport": {"width": width, "height": 800}, "color_scheme": colours, "locale": "en-US"}
        yield await (await browser.new_context(**look)).new_page()  # type: ignore[arg-type]
        await browser.close()


@asynccontextmanager
async def device(url: str, kit: Kit, locale: str = "en-GB", zone: str = "UTC") -> AsyncIterator[Device]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium())
        context = await browser.new_context(locale=locale, timezone_id=zone)
        yield Device(context, await context.new_page(), kit, url)
        await browser.close()


@pytest.fixture
async def url(app: FastAPI) -> AsyncIterator[str]:
    async with listening(app) as url:
        yield url


@pytest.fixture
async def phone(url: str, kit: Kit) -> AsyncIterator[Device]:
    async with device(url, kit) as phone:
        yield phone


async def test_ones_orders_can_be_read_without_a_network(phone: Device, backend: FakeBackend) -> None:
    dana = new_id()
    await backend.place(await backend.put("Hadestown"), dana)
    paid = await backend.place(await backend.put("Hozier"), dana, "complete")
    await phone.sign_in(dana)
    await phone.open_with_worker("/orders")
    await phone.open("/orders")
    stood = phone.page.get_by_text("This is how it stood at")
    await expect(stood).to_be_hidden()
    await expect(phone.page.get_by_text("minutes left")).to_be_visible()
    await phone.open(f"/orders/{paid.id}")
    await phone.keeps(["/orders", f"/orders/{paid.id}"])

    await phone.lose_network()
    await phone.open("/orders")
    await phone.reads("My orders")
    await expect(stood).to_have_text(
        re.compile(r"^This is how it stood at \d\d:\d\d (UTC|GMT) on \d+ \w+ \d{4}\. It is up to date again when")
    )
    await expect(phone.page.get_by_text("Hadestown").first).to_be_visible()
    await expect(phone.page.get_by_text("minutes left")).to_be_hidden()
    await phone.open(f"/orders/{paid.id}")
    await phone.reads("It is yours")
    await expect(stood).to_be_visible()

    await phone.find_network()
    await expect(stood).to_be_hidden(timeout=SOON)


async def test_all_else_says_so_and_comes_back_by_itself(phone: Device, backend: FakeBackend) -> None:
    await backend.put("Hadestown")
    await phone.open_with_worker()
    await phone.lose_network()
    await phone.open("/?q=hades")
    await phone.reads("This device is offline")
    colour = await phone.page.evaluate("() => getComputedStyle(document.querySelector('.top')).backgroundColor")
    assert colour == "rgb(11, 68, 56)"
    await phone.find_network()
    await phone.reads("Tickets from the people who own them")
    assert phone.page.url.endswith("/?q=hades")


async def test_no_page_that_takes_money_is_ever_kept(phone: Device, backend: FakeBackend) -> None:
    dana = new_id()
    held = await backend.place(await backend.put("Hadestown"), dana)
    await phone.sign_in(dana)
    await phone.open_with_worker(f"/orders/{held.id}")
    await phone.open(f"/orders/{held.id}")
    await phone.reads("This ticket is held for you")
    await phone.open("/orders")
    await phone.keeps(["/orders"])
    await phone.lose_network()
    await phone.open(f"/orders/{held.id}")
    await phone.reads("This device is offline")


async def test_signing_out_leaves_nothing_for_the_next(phone: Device, backend: FakeBackend) -> None:
    dana = new_id()
    await backend.place(await backend.put("Hadestown"), dana, "complete")
    await phone.sign_in(dana)
    await phone.open_with_worker("/orders")
    await phone.open("/orders")
    await phone.keeps(["/orders"])
    await phone.page.get_by_role("button", name="Sign out").click()
    await phone.reads("Tickets from the people who own them")
    await phone.keeps([])
    await phone.open_with_worker()
    await phone.lose_network()
    await phone.open("/orders")
    await phone.reads("This device is offline")


async def test_another_person_finds_nothing_of_the_one_before(phone: Device, backend: FakeBackend) -> None:
    """Whose session has ended without signing out."""
    dana, kim = new_id(), new_id()
    paid = await backend.place(await backend.put("Hadestown"), dana, "complete")
    await backend.place(await backend.put("Hozier"), kim, "complete")
    await phone.sign_in(dana)
    await phone.open_with_worker(f"/orders/{paid.id}")
    await phone.open(f"/orders/{paid.id}")
    await phone.keeps([f"/orders/{paid.id}"])
    await phone.sign_in(kim)
    await phone.open("/orders")
    await phone.keeps(["/orders"])
    await phone.context.clear_cookies()
    await phone.open("/orders")
    await phone.reads("Sign in")
    await phone.keeps([])


async def test_the_offline_page_follows_the_language(phone: Device, backend: FakeBackend) -> None:
    await backend.put("Hadestown")
    await phone.open_with_worker()
    await phone.page.get_by_role("button", name="Deutsch").click()
    await phone.reads("Tickets von denen, denen sie gehören")
    await phone.open_with_worker(language="de")
    await phone.lose_network()
    await phone.open("/")
    await phone.reads("Dieses Gerät ist offline")


async def test_times_are_the_visitors_from_the_first_page_on(url: str, kit: Kit, backend: FakeBackend) -> None:
    dana = new_id()
    moment = kit.clock().replace(year=2027, month=1, day=5, hour=23, minute=30, second=0, microsecond=0)
    order = await backend.place(await backend.put("Hadestown"), dana, expires_at=moment)
    async with device(url, kit, "de-DE", "Europe/Berlin") as phone:
        await phone.sign_in(dana)
        for _ in range(2):  # rewritten by the script, then made so by the server
            await phone.open(f"/orders/{order.id}")
            await expect(phone.page.get_by_text("Für dich reserviert bis 00:30:00 MEZ")).to_be_visible()
            await expect(phone.page.locator("time[data-at=second]")).to_have_attribute(
                "datetime", "2027-01-05T23:30:00.000Z"
            )
        assert await phone.page.locator("html").get_attribute("data-zone") == "Europe/Berlin"
