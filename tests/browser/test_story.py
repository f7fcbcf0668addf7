"""A ticket changes hands, as people do it: on a desk and on a phone, with and without scripts, by keyboard alone."""

import re
import secrets

import pytest
from playwright.async_api import expect

from infra.local.testing import RunningStack
from tests.e2e.conftest import Sinks
from tests.e2e.people import PASSWORD, Json, eventually

from .visitor import DESK, PHONE, SOON, Look, Visit, Visitor

WITH_SCRIPTS = [DESK, Look(360, "dark")]
WITHOUT = [Look(360, "light", scripts=False), Look(1280, "dark", scripts=False)]


async def finds_and_reserves(buyer: Visitor, title: str) -> str:
    """By its words, and with an account made on the way; the path of the order."""
    await buyer.open("/")
    await buyer.fill(**{"Artist, show, team or venue": title})
    await buyer.press("Search")
    await buyer.sees("1 ticket for")
    await buyer.follow(title)
    await buyer.press("Reserve for 15 minutes")
    await buyer.reads("Sign in")
    await buyer.sees("Then this ticket is reserved for you.")
    await buyer.follow("Create an account")
    await buyer.fill(Email_address=buyer.email, Password=PASSWORD)
    await buyer.press("Create an account")
    await buyer.reads("This ticket is held for you")
    return buyer.path


async def lists(seller: Visitor, title: str) -> str:
    """After a mistake and a second thought; the path of the ticket."""
    await seller.sign_up()
    await seller.open("/sell")
    await seller.fill(Title=title, Price="a lot")
    await seller.press("List this ticket")
    await expect(seller.page.get_by_label("Price")).to_have_attribute("aria-invalid", "true")
    await expect(seller.page.get_by_label("Title")).to_have_value(title)
    await seller.fill(Price="94.50")
    await seller.press("List this ticket")
    await seller.reads(title)
    path = seller.path
    await seller.follow("Edit")
    await seller.fill(Price="84.50")
    await seller.press("Save the changes")
    await seller.sees("Your changes are saved")
    return path


@pytest.mark.parametrize("look", WITH_SCRIPTS, ids=str)
async def test_one_sells_and_the_other_buys(visit: Visit, sinks: Sinks, look: Look) -> None:
    title = f"Hadestown, orchestra {secrets.token_hex(3)}"
    seller, buyer = await visit(look), await visit(look)
    path = await lists(seller, title)
    order = await finds_and_reserves(buyer, title)
    await seller.sees("Reserved until")
    await buyer.type_card("4242 4242 4242 4242")
    await buyer.reads("It is yours")
    await buyer.sees("You paid $84.50. It cannot be sold to anybody else.")
    await seller.sees("You sold this ticket. It cannot be changed any more.")
    await buyer.follow("My orders")
    await expect(buyer.page.locator(f'[href="{order}"]')).to_be_visible()
    await buyer.sees("Yours")
    await seller.open("/sell")
    await expect(seller.page.locator(f'li:has([href="{path}"])')).to_contain_text("Sold")
    assert (buyer.problems, len(seller.problems)) == ([], 1), seller.problems  # the form that was refused

    async def mails() -> list[Json]:
        found: list[Json] = (await sinks.mail.get("/messages", params={"to": buyer.email})).json()
        return found

    (mail,) = await eventually(mails, bool, seconds=10)
    assert title in mail["subject"]


@pytest.mark.parametrize("look", WITHOUT, ids=str)
async def test_everything_but_typing_a_card_works_without_scripts(visit: Visit, look: Look) -> None:
    title = f"King Lear, balcony {secrets.token_hex(3)}"
    seller, buyer = await visit(look), await visit(look)
    path = await lists(seller, title)
    order = await finds_and_reserves(buyer, title)
    await buyer.sees("Typing a card needs JavaScript")
    await buyer.press("Five more minutes")
    await buyer.sees("Five minutes were added")
    await buyer.press("Let this ticket go")
    await buyer.reads("You let this ticket go. You were not charged.")
    await buyer.press("Reserve it again")
    await buyer.reads("This ticket is held for you")
    assert buyer.path != order
    await seller.page.reload()
    await seller.sees("This is your listing. It is locked while a buyer has it")
    paid = {"id": buyer.path.rpartition("/")[2]}
    await buyer.pays(paid)
    await eventually(lambda: buyer.order(paid), lambda found: found["status"] == "complete", seconds=10)
    await buyer.open(buyer.path)
    await buyer.reads("It is yours")
    await seller.open(path)
    await seller.sees("You sold this ticket.")
    await buyer.press("Sign out") if look.width > PHONE.width else await signs_out_on_a_phone(buyer)
    await buyer.sees("You are signed out")


