"""A purchase as people make it, in Chromium."""

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, FrameLocator, Page, Route, async_playwright, expect

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
            executable_path=program,
            args=["--host-resolver-rules=MAP ticketing.dev 127.0.0.1", "--ignore-certificate-errors"],
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

    @property
    def card(self) -> FrameLocator:
        return self.page.frame_locator("#card iframe")

    @property
    def bank(self) -> FrameLocator:
        return self.page.frame_locator("dialog iframe")

    async def reserve_own(self) -> str:
        """The path of an order of a ticket of their own."""
        ticket = await self._made("/api/tickets", {"title": "A seat for myself", "price": 20})
        order = await self._made("/api/orders", {"ticketId": ticket["id"]})
        return f"/orders/{order['id']}"

    async def _made(self, path: str, body: Json) -> Json:
        answer = await self.context.request.post(self.shop + path, data=body)
        assert answer.status == 201, await answer.text()
        made: Json = await answer.json()
        return made

    async def type_card(self, number: str) -> None:
        typed = {"Card number": number, "Expires": "12/34", "Security code": "123", "ZIP code": "10001"}
        for label, text in typed.items():
            await self.card.get_by_label(label).fill(text)
        await self.pay()

    async def pay(self) -> None:
        await self.press(re.compile(r"^Pay \$"))

    async def is_told(self, sentence: str) -> None:
        await expect(self.page.get_by_role("alert").filter(has_text=sentence)).to_be_visible(timeout=SOON)


@asynccontextmanager
async def visitor(chromium: Browser, shop: str) -> AsyncIterator[Visitor]:
    context = await chromium.new_context(ignore_https_errors=True, locale="en-US")
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


async def test_a_declined_card_can_be_followed_by_a_good_one(
    stack: RunningStack, chromium: Browser, sinks: Sinks
) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:
        await somebody.sign_up()
        path = await somebody.reserve_own()
        await somebody.open(path)
        await somebody.type_card("4000 0000 0000 0002")
        await somebody.is_told("Your bank declined this card. Nothing was taken, and the ticket is still held for you.")
        await expect(somebody.card.get_by_label("Card number")).to_have_value("4000 0000 0000 0002")
        await somebody.type_card("4242 4242 4242 4242")
        await somebody.reads("It is yours")
        await somebody.page.go_back()
        await expect(somebody.page.locator("#card")).to_have_count(0)
        await somebody.page.go_forward()
        await somebody.reads("It is yours")
    [intent] = await sinks.intents_for({"id": path.rpartition("/")[2]})
    assert [charge["paid"] for charge in intent["charges"]].count(True) == 1


async def test_the_bank_asks_who_pays(stack: RunningStack, chromium: Browser) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:
        await somebody.sign_up()
        await somebody.open(await somebody.reserve_own())
        await somebody.type_card("4000 0027 6000 3184")
        await somebody.bank.get_by_role("button", name="Fail").click()
        await somebody.is_told("Your bank could not confirm that it was you. Nothing was taken")
        await somebody.pay()
        await expect(somebody.bank.get_by_role("button", name="Fail")).to_be_visible()
        await somebody.page.reload()
        await somebody.type_card("4000 0027 6000 3184")
        await somebody.bank.get_by_role("button", name="Complete").click()
        await somebody.reads("It is yours")


@pytest.mark.parametrize(("answer", "heading"), [("Fail", "This ticket is held for you"), ("Complete", "It is yours")])
async def test_the_bank_takes_the_whole_page(
    stack: RunningStack, chromium: Browser, sinks: Sinks, answer: str, heading: str
) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:
        await somebody.sign_up()
        path = await somebody.reserve_own()
        await somebody.open(path)
        await sinks.stripe.post("/stand-in/stripe/faults", json={"action": "redirect", "path": "*/confirm"})
        await somebody.type_card("4000 0027 6000 3184")
        await somebody.press(answer)
        await somebody.reads(heading)
        assert "secret" not in somebody.page.url
        assert urlsplit(somebody.page.url).path == path


async def test_two_windows_pay_at_once_and_one_payment_is_made(
    stack: RunningStack, chromium: Browser, sinks: Sinks
) -> None:
    shop = stack.url("gateway")
    async with visitor(chromium, shop) as one, visitor(chromium, shop) as other:
        await one.sign_up()
        await other.context.add_cookies(await one.context.cookies())  # type: ignore[arg-type]
        path = await one.reserve_own()
        await asyncio.gather(one.open(path), other.open(path))
        await asyncio.gather(one.type_card("4242 4242 4242 4242"), other.type_card("5555 5555 5555 4444"))
        for window in (one, other):
            heading = window.page.get_by_role("heading", level=1)
            await expect(heading).to_have_text("It is yours", timeout=20_000)
    [intent] = await sinks.intents_for({"id": path.rpartition("/")[2]})
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 2000)


async def test_the_connection_breaks_after_the_card_was_sent(stack: RunningStack, chromium: Browser) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:

        async def lose(route: Route) -> None:
            await route.fetch()
            await somebody.context.set_offline(True)
            await route.abort()

        await somebody.sign_up()
        await somebody.open(await somebody.reserve_own())
        await somebody.page.route("**/v1/payment_intents/*/confirm", lose)
        await somebody.type_card("4242 4242 4242 4242")
        await somebody.is_told("The connection broke while you were paying")
        await somebody.context.set_offline(False)
        await somebody.reads("It is yours")


async def test_time_runs_out_with_a_card_half_typed(stack: RunningStack, chromium: Browser) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:
        await somebody.sign_up()
        await somebody.open(await somebody.reserve_own())
        await somebody.card.get_by_label("Card number").press_sequentially("4242 4242")
        heading = somebody.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("The time ran out. You were not charged.", timeout=40_000)


async def test_time_runs_out_while_the_bank_asks(stack: RunningStack, chromium: Browser, sinks: Sinks) -> None:
    async with visitor(chromium, stack.url("gateway")) as somebody:
        await somebody.sign_up()
        path = await somebody.reserve_own()
        await somebody.open(path)
        await somebody.type_card("4000 0027 6000 3184")
        complete = somebody.bank.get_by_role("button", name="Complete")
        await expect(complete).to_be_visible()
        order = {"id": path.rpartition("/")[2]}

        async def statuses() -> list[str]:
            return [one["status"] for one in await sinks.intents_for(order)]

        await eventually(statuses, lambda found: found == ["canceled"], seconds=60)
        await complete.click()
        heading = somebody.page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("The time ran out. You were not charged.", timeout=SOON)
