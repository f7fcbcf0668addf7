"""Listing, changing, taking down."""

import asyncio
import re

import pytest
from httpx import AsyncClient

from common.mongo import new_id

from .conftest import words
from .fakes import FakeBackend, refused


async def test_listing_a_ticket_shows_it_at_once(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    answer = await browser.post("/sell", data={"title": "  Hadestown  ", "price": "$1,084.50"})
    assert answer.status_code == 303
    [ticket] = backend.tickets.values()
    assert (ticket.title, ticket.price_cents, ticket.user_id) == ("Hadestown", 108450, dana)
    page = await browser.get(answer.headers["location"])
    assert "Your ticket is on sale" in words(page)
    assert "On sale" in words(await browser.get("/sell"))


async def test_the_page_waits_for_the_event_of_its_own_write(
    browser: AsyncClient, backend: FakeBackend, dana: str
) -> None:
    backend.quiet = True
    posting = asyncio.create_task(browser.post("/sell", data={"title": "Late", "price": "84"}))
    await asyncio.sleep(0.06)
    assert not posting.done()
    backend.quiet = False
    [ticket] = backend.tickets.values()
    await backend.put("Late", 8400, id=ticket.id, user_id=dana)
    assert (await posting).status_code == 303


@pytest.mark.usefixtures("dana")
async def test_and_goes_on_where_the_event_does_not_come(browser: AsyncClient, backend: FakeBackend) -> None:
    backend.quiet = True
    answer = await asyncio.wait_for(browser.post("/sell", data={"title": "Lost", "price": "84"}), 2)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"title": "", "price": "84"}, "Title: Say what the ticket is for"),
        ({"title": "   ", "price": "84"}, "Title: Say what the ticket is for"),
        ({"title": "x" * 201, "price": "84"}, "Title: Use 200 characters at most"),
        ({"title": "a\x00b", "price": "84"}, "Title: Write the title on one line"),
        ({"title": "a\nb", "price": "84"}, "Title: Write the title on one line"),
        ({"title": "a", "price": ""}, "Price: Enter an amount above $0.00, such as 84.00"),
        ({"title": "a", "price": "0"}, "Price: Enter an amount above $0"),
        ({"title": "a", "price": "-1"}, "Price: Enter an amount above $0"),
        ({"title": "a", "price": "84.001"}, "Price: Enter an amount above $0"),
        ({"title": "a", "price": "1e9"}, "Price: Enter an amount above $0"),
        ({"title": "a", "price": "1000000"}, "Price: Enter $999,999.99 at most"),
        ({"title": "", "price": ""}, "2 things to put right"),
        ({}, "2 things to put right"),
    ],
)
@pytest.mark.usefixtures("dana")
async def test_what_cannot_be_listed_is_said_beside_its_field(
    browser: AsyncClient, backend: FakeBackend, typed: dict[str, str], says: str
) -> None:
    page = await browser.post("/sell", data=typed)
    assert page.status_code == 400
    assert says in words(page)
    assert 'role="alert" tabindex="-1" autofocus' in page.text
    assert 'aria-invalid="true"' in page.text
    assert "<title>Error: " in page.text
    assert backend.tickets == {}


@pytest.mark.usefixtures("dana")
async def test_what_was_typed_stays(browser: AsyncClient) -> None:
    page = await browser.post("/sell", data={"title": 'Big "Thief"', "price": "free"})
    assert 'value="Big &#34;Thief&#34;"' in page.text
    assert 'value="free"' in page.text


@pytest.mark.usefixtures("dana")
async def test_a_refusal_of_the_api_is_shown_at_its_field(browser: AsyncClient, backend: FakeBackend) -> None:
    backend.refuse["sell"] = refused(400, "invalid", "This title is not one.", "title")
    page = await browser.post("/sell", data={"title": "a", "price": "84"})
    assert page.status_code == 400
    assert "Title: This title cannot be taken." in words(page)
    backend.refuse["sell"] = refused(400, "invalid", "Not today.")
    page = await browser.post("/sell", data={"title": "a", "price": "84"})
    assert "That is not possible now It was refused, and nothing was changed." in words(page)


@pytest.mark.usefixtures("dana")
async def test_tickets_is_silent_and_nothing_typed_is_lost(browser: AsyncClient, backend: FakeBackend) -> None:
    backend.down.add("tickets")
    page = await browser.post("/sell", data={"title": "Hadestown", "price": "84"})
    assert page.status_code == 503
    assert "What you typed is still here" in words(page)
    assert 'value="Hadestown"' in page.text


