"""Time runs out before one's eyes. Reservations last 20 seconds here."""

from collections.abc import AsyncIterator

import pytest_asyncio
from httpx import AsyncClient
from playwright.async_api import Browser, expect

from infra.local.testing import RunningStack
from tests.e2e.conftest import Sinks
from tests.e2e.people import Json, eventually

from .conftest import HURRY_SECONDS
from .visitor import DESK, SOON, Visitor

OVER = (HURRY_SECONDS + 20) * 1000
EXPIRED = "The time ran out. You were not charged."


@pytest_asyncio.fixture(loop_scope="session")
async def buyer(hurried: RunningStack, chromium: Browser) -> AsyncIterator[Visitor]:
    async with Visitor.come(chromium, hurried.url("gateway"), DESK) as visitor:
        await visitor.joins()
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def bank(hurried: RunningStack) -> AsyncIterator[Sinks]:
    """The stand-ins of this stack."""
    async with AsyncClient(base_url=hurried.url("mail")) as mail, AsyncClient(base_url=hurried.url("stripe")) as stripe:
        yield Sinks(mail, stripe)


async def test_while_one_looks_and_has_half_a_card_typed(buyer: Visitor, bank: Sinks) -> None:
    order = await buyer.reserve_own()
    await buyer.open(f"/orders/{order['id']}")
    await buyer.card.get_by_label("Card number").press_sequentially("4242 4242")
    await expect(buyer.page.locator("[data-say]")).to_have_text("One minute left to pay.", timeout=SOON)
    await buyer.reads(EXPIRED, within=OVER)
    await buyer.sees("The ticket is on sale, and you can reserve it like anybody else.")
    await buyer.sees("$0.00 taken")
    assert [one["amount_received"] for one in await bank.intents_for(order)] in ([], [0])


async def test_while_the_bank_asks(buyer: Visitor, bank: Sinks) -> None:
    order = await buyer.reserve_own()
    await buyer.open(f"/orders/{order['id']}")
    await buyer.type_card("4000 0027 6000 3184")
    complete = buyer.bank.get_by_role("button", name="Complete")
    await expect(complete).to_be_visible()

    async def statuses() -> list[str]:
        return [one["status"] for one in await bank.intents_for(order)]

    await eventually(statuses, lambda found: found == ["canceled"], seconds=60)
    await complete.click()
    await buyer.reads(EXPIRED)


async def test_another_buys_it_then(buyer: Visitor, hurried: RunningStack, chromium: Browser) -> None:
    async with Visitor.come(chromium, hurried.url("gateway"), DESK) as other:
        await other.joins()
        order = await buyer.reserve_own()
        await buyer.open(f"/orders/{order['id']}")
        await buyer.reads(EXPIRED, within=OVER)
        ticket: Json = order["ticket"]
        await other.pays(await other.reserves(ticket))
        await buyer.reads("It went to somebody else. You were not charged.")
        await buyer.sees("We sell a ticket once, so this one is gone.")


async def test_five_more_minutes_are_five_more_minutes(buyer: Visitor) -> None:
    order = await buyer.reserve_own()
    await buyer.open(f"/orders/{order['id']}")
    await buyer.press("Five more minutes")
    await expect(buyer.page.locator("#voice")).to_have_text("Five minutes were added.", timeout=SOON)
    await buyer.page.wait_for_timeout((HURRY_SECONDS + 3) * 1000)
    await buyer.page.reload()
    await buyer.reads("This ticket is held for you")
    await expect(buyer.page.get_by_role("button", name="Five more minutes")).to_have_count(0)
    await buyer.pays(order)
    await buyer.reads("It is yours")
