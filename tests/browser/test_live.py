"""Two people at once: what one does, the other sees without a reload. Two processes of every service."""

import asyncio
import re
from itertools import cycle

from httpx import AsyncClient
from playwright.async_api import Route, expect

from infra.local.testing import RunningStack

from .visitor import DESK, SOON, Look, Visit, Visitor

TEARS = "(row) => getComputedStyle(row.querySelector('.ticket__stub')).animationName"
EXTENDS = "() => document.querySelector('[data-extend]').requestSubmit()"
LOOKS_AGAIN = "() => new BroadcastChannel('live').postMessage({type: 'again', mark: 'as another window would'})"
LONGER = re.compile(r"^(18|19|20):")
KEEPS_UNTILS = """() => {
  const until = () => window.untils.push(document.getElementById("hold-say").textContent);
  window.untils = [];
  until();
  document.addEventListener("put", until);
}"""
KEEPS_TEARS = """() => { window.torn = []; document.addEventListener("put", (event) => {
  const stub = event.detail.querySelector(".ticket__stub");
  if (event.detail.matches(".ticket--tearing")) window.torn.push(getComputedStyle(stub).animationName);
}); }"""


async def pair(visit: Visit, look: Look = DESK) -> tuple[Visitor, Visitor]:
    """A seller, and somebody who looks at what they see too."""
    seller, watcher = await visit(), await visit(look)
    await seller.joins()
    return seller, watcher


async def test_a_listing_follows_a_ticket_from_hand_to_hand(visit: Visit) -> None:
    seller, watcher = await pair(visit)
    buyer = await visit()
    await buyer.joins()
    ticket = await seller.sells("Followed")
    await watcher.open("/")
    await watcher.page.evaluate(KEEPS_TEARS)
    row = watcher.row(ticket)
    await expect(row).to_contain_text("Available")
    order = await buyer.reserves(ticket)
    await expect(row).to_contain_text("Reserved until", timeout=SOON)
    await expect(watcher.page.locator("#voice")).to_contain_text(f"Just reserved: {ticket['title']}.", timeout=SOON)
    await buyer.cancels(order)
    await expect(row).to_contain_text("Available", timeout=SOON)
    order = await buyer.reserves(ticket)
    await buyer.pays(order)
    await expect(row).to_contain_text("Just sold", timeout=SOON)
    assert await watcher.page.evaluate("() => window.torn") == ["tear"]
    await expect(watcher.page.locator("#voice")).to_contain_text("Just sold", timeout=15_000)
    assert watcher.problems == []


async def test_whoever_likes_it_calm_sees_nothing_move(visit: Visit) -> None:
    seller, watcher = await pair(visit, Look(calm=True))
    ticket = await seller.sells("Calm")
    await watcher.open("/")
    await watcher.page.evaluate(KEEPS_TEARS)
    await seller.pays(await seller.reserves(ticket))
    await expect(watcher.row(ticket)).to_contain_text("Just sold", timeout=SOON)
    assert await watcher.page.evaluate("() => window.torn") == ["none"]


async def test_what_is_new_is_told_and_does_not_push(visit: Visit) -> None:
    seller, watcher = await pair(visit)
    await watcher.open("/")
    first = await seller.sells("New")
    fresh = watcher.page.locator("#fresh")
    await expect(fresh).to_contain_text("1 more ticket is on sale.", timeout=SOON)
    await expect(watcher.row(first)).to_have_count(0)
    await seller.sells("Newer")
    await expect(fresh).to_contain_text("2 more tickets are on sale.", timeout=SOON)
    await watcher.follow("Show them")
    await expect(watcher.row(first)).to_be_visible()


