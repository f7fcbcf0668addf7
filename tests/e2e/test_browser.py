"""A purchase as people make it, in Chromium."""

import re
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from infra.local.testing import RunningStack

from .conftest import Sinks
from .people import PASSWORD, Json, eventually

SOON = 4000
"""Milliseconds until a page shows what was done."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--host-resolver-rules=MAP ticketing.dev 127.0.0.1"]
        )
        yield browser
        await browser.close()


class Visitor:
    """Somebody in front of the shop, with a browser of their own; `problems` is what its console complained of."""

    def __init__(self, context: BrowserContext, page: Page, shop: str) -> None:
        self.context, self.page, self.shop = context, page, shop
        self.email = f"{secrets.token_hex(6)}@example.com"
        self.problems: list[str] = []
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    async def open(self, path: str) -> None:
        await self.page.goto(self.shop + path)

    async def press(self, name: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("button", name=name).click()

    async def reads(self, heading: str) -> None:
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading, timeout=SOON)

    async def sign_up(self) -> None:
        await self.open("/signup")
        await self.page.get_by_label("Email address").fill(self.email)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.press("Create an account")
        await expect(self.page.get_by_text(self.email)).to_be_visible(timeout=SOON)

    async def sell(self, title: str, price: str) -> str:
        """The path of the ticket's page."""
        await self.open("/sell")
        await self.page.get_by_label("Title").fill(title)
        await self.page.get_by_label("Price").fill(price)
        await self.press("List this ticket")
        await self.reads(title)
        return urlsplit(self.page.url).path

    async def type_card(self, number: str) -> None:
        for label, text in (("Card number", number), ("Expires", "12/34"), ("Security code", "123")):
            field = self.page.get_by_label(label)
            await field.fill("")
            await field.press_sequentially(text)
        await self.press(re.compile(r"^Pay \$"))


@asynccontextmanager
async def visitor(chromium: Browser, shop: str) -> AsyncIterator[Visitor]:
    context = await chromium.new_context(ignore_https_errors=True)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    yield Visitor(context, page, shop)
    await context.close()


@pytest.mark.parametrize("door", ["gateway", "gateway-https"])
async def test_one_sells_and_the_other_buys(stack: RunningStack, chromium: Browser, sinks: Sinks, door: str) -> None:
    shop = stack.url(door)
    title = f"Hadestown, orchestra {secrets.token_hex(3)}"
    async with visitor(chromium, shop) as seller, visitor(chromium, shop) as buyer:
        await seller.sign_up()
        path = await seller.sell(title, "84.50")
        await buyer.sign_up()
        await buyer.open("/")
        await buyer.page.get_by_role("link", name=title).click()
        await buyer.press("Reserve for 15 minutes")
        await buyer.reads("This ticket is held for you")
        await seller.open(path)
        await expect(seller.page.get_by_text("Reserved").first).to_be_visible(timeout=SOON)
        await buyer.type_card("4242 4242 4242 4242")
        await buyer.reads("It is yours")
        assert (buyer.problems, seller.problems) == ([], [])
        cookies = await buyer.context.cookies()
    assert [(one["name"], one["httpOnly"], one["secure"]) for one in cookies if one["name"] == "session"] == [
        ("session", True, door == "gateway-https")
    ]

    async def mails() -> list[Json]:
        found: list[Json] = (await sinks.mail.get("/messages", params={"to": buyer.email})).json()
        return found

    (mail,) = await eventually(mails, bool, seconds=5)
    assert title in mail["subject"]


async def test_a_declined_card_can_be_followed_by_a_good_one(stack: RunningStack, chromium: Browser) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:
        await somebody.sign_up()
        await somebody.open(await somebody.sell("A seat for myself", "20"))
        path = urlsplit(somebody.page.url).path
        answer = await somebody.context.request.post(
            f"{somebody.shop}/api/orders", data={"ticketId": path.rpartition("/")[2]}
        )
        await somebody.open(f"/orders/{(await answer.json())['id']}")
        await somebody.type_card("4000 0000 0000 0002")
        await expect(somebody.page.get_by_role("alert").get_by_text("declined")).to_be_visible(timeout=SOON)
        await somebody.type_card("4242 4242 4242 4242")
        await somebody.reads("It is yours")
