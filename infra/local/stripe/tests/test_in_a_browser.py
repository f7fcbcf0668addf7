"""The script in a real browser, on a shop's page with a strict policy."""

import json
import shutil
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright, expect

from .shop import DEFERRED, MOUNT, PAY, Shop, serve
from .test_process import free_port, process, ready

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.real]


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
    page = await chromium.new_page(locale="en-US")
    page.set_default_timeout(10_000)
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(f"{message.text} {message.location}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.route("**/shop*", serve)
    await page.goto(f"{http.base_url}/shop")
    yield Shop(page, http, problems)
    await page.close()


async def test_what_is_wrong_is_said_at_its_field(shop: Shop) -> None:
    await shop.mount()
    refused = await shop.page.evaluate("() => elements.submit()")
    assert (refused["error"]["type"], refused["error"]["code"]) == ("validation_error", "incomplete_number")
    number = shop.card.get_by_label("Card number")
    await expect(number).to_be_focused()
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(shop.card.get_by_role("alert").filter(has_text="The card number is incomplete.")).to_be_visible()
    assert await number.get_attribute("aria-describedby") == "number-error"
    for label, text, says in (
        ("Card number", "4242424242424241", "not valid"),
        ("Expires", "0120", "in the past"),
        ("Security code", "12", "security code is incomplete"),
        ("ZIP code", "1", "postal code is incomplete"),
    ):
        await shop.card.get_by_label(label).press_sequentially(text)
        await shop.card.get_by_label("Country").focus()
        await expect(shop.card.get_by_text(says)).to_be_visible()
    assert shop.problems == []


async def test_a_card_is_typed_and_paid_with(shop: Shop) -> None:
    await shop.mount()
    await shop.type_card("4242424242424242")
    assert await shop.card.get_by_label("Card number").input_value() == "4242 4242 4242 4242"
    assert await shop.card.get_by_label("Expires").input_value() == "12/34"
    assert await shop.card.locator(".Error:visible").count() == 0
    await expect(shop.card.get_by_text("Visa")).to_be_visible()
    seen = await shop.page.evaluate("() => seen")
    assert seen[0] == ["loaderstart", {"elementType": "payment"}]
    changes = [one for event, one in seen if event == "change"]
    wanted = {"elementType": "payment", "empty": False, "complete": True, "collapsed": False, "value": {"type": "card"}}
    assert changes[-1] == wanted
    assert "4242" not in json.dumps(seen)
    made = await shop.pay((await shop.intent()).client_secret)
    assert made["paymentIntent"]["status"] == "requires_capture"
    await shop.page.evaluate("() => element.clear()")
    await expect(shop.card.get_by_label("Card number")).to_have_value("")
    await shop.page.evaluate("() => element.destroy()")
    assert await shop.page.locator("#card iframe").count() == 0
    assert shop.problems == []


async def test_a_declined_card_can_be_followed_by_another_on_the_same_intent(shop: Shop) -> None:
    await shop.mount()
    intent = await shop.intent()
    await shop.type_card("4000000000000127")
    refused = (await shop.pay(intent.client_secret))["error"]
    assert (refused["type"], refused["code"]) == ("card_error", "incorrect_cvc")
    assert refused["payment_intent"]["status"] == "requires_payment_method"
    await expect(shop.card.get_by_label("Security code")).to_have_attribute("aria-invalid", "true")
    await shop.type_card("5555555555554444")
    paid = (await shop.pay(intent.client_secret))["paymentIntent"]
    assert (paid["id"], paid["status"]) == (intent.id, "requires_capture")


async def test_the_bank_asks_in_a_dialog(shop: Shop) -> None:
    await shop.mount()
    await shop.type_card("4000002760003184")
    for button, outcome in (("Fail", "payment_intent_authentication_failure"), ("Complete", "requires_capture")):
        await shop.begin_paying((await shop.intent()).client_secret)
        await shop.bank.get_by_role("button", name=button).click()
        result = await shop.result()
        assert outcome in {result.get("error", {}).get("code"), result.get("paymentIntent", {}).get("status")}
        await expect(shop.page.locator("dialog")).to_have_count(0)
    await shop.begin_paying((await shop.intent()).client_secret)
    await expect(shop.bank.get_by_role("button", name="Fail")).to_be_visible()
    await shop.press_escape()
    assert (await shop.result())["error"]["code"] == "payment_intent_authentication_failure"
    assert shop.problems == []


async def test_the_bank_takes_the_whole_page_and_sends_the_buyer_back(shop: Shop) -> None:
    await shop.mount()
    await shop.type_card("4000002760003184")
    fault = {"action": "redirect", "path": "*/confirm"}
    assert (await shop.http.post("/stand-in/stripe/faults", json=fault)).status_code == 201
    intent = await shop.intent()
    await shop.begin_paying(intent.client_secret)
    await shop.page.get_by_role("button", name="Complete").click()
    await shop.page.wait_for_url(f"**/shop?order=1&payment_intent={intent.id}*redirect_status=succeeded")


async def test_without_if_required_the_buyer_is_always_sent_on(shop: Shop) -> None:
    await shop.mount()
    await shop.type_card("4242424242424242")
    intent = await shop.intent()
    await shop.page.evaluate(f"(asked) => void ({PAY})(asked)", {"secret": intent.client_secret, "redirect": "always"})
    await shop.page.wait_for_url(f"**/shop?order=1&payment_intent={intent.id}*redirect_status=succeeded")


async def test_an_element_of_an_intent_needs_no_submit(shop: Shop) -> None:
    intent = await shop.intent()
    await shop.page.evaluate(MOUNT, {"clientSecret": intent.client_secret, "locale": "en"})
    confirm = "() => stripe.confirmPayment({elements, redirect: 'if_required'})"
    assert (await shop.page.evaluate(confirm))["error"]["type"] == "validation_error"
    await shop.type_card("4242424242424242")
    assert (await shop.page.evaluate(confirm))["paymentIntent"]["status"] == "requires_capture"


@pytest.mark.parametrize(
    ("terms", "differs"),
    [
        ({"amount": 1}, "amount"),
        ({"captureMethod": "automatic"}, "capture"),
        ({"allowedPaymentMethodTypes": None}, "types"),
    ],
)
async def test_what_the_page_said_of_the_payment_has_to_be_true(
    shop: Shop, terms: dict[str, Any], differs: str
) -> None:
    await shop.mount(**terms)
    await shop.type_card("4242424242424242")
    error = (await shop.pay((await shop.intent()).client_secret))["error"]
    assert error["type"] == "invalid_request_error"
    assert differs in error["message"]


async def test_mistakes_of_the_page_are_thrown(shop: Shop) -> None:
    await shop.mount()
    for code in (
        "stripe.elements({})",
        "stripe.elements({mode: 'payment', amount: 0, currency: 'usd'})",
        "stripe.elements({mode: 'payment', amount: 1, currency: 'usd', paymentMethodTypes: ['card']})",
        "elements.create('payment')",
        "elements.create('card')",
        "element.mount('#nowhere')",
        "stripe.confirmPayment({elements, clientSecret: 'pi_a_secret_b', redirect: 'if_required'})",
        "elements.submit().then(() => stripe.confirmPayment({elements, redirect: 'if_required'}))",
        "stripe.confirmPayment({clientSecret: 'pi_a_secret_b', redirect: 'if_required'})",
    ):
        thrown = await shop.page.evaluate(
            f"async () => {{ try {{ await {code}; }} catch (error) {{ return error.name; }} }}"
        )
        assert (code, thrown) == (code, "IntegrationError")


async def test_the_look_is_the_pages_own_and_can_change(shop: Shop) -> None:
    variables = {"colorText": "#112233", "borderRadius": "9px", "fontFamily": "monospace"}
    rules = {".Input": {"borderColor": "#445566"}, ".Label": {"fontWeight": "700"}}
    await shop.mount(appearance={"theme": "stripe", "variables": variables, "rules": rules})
    number = shop.card.get_by_label("Card number")
    await expect(number).to_have_css("color", "rgb(17, 34, 51)")
    await expect(number).to_have_css("border-radius", "9px")
    await expect(number).to_have_css("border-color", "rgb(68, 85, 102)")
    await expect(number).to_have_css("font-family", "monospace")
    await shop.page.evaluate("() => elements.update({appearance: {theme: 'night'}})")
    await expect(number).to_have_css("background-color", "rgb(48, 49, 61)")
    await expect(number).to_have_css("border-radius", "5px")
    assert shop.problems == []


async def test_countries_without_postal_codes_and_other_languages(shop: Shop) -> None:
    await shop.mount(locale="de")
    await expect(shop.card.get_by_label("Postleitzahl")).to_be_visible()
    await shop.card.get_by_label("Land").select_option("DE")
    await expect(shop.card.get_by_label("Postleitzahl")).to_be_hidden()
    await expect(shop.card.get_by_label("Land")).to_have_value("DE")
    await expect(shop.card.get_by_role("option", name="Frankreich")).to_have_count(1)
    await expect(shop.card.locator("html")).to_have_attribute("lang", "de")


async def test_an_element_that_cannot_be_loaded_says_so(shop: Shop) -> None:
    await shop.page.clock.install()
    await shop.page.route("**/v3/element", lambda route: route.abort())
    mounted = f"(options) => {{ window.mounted = ({MOUNT})(options).catch((why) => why); }}"
    await shop.page.evaluate(mounted, DEFERRED)
    await shop.page.clock.run_for(11_000)
    assert await shop.page.evaluate("() => mounted") == "The card form could not be loaded."


@pytest.mark.parametrize("theme", ["stripe", "night"])
async def test_nobody_is_kept_out(shop: Shop, theme: str) -> None:
    if theme == "night":
        await shop.page.evaluate("() => Object.assign(document.body.style, {background: '#10131a', color: '#fff'})")
    await shop.mount(appearance={"theme": theme})
    axe = Axe()
    for state in ("empty", "wrong", "asked"):
        if state == "wrong":
            await shop.page.evaluate("() => elements.submit()")
        if state == "asked":
            await shop.type_card("4000002760003184")
            await shop.begin_paying((await shop.intent()).client_secret)
            await expect(shop.bank.get_by_role("button", name="Fail")).to_be_visible()
        for frame in shop.page.frames[1:]:  # whom the page asks about what is in them
            await frame.evaluate(axe.axe_script)
        found = await axe.run(shop.page)
        assert "frame-tested" not in [one["id"] for one in found.response["incomplete"]]
        violations = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]]
        assert (state, violations) == (state, [])


async def test_the_next_action_of_a_server_side_confirmation(shop: Shop) -> None:
    await shop.mount()
    asks = {"confirm": True, "payment_method": "pm_card_authenticationRequired"}
    in_page = await shop.intent(**asks)
    act = "(secret) => { window.result = stripe.handleNextAction({clientSecret: secret}); }"
    await shop.page.evaluate(act, in_page.client_secret)
    await shop.bank.get_by_role("button", name="Complete").click()
    assert (await shop.result())["paymentIntent"]["status"] == "requires_capture"
    redirected = await shop.intent(**asks, return_url=f"{shop.http.base_url}/shop?order=1")
    await shop.page.evaluate(act, redirected.client_secret)
    await shop.page.get_by_role("button", name="Complete").click()
    await shop.page.wait_for_url(f"**/shop?order=1&payment_intent={redirected.id}*redirect_status=succeeded")