async def test_own_listings_say_their_state(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    for title, status in (("A", "created"), ("B", "awaiting:payment"), ("C", "complete")):
        await backend.place(await backend.put(title, user_id=dana), new_id(), status)
    await backend.put("D", user_id=dana)
    await backend.put("Not mine")
    await backend.put("Gone", user_id=dana, deleted=True)
    page = words(await browser.get("/sell"))
    own = page[page.index("Your listings") :]
    assert re.search(r"D \$ 84.00 On sale listed .* Edit", own)
    assert re.search(r"C \$ 84.00 Sold sold once", own)
    assert re.search(r"B \$ 84.00 Being paid for locked", own)
    assert re.search(r"A \$ 84.00 Reserved until \d\d:\d\d UTC locked while a buyer has it", own)
    assert "Not mine" not in own
    assert "Gone" not in own


async def test_own_listings_come_in_pages(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    for number in range(30):
        await backend.put(f"Seat {number}", user_id=dana)
    first = await browser.get("/sell")
    following = re.search(r'href="(/sell\?after=[^"#]+)#listings" rel="next"', first.text)
    assert following is not None
    second = await browser.get(following[1])
    seen = re.findall(r">(Seat \d+)</a></h3>", first.text + second.text)
    assert seen == [f"Seat {number}" for number in range(29, -1, -1)]
    assert 'href="/sell#listings">First page' in second.text


async def test_editing(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put("Old", 8400, user_id=dana)
    form = await browser.get(f"/tickets/{ticket.id}/edit")
    assert 'value="Old"' in form.text
    assert 'value="84.00"' in form.text
    answer = await browser.post(f"/tickets/{ticket.id}/edit", data={"title": "New", "price": "90,50"})
    page = await browser.get(answer.headers["location"])
    assert "Your changes are saved" in words(page)
    assert "New" in words(page)
    assert "90.50" in words(page)


async def test_an_edit_that_cannot_be_saved(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put(user_id=dana)
    page = await browser.post(f"/tickets/{ticket.id}/edit", data={"title": "", "price": "84"})
    assert page.status_code == 400
    assert "Say what the ticket is for" in words(page)
    backend.refuse["change"] = refused(400, "ticket-reserved", "This ticket is reserved or sold.")
    page = await browser.post(f"/tickets/{ticket.id}/edit", data={"title": "New", "price": "84"})
    assert "It cannot be changed now This ticket is reserved or sold, so it cannot be changed" in words(page)
    assert 'value="New"' in page.text


async def test_a_ticket_that_somebody_has_is_shown_instead_of_its_form(
    browser: AsyncClient, backend: FakeBackend, dana: str
) -> None:
    ticket = await backend.put(user_id=dana)
    await backend.place(ticket, new_id())
    for form in ("edit", "delete"):
        answer = await browser.get(f"/tickets/{ticket.id}/{form}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/tickets/{ticket.id}")


@pytest.mark.usefixtures("dana")
async def test_a_stranger_cannot_even_see_the_forms(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    for form in ("edit", "delete"):
        assert (await browser.get(f"/tickets/{ticket.id}/{form}")).status_code == 404
        answer = await browser.post(f"/tickets/{ticket.id}/{form}", data={"title": "x", "price": "1"})
        assert answer.status_code == 404
    assert backend.tickets[ticket.id] == ticket


async def test_taking_down_asks_once_more(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put("Hadestown", user_id=dana)
    page = await browser.get(f"/tickets/{ticket.id}/delete")
    assert "Take this ticket down?" in words(page)
    assert not backend.tickets[ticket.id].deleted
    answer = await browser.post(f"/tickets/{ticket.id}/delete")
    assert answer.headers["location"] == "/sell"
    page = await browser.get("/sell")
    assert "Your ticket is taken down" in words(page)
    assert "Hadestown" not in words(page)
    assert (await browser.get(f"/tickets/{ticket.id}")).status_code == 404


async def test_what_was_reserved_meanwhile_stays(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put(user_id=dana)
    await backend.place(ticket, new_id())
    page = await browser.post(f"/tickets/{ticket.id}/delete")
    assert page.status_code == 400
    assert "It cannot be taken down now" in words(page)


@pytest.mark.parametrize("path", ["/sell", f"/tickets/{'5f' * 12}/edit", f"/tickets/{'5f' * 12}/delete", "/orders"])
async def test_whoever_is_not_signed_in_is_led_there_and_back(browser: AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?next=" + path.replace("/", "%2F")


async def test_what_is_typed_is_checked_as_the_form_would_be(browser: AsyncClient, backend: FakeBackend) -> None:
    page = await browser.post("/sell/check", data={"title": "", "price": "84.5"})
    assert 'id="title-error"' in page.text
    assert 'id="price-error"' not in page.text
    assert "Buyers pay $84.50." in page.text
    page = await browser.post("/sell/check", data={"title": "Opera", "price": "-1"})
    assert 'id="price-error"' in page.text
    assert "Buyers pay" not in page.text
    assert backend.calls == []