async def test_who_came_too_late_is_told_kindly_and_offered_others(visit: Visit) -> None:
    """On a page that does not follow, since it runs no scripts."""
    seller, late = await pair(visit, Look(scripts=False))
    buyer = await visit()
    await asyncio.gather(late.joins(), buyer.joins())
    ticket = await seller.sells("Wanted by two")
    await late.open(f"/tickets/{ticket['id']}")
    order = await buyer.reserves(ticket)
    await late.press("Reserve for 15 minutes")
    await late.page.get_by_text("Somebody reserved it a moment before you").wait_for()
    await late.sees("You have not been charged.")
    await late.sees("If they do not pay, it comes back here.")
    await expect(late.page.get_by_role("heading", name="On sale now")).to_be_visible()
    await buyer.cancels(order)
    await late.follow("Look again")
    await late.press("Reserve for 15 minutes")
    await late.reads("This ticket is held for you")


async def test_an_open_ticket_changes_under_ones_eyes(visit: Visit) -> None:
    seller, watcher = await pair(visit)
    ticket = await seller.sells("Open")
    await watcher.open(f"/tickets/{ticket['id']}")
    reserve = watcher.page.get_by_role("button", name="Reserve for 15 minutes")
    await expect(reserve).to_be_visible()
    order = await seller.reserves(ticket)
    await expect(reserve).to_have_count(0, timeout=SOON)
    await watcher.sees("Somebody else holds it until")
    await seller.cancels(order)
    await expect(reserve).to_be_visible(timeout=SOON)


async def test_an_order_becomes_ones_own_in_every_window(visit: Visit) -> None:
    buyer = await visit()
    await buyer.joins()
    order = await buyer.reserve_own()
    other = await buyer.window()
    await asyncio.gather(buyer.open(f"/orders/{order['id']}"), other.open("/orders"))
    await other.sees("Held for you")
    await buyer.pays(order)
    await buyer.reads("It is yours")
    await other.page.bring_to_front()
    await other.sees(re.compile("^Yours$"))


async def test_what_happened_without_a_connection_is_caught_up_with(visit: Visit) -> None:
    seller, watcher = await pair(visit)
    reserved, sold = await seller.sells("Missed, held"), await seller.sells("Missed, sold")
    await watcher.open("/")
    await expect(watcher.row(sold)).to_contain_text("Available")
    await watcher.context.set_offline(True)
    await seller.reserves(reserved)
    await seller.pays(await seller.reserves(sold))
    new = await seller.sells("Missed, new")
    await watcher.context.set_offline(False)
    await expect(watcher.row(sold)).to_contain_text("Just sold", timeout=30_000)
    await expect(watcher.row(reserved)).to_contain_text("Reserved until", timeout=SOON)
    await expect(watcher.page.locator("#fresh")).to_contain_text("1 more ticket is on sale.", timeout=SOON)
    await expect(watcher.row(new)).to_have_count(0)


async def test_many_windows_hold_one_stream(stack: RunningStack, visit: Visit) -> None:
    before = await streams(stack)
    somebody = await visit()
    windows = [somebody, *[await somebody.window() for _ in range(3)]]
    for one in windows:
        await one.open("/")
    await asyncio.sleep(1)
    assert await streams(stack) <= before + 1


async def streams(stack: RunningStack) -> int:
    """How many both processes of the shop hold."""
    addresses = stack.addresses["client"]
    count = 0
    async with AsyncClient() as http:
        for one in [addresses] if isinstance(addresses, str) else addresses:
            said = (await http.get(f"{one}/metrics")).text
            count += sum(int(float(found)) for found in re.findall(r"^live_streams (\S+)$", said, re.MULTILINE))
    return count


async def test_each_process_of_the_shop_tells_its_readers(stack: RunningStack, visit: Visit) -> None:
    """An event is heard once for all processes, and seen by each: readers of both are told."""
    addresses = stack.addresses["client"]
    assert len(addresses) == 2
    seller = await visit()
    await seller.joins()
    ticket = await seller.sells("Seen by all")
    watchers = [await visit(DESK, shop) for shop, _ in zip(cycle(addresses), range(4), strict=False)]
    await asyncio.gather(*(one.open("/") for one in watchers))
    await seller.reserves(ticket)
    await asyncio.gather(*(expect(one.row(ticket)).to_contain_text("Reserved until", timeout=SOON) for one in watchers))


