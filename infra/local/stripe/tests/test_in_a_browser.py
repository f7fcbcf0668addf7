"""The script in a real browser, on a shop's page with a strict policy."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from .conftest import INTENT, stripe_client
from .test_process import free_port, process, ready

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.real]
Shop = tuple[Page, httpx.AsyncClient, list[str]]
SHOP = """<!doctype html><html lang="en"><title>Shop</title>
<fieldset><legend>Pay by card</legend><div id="card"></div></fieldset>
<script src="/stand-in/stripe/v3/"></script></html>"""
READY = """() => {
  window.stripe = Stripe("pk_test_local");
  window.seen = [];
  window.card = stripe.elements().create("card");
  card.on("change", (state) => seen.push(state));
  card.mount("#card");
}"""
PAY = "() => stripe.createPaymentMethod({type: 'card', card, billing_details: {name: 'A B'}})"


async def serve(route: Route) -> None:
    headers = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'self'"}
    await route.fulfill(status=200, headers=headers, body=SHOP)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Browser, httpx.AsyncClient]]:
    port = free_port()
    with process(port, tmp_path_factory.mktemp("stripe") / "journal"):
        async with ready(port) as http, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"))
            yield browser, http
            await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(browser: tuple[Browser, httpx.AsyncClient]) -> AsyncIterator[Shop]:
    chromium, http = browser
    page = await chromium.new_page()
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(f"{message.text} {message.location}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.route("**/shop*", serve)
    await page.goto(f"{http.base_url}/shop")
    await page.evaluate(READY)
    yield page, http, problems
    await page.close()


async def type_card(page: Page, number: str, expiry: str = "1234", cvc: str = "123") -> None:
    for label, text in (("Card number", number), ("Expires", expiry), ("Security code", cvc)):
        field = page.get_by_label(label)
        await field.fill("")
        await field.press_sequentially(text)


async def press_escape(page: Page) -> None:
    """Until the dialog is gone: a browser that is still giving it the focus lets a first press go by."""
    for _ in range(20):
        await page.keyboard.press("Escape")
        if await page.locator("dialog").count() == 0:
            return
        await page.wait_for_timeout(100)
    raise AssertionError("the dialog stays open")


async def new_intent(http: httpx.AsyncClient, **params: Any) -> Any:
    intents = stripe_client(http).v1.payment_intents
    return await intents.create_async({**INTENT, **params})  # type: ignore[typeddict-item]


async def test_a_card_is_typed_and_becomes_a_method(shop: Shop) -> None:
    page, _, problems = shop
    refused = await page.evaluate(PAY)
    assert refused["error"]["code"] == "incomplete_number"
    await expect(page.get_by_label("Card number")).to_be_focused()
    await expect(page.get_by_label("Card number")).to_have_attribute("aria-invalid", "true")
    await type_card(page, "4242424242424242")
    assert await page.get_by_label("Card number").input_value() == "4242 4242 4242 4242"
    assert await page.get_by_label("Expires").input_value() == "12/34"
    assert await page.locator(".error:visible").count() == 0
    last = (await page.evaluate("() => seen"))[-1]
    assert (last["complete"], last["brand"], last["empty"]) == (True, "visa", False)
    made = await page.evaluate(PAY)
    assert made["paymentMethod"]["card"]["last4"] == "4242"
    assert made["paymentMethod"]["billing_details"]["name"] == "A B"
    await page.evaluate("() => card.clear()")
    assert await page.get_by_label("Card number").input_value() == ""
    await page.evaluate("() => card.destroy()")
    assert await page.locator("#card input").count() == 0
    assert problems == []


async def test_the_bank_asks_in_a_dialog(shop: Shop) -> None:
    page, http, problems = shop
    await type_card(page, "4000002760003184")
    for button, outcome in (("Fail", "payment_intent_authentication_failure"), ("Complete", "requires_capture")):
        intent = await new_intent(http)
        await page.evaluate(
            "(secret) => { window.result = stripe.confirmCardPayment(secret, {payment_method: {card}}); }",
            intent.client_secret,
        )
        await page.frame_locator("dialog iframe").get_by_role("button", name=button).click()
        result = await page.evaluate("() => result")
        assert outcome in {result.get("error", {}).get("code"), result.get("paymentIntent", {}).get("status")}
        await expect(page.locator("dialog")).to_have_count(0)
    assert problems == []


async def test_the_next_action_of_a_server_side_confirmation(shop: Shop) -> None:
    page, http, problems = shop
    base = str(http.base_url)
    asks = {"confirm": True, "payment_method": "pm_card_authenticationRequired"}
    in_page = await new_intent(http, **asks)
    act = "(secret) => { window.result = stripe.handleNextAction({clientSecret: secret}); }"
    await page.evaluate(act, in_page.client_secret)
    await page.frame_locator("dialog iframe").get_by_role("button", name="Complete").click()
    assert (await page.evaluate("() => result"))["paymentIntent"]["status"] == "requires_capture"
    closed = await new_intent(http, **asks)
    await page.evaluate(act, closed.client_secret)
    await expect(page.frame_locator("dialog iframe").get_by_role("button", name="Fail")).to_be_visible()
    await press_escape(page)
    assert (await page.evaluate("() => result"))["error"]["code"] == "payment_intent_authentication_failure"
    assert problems == []
    redirected = await new_intent(http, **asks, return_url=f"{base}/shop?order=1")
    await page.evaluate(act, redirected.client_secret)
    await page.get_by_role("button", name="Complete").click()
    await page.wait_for_url(f"**/shop?order=1&payment_intent={redirected.id}*redirect_status=succeeded")
