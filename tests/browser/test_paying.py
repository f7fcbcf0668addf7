"""What can become of a payment, in front of the page: declined, asked by the bank, twice at once, cut off."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.e2e.conftest import Sinks

from .visitor import SOON, Visit, Visitor

GOOD, OTHER = "4242 4242 4242 4242", "5555 5555 5555 4444"
DECLINED, ASKED = "4000 0000 0000 0002", "4000 0027 6000 3184"


async def at_the_till(visit: Visit) -> tuple[Visitor, str]:
    """Somebody with a ticket held, on the page that asks for a card; and the order's id."""
    somebody = await visit()
    await somebody.joins()
    order = await somebody.reserve_own()
    await somebody.open(f"/orders/{order['id']}")
    return somebody, order["id"]


async def test_a_declined_card_can_be_followed_by_a_good_one(visit: Visit, sinks: Sinks) -> None:
    somebody, order_id = await at_the_till(visit)
    await somebody.type_card(DECLINED)
    await somebody.is_told("Your bank declined this card. Nothing was taken, and the ticket is still held for you.")
    [intent] = await sinks.intents_for({"id": order_id})
    assert (intent["amount_received"], intent["amount_capturable"]) == (0, 0)
    assert (await somebody.order({"id": order_id}))["status"] == "created"
    await expect(somebody.card.get_by_label("Card number")).to_have_value(DECLINED)
    await somebody.type_card(GOOD)
    await somebody.reads("It is yours")
    await somebody.page.go_back()
    await expect(somebody.page.locator("#card")).to_have_count(0)
    await somebody.page.go_forward()
    await somebody.reads("It is yours")
    [intent] = await sinks.intents_for({"id": order_id})
    assert [charge["paid"] for charge in intent["charges"]].count(True) == 1


async def test_the_bank_asks_who_pays(visit: Visit) -> None:
    somebody, _ = await at_the_till(visit)
    await somebody.type_card(ASKED)
    await somebody.bank.get_by_role("button", name="Fail").click()
    await somebody.is_told("Your bank could not confirm that it was you. Nothing was taken")
    await somebody.pay()
    await expect(somebody.bank.get_by_role("button", name="Fail")).to_be_visible()
    await somebody.page.reload()
    await somebody.type_card(ASKED)
    await somebody.bank.get_by_role("button", name="Complete").click()
    await somebody.reads("It is yours")


@pytest.mark.parametrize(("answer", "heading"), [("Fail", "This ticket is held for you"), ("Complete", "It is yours")])
async def test_the_bank_takes_the_whole_page(visit: Visit, sinks: Sinks, answer: str, heading: str) -> None:
    somebody, order_id = await at_the_till(visit)
    await sinks.stripe.post("/stand-in/stripe/faults", json={"action": "redirect", "path": "*/confirm"})
    await somebody.type_card(ASKED)
    await somebody.press(answer)
    await somebody.reads(heading)
    assert "secret" not in somebody.page.url
    assert somebody.path == f"/orders/{order_id}"


async def test_two_windows_pay_at_once_and_one_payment_is_made(visit: Visit, sinks: Sinks) -> None:
    one, order_id = await at_the_till(visit)
    other = await visit()
    await other.context.add_cookies(await one.context.cookies())  # type: ignore[arg-type]
    await other.open(one.path)
    await one.fill_card(GOOD)
    await other.fill_card(OTHER)
    await asyncio.gather(one.pay(), other.pay())
    for window in (one, other):
        await window.reads("It is yours", within=20_000)
    [intent] = await sinks.intents_for({"id": order_id})
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 2000)


async def test_the_connection_breaks_after_the_card_was_sent(visit: Visit) -> None:
    somebody, _ = await at_the_till(visit)

    async def lose(route: Route) -> None:
        await route.fetch()
        await somebody.context.set_offline(True)
        await route.abort()

    await somebody.page.route("**/v1/payment_intents/*/confirm", lose)
    await somebody.type_card(GOOD)
    await somebody.is_told("The connection broke while you were paying")
    await somebody.context.set_offline(False)
    await somebody.reads("It is yours", within=4 * SOON)
