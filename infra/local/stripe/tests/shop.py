"""A shop's page with Stripe's script on it, and what a visitor does there."""

from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import FrameLocator, Page, Route

from .conftest import INTENT, stripe_client

DEFERRED = {
    "mode": "payment",
    "amount": INTENT["amount"],
    "currency": "usd",
    "captureMethod": "manual",
    "allowedPaymentMethodTypes": ["card"],
}
SHOP = """<!doctype html><html lang="en"><title>Shop</title>
<main><h1>Shop</h1><fieldset><legend>Pay by card</legend><div id="card"></div></fieldset></main>
<script src="/stand-in/stripe/v3/"></script></html>"""
MOUNT = """(options) => new Promise((ready, fail) => {
  window.stripe = Stripe("pk_test_local");
  window.elements = stripe.elements(options);
  window.element = elements.create("payment", {layout: "tabs"});
  window.seen = [];
  const events = ["change", "focus", "blur", "escape", "loaderstart"];
  for (const event of events) element.on(event, (one) => seen.push([event, one]));
  element.on("ready", () => ready());
  element.on("loaderror", ({error}) => fail(error.message));
  element.mount("#card");
})"""
PAY = """async ({secret, redirect}) => {
  const wrong = await elements.submit();
  if (wrong.error) return wrong;
  const confirmParams = {return_url: location.origin + "/shop?order=1"};
  return stripe.confirmPayment({elements, clientSecret: secret, confirmParams, redirect});
}"""


@dataclass
class Shop:
    """A page with the element; `problems` is what its console complained of."""

    page: Page
    http: httpx.AsyncClient
    problems: list[str]

    @property
    def card(self) -> FrameLocator:
        return self.page.frame_locator("#card iframe")

    @property
    def bank(self) -> FrameLocator:
        return self.page.frame_locator("dialog iframe")

    async def mount(self, **options: Any) -> None:
        await self.page.evaluate(MOUNT, {**DEFERRED, "locale": "en", **options})

    async def type_card(self, number: str, expiry: str = "1234", cvc: str = "123", postal: str = "10001") -> None:
        typed = {"Card number": number, "Expires": expiry, "Security code": cvc, "ZIP code": postal}
        for label, text in typed.items():
            field = self.card.get_by_label(label)
            await field.fill("")
            await field.press_sequentially(text)

    async def intent(self, **params: Any) -> Any:
        intents = stripe_client(self.http).v1.payment_intents
        return await intents.create_async({**INTENT, **params})  # type: ignore[typeddict-item]

    async def pay(self, secret: str | None, redirect: str = "if_required") -> Any:
        return await self.page.evaluate(PAY, {"secret": secret, "redirect": redirect})

    async def begin_paying(self, secret: str) -> None:
        await self.page.evaluate(f"(asked) => {{ window.result = ({PAY})(asked); }}", {
            "secret": secret, "redirect": "if_required"
        })  # fmt: skip

    async def result(self) -> Any:
        return await self.page.evaluate("() => result")

    async def press_escape(self) -> None:
        """Until the dialog is gone: a browser that is still giving it the focus lets a first press go by."""
        for _ in range(20):
            await self.page.keyboard.press("Escape")
            if await self.page.locator("dialog").count() == 0:
                return
            await self.page.wait_for_timeout(100)
        raise AssertionError("the dialog stays open")


async def serve(route: Route) -> None:
    headers = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'self'"}
    await route.fulfill(status=200, headers=headers, body=SHOP)
