"""Somebody in front of the shop."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, FrameLocator, Locator, Page, expect

from tests.e2e.people import CARD, PASSWORD, Json

SOON = 30_000
"""Milliseconds until a page shows what was done; the machine may be busy."""
_TABS = 80
FOCUSED = "(one) => one === document.activeElement && document.hasFocus()"


@dataclass(frozen=True, slots=True)
class Look:
    """Through what somebody sees the shop."""

    width: int = 1280
    colours: Literal["light", "dark"] = "light"
    scripts: bool = True
    calm: bool = False


DESK, PHONE = Look(), Look(width=360)
LEAVING_SECONDS = 20
Visit = Callable[..., Awaitable["Visitor"]]


@dataclass
class Visitor:
    """`problems` is what the browser's console complained of."""

    context: BrowserContext
    page: Page
    shop: str
    look: Look
    email: str = field(default_factory=lambda: f"{secrets.token_hex(6)}@example.com")
    problems: list[str] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def come(cls, chromium: Browser, shop: str, look: Look) -> AsyncIterator["Visitor"]:
        """With a browser of their own, until the block is left."""
        context = await chromium.new_context(
            ignore_https_errors=True,
            locale="en-US",
            viewport={"width": look.width, "height": 800},
            color_scheme=look.colours,
            java_script_enabled=look.scripts,
            reduced_motion="reduce" if look.calm else "no-preference",
        )
        context.set_default_timeout(30_000)
        visitor = cls(context, await context.new_page(), shop, look)
        visitor.listen()
        yield visitor
        await leave(context)

    async def window(self) -> "Visitor":
        """The same person's next window."""
        other = replace(self, page=await self.context.new_page())
        other.listen()
        return other

    def listen(self) -> None:
        """Notes what goes wrong in the page."""
        problems = self.problems
        self.page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: problems.append(str(error)))

    # ---- looking
    async def open(self, path: str) -> None:
        await self.page.goto(self.shop + path)

    async def reads(self, heading: str, within: int = SOON) -> None:
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading, timeout=within)

    async def sees(self, words: str | re.Pattern[str], within: int = SOON) -> None:
        """These words on the page, as many times as they like."""
        await expect(self.page.locator("main").get_by_text(words).first).to_be_visible(timeout=within)

    async def is_told(self, sentence: str) -> None:
        await expect(self.page.get_by_role("alert").filter(has_text=sentence)).to_be_visible(timeout=SOON)

    def row(self, ticket: Json) -> Locator:
        """The ticket in a list."""
        return self.page.locator(f'[data-ticket="{ticket["id"]}"]')

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    # ---- doing
    async def press(self, name: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("button", name=name).click()

    async def follow(self, name: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("link", name=name).first.click()

    async def fill(self, **fields: str) -> None:
        """By label; `Email_address` is "Email address"."""
        for label, text in fields.items():
            await self.page.get_by_label(label.replace("_", " "), exact=True).fill(text)

    async def sign_up(self) -> None:
        """A new account, on the page for that."""
        await self.open("/signup")
        await self.fill(Email_address=self.email, Password=PASSWORD)
        await self.press("Create an account")
        await expect(self.page.get_by_role("banner").locator('[href="/account"]')).to_be_visible(timeout=SOON)

    async def reaches(self, control: Locator) -> None:
        """With the Tab key alone."""
        for _ in range(_TABS):
            if await control.count() and await control.first.evaluate(FOCUSED):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{control} is not reached with the Tab key")

    async def types(self, control: Locator, text: str) -> None:
        """There, and writes."""
        await self.reaches(control)
        await self.page.keyboard.type(text)

    async def enters(self, control: Locator) -> None:
        """There, and presses Enter."""
        await self.reaches(control)
        await self.page.keyboard.press("Enter")

    # ---- as a program would, signed in as this person
    async def post(self, path: str, body: Json, status: int = 201) -> Json:
        answer = await self.context.request.post(self.shop + path, data=body)
        assert answer.status == status, await answer.text()
        made: Json = await answer.json()
        return made

    async def joins(self) -> None:
        """A new account, without looking at a page."""
        await self.post("/api/users/signup", {"email": self.email, "password": PASSWORD})

    async def sells(self, title: str = "A seat", price: float = 20) -> Json:
        ticket = await self.post("/api/tickets", {"title": f"{title} {secrets.token_hex(3)}", "price": price})
        shown = await self.context.request.get(
            f"{self.shop}/tickets/{ticket['id']}"
        )  # the shop waits until it knows it
        assert shown.status == 200, ticket
        return ticket

    async def reserves(self, ticket: Json) -> Json:
        return await self.post("/api/orders", {"ticketId": ticket["id"]})

    async def pays(self, order: Json, card: str = CARD) -> Json:
        return await self.post("/api/payments", {"orderId": order["id"], "token": card})

    async def cancels(self, order: Json) -> None:
        answer = await self.context.request.delete(f"{self.shop}/api/orders/{order['id']}")
        assert answer.status == 204, await answer.text()

    async def order(self, order: Json) -> Json:
        """As it is now."""
        found: Json = await (await self.context.request.get(f"{self.shop}/api/orders/{order['id']}")).json()
        return found

    async def reserve_own(self) -> Json:
        """An order of a ticket of their own."""
        return await self.reserves(await self.sells("A seat for myself"))

    # ---- paying
    @property
    def card(self) -> FrameLocator:
        return self.page.frame_locator("#card iframe")

    @property
    def bank(self) -> FrameLocator:
        return self.page.frame_locator("dialog iframe")

    async def type_card(self, number: str) -> None:
        """And pays with it."""
        await self.fill_card(number)
        await self.pay()

    async def fill_card(self, number: str) -> None:
        typed = {"Card number": number, "Expires": "12/34", "Security code": "123", "ZIP code": "10001"}
        for label, text in typed.items():
            await self.card.get_by_label(label).fill(text)

    async def pay(self) -> None:
        await self.press(re.compile(r"^Pay \$"))


async def leave(open_one: Browser | BrowserContext) -> None:
    """Closes it. Now and then Chromium never says that a window is gone: that is left to the end of all of it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LEAVING_SECONDS):
            await open_one.close()