async def test_a_process_that_dies_takes_nobodys_news_along(stack: RunningStack, visit: Visit) -> None:
    seller, watcher = await pair(visit)
    first, second = await seller.sells("Before"), await seller.sells("After")
    await watcher.open("/")
    await seller.reserves(first)
    await expect(watcher.row(first)).to_contain_text("Reserved until", timeout=SOON)
    for name in ("client-1", "client-2"):
        stack.kill(name)
    await seller.reserves(second)
    await expect(watcher.row(second)).to_contain_text("Reserved until", timeout=30_000)


async def test_the_listing_stays_up_while_the_services_behind_it_are_away(stack: RunningStack, visit: Visit) -> None:
    seller, watcher = await pair(visit)
    ticket = await seller.sells("Shown all the same")
    away = [f"{service}-{number}" for service in ("tickets", "orders", "payments", "auth") for number in (1, 2)]
    await watcher.open("/")
    await expect(watcher.row(ticket)).to_contain_text("Available")
    await asyncio.gather(*map(stack.stop, away))
    try:
        await watcher.open("/?q=shown")
        await expect(watcher.row(ticket)).to_contain_text("Available")
        await watcher.open(f"/tickets/{ticket['id']}")
        await watcher.reads(ticket["title"])
        await seller.open("/orders")
        await seller.reads("A part of the shop does not answer")
    finally:
        await asyncio.gather(*map(stack.start, away))
    await watcher.open("/")
    await seller.reserves(ticket)
    await expect(watcher.row(ticket)).to_contain_text("Reserved until", timeout=SOON)


async def test_through_https_too(stack: RunningStack, visit: Visit) -> None:
    seller, watcher = await visit(), await visit(DESK, stack.url("gateway-https"))
    await seller.joins()
    ticket = await seller.sells("Behind a lock")
    await watcher.open("/")
    await seller.reserves(ticket)
    await expect(watcher.row(ticket)).to_contain_text("Reserved until", timeout=SOON)


async def test_five_more_minutes_without_losing_what_was_typed(visit: Visit) -> None:
    buyer = await visit()
    await buyer.joins()
    order = await buyer.reserve_own()
    await buyer.open(f"/orders/{order['id']}")
    number = buyer.card.get_by_label("Card number")
    await number.fill("4242 4242")
    await buyer.page.evaluate(EXTENDS)
    await expect(buyer.page.locator(".count")).to_have_text(LONGER, timeout=SOON)
    await expect(number).to_have_value("4242 4242")
    assert (await buyer.order(order))["extended"] is True


async def test_an_answer_that_comes_late_takes_nothing_back(visit: Visit) -> None:
    buyer = await visit()
    await buyer.joins()
    order = await buyer.reserve_own()
    asked, held = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.resource_type != "fetch" or asked.is_set():
            return await route.continue_()
        answer = await route.fetch()
        asked.set()
        await held.wait()
        return await route.fulfill(response=answer)

    await buyer.open(f"/orders/{order['id']}")
    await buyer.page.route(f"**/orders/{order['id']}", late)
    await buyer.page.evaluate(LOOKS_AGAIN)
    async with asyncio.timeout(SOON / 1000):
        await asked.wait()
    await buyer.page.evaluate(EXTENDS)
    await expect(buyer.page.locator(".count")).to_have_text(LONGER, timeout=SOON)
    await buyer.page.evaluate(KEEPS_UNTILS)
    async with buyer.page.expect_response(f"**/orders/{order['id']}"):
        held.set()
    await asyncio.sleep(1)
    assert len(set(await buyer.page.evaluate("() => window.untils"))) == 1
