"""The front page."""

import re

import pytest
from httpx import AsyncClient

from common.mongo import new_id

from .conftest import heading, words
from .fakes import FakeBackend


def titles(text: str) -> list[str]:
    return re.findall(r'ticket__title"><a href="/tickets/[0-9a-f]{24}">([^<]*)', text)


async def test_only_what_can_be_bought_is_listed(browser: AsyncClient, backend: FakeBackend) -> None:
    await backend.put("Free")
    for status in ("created", "awaiting:payment", "complete"):
        await backend.place(await backend.put(f"Taken: {status}"), new_id(), status)
    await backend.place(await backend.put("Let go"), new_id(), "cancelled", "buyer")
    await backend.put("Gone", deleted=True)
    page = await browser.get("/")
    assert page.status_code == 200
    assert heading(page) == "Tickets from the people who own them"
    assert titles(page.text) == ["Let go", "Free"]
    assert "2 tickets" in words(page)
    assert 'aria-current="page">Tickets' in page.text


async def test_own_listings_are_marked(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    await backend.put("Mine", user_id=dana)
    assert "Your listing" in words(await browser.get("/"))


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("hades", ["Hadestown, Walter Kerr Theatre"]),
        ("WALTER hades", ["Hadestown, Walter Kerr Theatre"]),
        ("cecile", ["Cécile McLorin Salvant"]),
        ("Cécile", ["Cécile McLorin Salvant"]),
        ("ades", []),
        ("hades zzz", []),
        ("(.*", ["Cécile McLorin Salvant", "Hadestown, Walter Kerr Theatre"]),
        ("\x00", ["Cécile McLorin Salvant", "Hadestown, Walter Kerr Theatre"]),
    ],
)
async def test_search(browser: AsyncClient, backend: FakeBackend, q: str, found: list[str]) -> None:
    await backend.put("Hadestown, Walter Kerr Theatre")
    await backend.put("Cécile McLorin Salvant")
    page = await browser.get("/", params={"q": q})
    assert page.status_code == 200
    assert titles(page.text) == found