async def signs_out_on_a_phone(visitor: Visitor) -> None:
    await visitor.follow("Account")
    await visitor.page.get_by_role("main").get_by_role("button", name="Sign out").click()


async def test_a_purchase_by_keyboard_alone(visit: Visit) -> None:
    title = f"Giselle, stalls {secrets.token_hex(3)}"
    seller, buyer = await visit(), await visit()
    await seller.joins()
    await seller.post("/api/tickets", {"title": title, "price": 45})
    page = buyer.page
    await buyer.open("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await buyer.types(page.get_by_label("Artist, show, team or venue"), title)
    await page.keyboard.press("Enter")
    await buyer.sees("1 ticket for")
    await buyer.enters(page.get_by_role("link", name=title))
    await buyer.reads(title)
    await buyer.enters(page.get_by_role("button", name="Reserve for 15 minutes"))
    await buyer.reads("Sign in")
    await buyer.enters(page.get_by_role("link", name="Create an account"))
    await buyer.reads("Create an account")
    await buyer.types(page.get_by_label("Email address"), buyer.email)
    await buyer.types(page.get_by_label("Password"), PASSWORD)
    await page.keyboard.press("Enter")
    await buyer.reads("This ticket is held for you")
    await buyer.card.get_by_label("Card number").wait_for()
    for label, text in {
        "Card number": "4242424242424242",
        "Expires": "1234",
        "Security code": "123",
        "ZIP code": "10001",
    }.items():
        await buyer.types(buyer.card.get_by_label(label), text)
    await buyer.enters(page.get_by_role("button", name=re.compile(r"^Pay \$")))
    await buyer.reads("It is yours")
    assert buyer.problems == []


async def test_a_bank_is_answered_by_keyboard_alone(visit: Visit) -> None:
    buyer = await visit()
    await buyer.joins()
    order = await buyer.reserve_own()
    await buyer.open(f"/orders/{order['id']}")
    await buyer.type_card("4000 0027 6000 3184")
    await buyer.enters(buyer.bank.get_by_role("button", name="Complete"))
    await buyer.reads("It is yours")


async def test_the_way_back_leads_to_where_one_was(visit: Visit) -> None:
    somebody = await visit()
    await somebody.open("/sell")
    await somebody.reads("Sign in")
    await somebody.sees("Then you are back where you were.")
    await somebody.follow("Create an account")
    await somebody.fill(Email_address=somebody.email, Password="short")
    await somebody.press("Create an account")
    await expect(somebody.page.get_by_label("Email address")).to_have_value(somebody.email)
    await somebody.fill(Password=PASSWORD)
    await somebody.press("Create an account")
    await somebody.reads("Sell a ticket you own")


async def test_through_https_the_session_is_for_https_alone(stack: RunningStack, visit: Visit) -> None:
    for door, secure in (("gateway", False), ("gateway-https", True)):
        somebody = await visit(DESK, stack.url(door))
        await somebody.sign_up()
        (session,) = [one for one in await somebody.context.cookies() if one["name"] == "session"]
        assert (session["httpOnly"], session["secure"]) == (True, secure)


async def test_the_page_is_kept_in_the_colours_that_were_chosen(visit: Visit) -> None:
    for look in (DESK, Look(colours="dark")):
        somebody = await visit(look)
        await somebody.open("/")
        ground = "() => getComputedStyle(document.body).backgroundColor"
        before = await somebody.page.evaluate(ground)
        other = "light" if look.colours == "dark" else "dark"
        await somebody.press(f"Use {other} colours")
        await somebody.page.wait_for_function(f"(before) => ({ground})() !== before", arg=before, timeout=SOON)
        chosen = await somebody.page.evaluate(ground)
        await somebody.open("/signin")
        assert await somebody.page.evaluate(ground) == chosen