async def test_what_was_searched_stays_in_the_field_and_in_the_heading(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    await backend.put("Hadestown")
    page = await browser.get("/", params={"q": 'hades"town', "sort": "price"})
    assert '1 ticket for “hades"town”' in words(page) or 'No ticket for “hades"town”' in words(page)
    assert 'value="hades&#34;town"' in page.text
    assert '<option value="price" selected>' in page.text


@pytest.mark.parametrize(
    ("sort", "order"),
    [("newest", "cab"), ("price", "bac"), ("-price", "cab"), ("nonsense", "cab")],
)
async def test_sorting(browser: AsyncClient, backend: FakeBackend, sort: str, order: str) -> None:
    for title, cents in (("b", 100), ("a", 5000), ("c", 20000)):
        await backend.put(title, cents)
    assert "".join(titles((await browser.get("/", params={"sort": sort})).text)) == order


@pytest.mark.parametrize("sort", ["newest", "price", "-price"])
async def test_pages_show_every_ticket_once(browser: AsyncClient, backend: FakeBackend, sort: str) -> None:
    for number in range(60):
        await backend.put(f"Seat {number}", 1000 + number % 3)
    address, seen = f"/?q=seat&sort={sort}", []
    for _ in range(3):
        page = await browser.get(address)
        seen += titles(page.text)
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert not address
    assert len(seen) == 60
    assert set(seen) == {f"Seat {number}" for number in range(60)}
    assert "First page" in words(page)


@pytest.mark.parametrize("cursor", ["x", "1-zz", "9999999999999-" + "0" * 24, "-"])
async def test_a_cursor_that_is_none_of_ours_is_the_first_page(
    browser: AsyncClient, backend: FakeBackend, cursor: str
) -> None:
    await backend.put("Hadestown")
    assert titles((await browser.get("/", params={"after": cursor})).text) == ["Hadestown"]


async def test_a_page_beyond_the_last_leads_back(browser: AsyncClient) -> None:
    page = await browser.get("/", params={"after": f"100-{'0' * 24}"})
    assert "No more tickets" in words(page)
    assert 'href="/">First page' in page.text


async def test_nothing_on_sale_and_nothing_found_say_so(browser: AsyncClient) -> None:
    assert "No tickets on sale now" in words(await browser.get("/"))
    assert "No ticket for “x & y”" in words(await browser.get("/", params={"q": "x & y"}))


async def test_a_title_is_text_and_never_markup(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    title = '<script>alert(1)</script>{{ 7*7 }}" onclick=x {price}'
    ticket = await backend.put(title, user_id=dana)
    order = await backend.place(await backend.put(title), dana)
    for path in ("/", f"/tickets/{ticket.id}", f"/tickets/{ticket.id}/edit", "/sell", "/orders", f"/orders/{order.id}"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}&#34; onclick=x {price}" in page.text
    found = await browser.get("/", params={"q": title})
    assert "<script>alert" not in found.text


async def test_head_is_answered_like_get(browser: AsyncClient) -> None:
    assert (await browser.head("/")).status_code == 200
    assert (await browser.head("/sell")).status_code == 303


async def test_the_catalogue_alone_is_enough(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put("Hadestown")
    backend.down |= {"auth", "tickets", "orders", "payments"}
    assert titles((await browser.get("/")).text) == ["Hadestown"]
    assert (await browser.get(f"/tickets/{ticket.id}")).status_code == 200
    assert backend.calls == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("from=20", ["Opera", "Rock"]),
        ("to=20", ["Rock", "Film"]),
        ("from=20&to=20.00", ["Rock"]),
        ("from=50&to=20", ["Opera", "Rock"]),
        ("from=0&to=10", ["Film"]),
        ("from=19,99&to=20.01", ["Rock"]),
        ("to=30&q=rock", ["Rock"]),
        ("from=x", ["Opera", "Rock", "Film"]),
    ],
)
async def test_prices(browser: AsyncClient, backend: FakeBackend, query: str, found: list[str]) -> None:
    for title, cents in (("Film", 1000), ("Rock", 2000), ("Opera", 5000)):
        await backend.put(title, cents)
    for sort in ("newest", "-price"):
        assert titles((await browser.get(f"/?{query}&sort={sort}")).text) == found
    assert titles((await browser.get(f"/?{query}&sort=price")).text) == found[::-1]


async def test_prices_are_said_in_words_and_stay_in_their_fields(browser: AsyncClient, backend: FakeBackend) -> None:
    await backend.put(cents=5000)
    page = await browser.get("/?from=20&to=60")
    assert "1 ticket fits, $20.00 to $60.00" in words(page)
    assert 'name="from" inputmode="decimal" maxlength="20" autocomplete="off" value="20"' in page.text
    assert "No ticket fits, from $60.00" in words(await browser.get("/?from=60"))
    assert "up to $60.00" in words(await browser.get("/?to=60"))


async def test_what_is_no_price_is_said(browser: AsyncClient, backend: FakeBackend) -> None:
    await backend.put()
    page = await browser.get("/", params={"from": '"><b>', "to": "-1"})
    assert "Price from: Enter an amount, such as 84.00" in words(page)
    assert "Price to: Enter an amount, such as 84.00" in words(page)
    assert page.text.count('aria-invalid="true"') == 2
    assert "<b>" not in page.text


async def test_pages_keep_the_prices(browser: AsyncClient, backend: FakeBackend) -> None:
    for number in range(30):
        await backend.put(f"Seat {number}", 1000 + number)
    page = await browser.get("/?from=10.05&sort=price")
    following = re.search(r'href="([^"]+)" rel="next"', page.text)
    assert following is not None
    address = following[1].replace("&amp;", "&")
    assert address.startswith("/?from=10.05&sort=price&after=")
    assert len(titles((await browser.get(address)).text)) == 1


async def test_a_row_is_made_once_and_again_when_it_changes(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put("Before")
    assert titles((await browser.get("/")).text) == titles((await browser.get("/")).text) == ["Before"]
    await backend._store(ticket.model_copy(update={"title": "After", "version": 1}))
    assert titles((await browser.get("/")).text) == ["After"]
