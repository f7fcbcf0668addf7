"""A ticket's own page, and reserving it."""

import asyncio
from datetime import timedelta

import pytest
from httpx import AsyncClient

from common.events import OrderStatus
from common.mongo import new_id
from common.testing import Kit

from .conftest import heading, words
from .fakes import FakeBackend, refused

OLD_ID = "5f" * 12
"""Made so long ago that no event of it can still be on its way."""


async def test_a_free_ticket_can_be_reserved(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put("Hadestown", 123450)
    page = await browser.get(f"/tickets/{ticket.id}")
    assert heading(page) == "Hadestown"
    assert "1,234.50" in words(page)
    assert f'action="/tickets/{ticket.id}/reserve"' in page.text
    assert "<title>Hadestown · Ticketing</title>" in page.text


@pytest.mark.parametrize(
    ("status", "says", "modifier"),
    [
        ("created", "Reserved until 1", "ticket--held"),
        ("awaiting:payment", "Being paid for", "ticket--held"),
        ("complete", "We sell a ticket once, so this one is gone", "ticket--gone"),
    ],
)
async def test_somebody_else_has_it(
    *, browser: AsyncClient, backend: FakeBackend, kit: Kit, status: OrderStatus, says: str, modifier: str
) -> None:
    ticket = await backend.put()
    until = kit.clock().replace(hour=14, minute=5) + timedelta(days=1)
    await backend.place(ticket, new_id(), status, expires_at=until)
    page = await browser.get(f"/tickets/{ticket.id}")
    assert says in words(page)
    assert modifier in page.text
    assert "/reserve" not in page.text
    if status == "created":
        assert "Reserved until 14:05 UTC" in words(page)


@pytest.mark.parametrize(
    ("status", "says", "does"),
    [
        ("created", "It is held for you until", "Pay now"),
        ("awaiting:payment", "Do not pay again", "See your order"),
        ("complete", "You bought this ticket", "See your order"),
    ],
)
async def test_the_viewer_has_it(
    *, browser: AsyncClient, backend: FakeBackend, dana: str, status: OrderStatus, says: str, does: str
) -> None:
    ticket = await backend.put()
    order = await backend.place(ticket, dana, status)
    page = await browser.get(f"/tickets/{ticket.id}")
    assert says in words(page)
    assert f'href="/orders/{order.id}">{does}' in page.text
    assert "ticket--mine" in page.text


async def test_a_reservation_that_is_overdue_is_not_said_to_last_until_then(
    browser: AsyncClient, backend: FakeBackend, kit: Kit
) -> None:
    ticket = await backend.put()
    await backend.place(ticket, new_id())
    kit.clock.advance(901)
    page = words(await browser.get(f"/tickets/{ticket.id}"))
    assert "Reserved" in page
    assert "until" not in page


async def test_a_lock_of_which_only_tickets_has_told_is_shown_too(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put(order_id=new_id())
    page = await browser.get(f"/tickets/{ticket.id}")
    assert "Reserved" in words(page)
    assert "/reserve" not in page.text


async def test_the_owner_sees_edit_and_take_down_instead(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put(user_id=dana)
    page = await browser.get(f"/tickets/{ticket.id}")
    assert f'href="/tickets/{ticket.id}/edit"' in page.text
    assert f'href="/tickets/{ticket.id}/delete"' in page.text
    assert "/reserve" not in page.text
    await backend.place(ticket, new_id())
    assert "It is locked while a buyer has it" in words(await browser.get(f"/tickets/{ticket.id}"))
    await backend.place(ticket, new_id(), "complete")
    assert "You sold this ticket" in words(await browser.get(f"/tickets/{ticket.id}"))


@pytest.mark.parametrize("identity", [OLD_ID, "zz", "5f" * 11, "%00", "%ff"])
async def test_unknown_and_malformed_ids_are_not_here(browser: AsyncClient, identity: str) -> None:
    page = await browser.get(f"/tickets/{identity}")
    assert page.status_code == 404
    assert heading(page) == "This page is not here"


async def test_a_ticket_taken_down_is_not_here(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put(deleted=True)
    assert (await browser.get(f"/tickets/{ticket.id}")).status_code == 404


async def test_a_ticket_just_listed_is_waited_for(browser: AsyncClient, backend: FakeBackend) -> None:
    identity = new_id()
    visit = asyncio.create_task(browser.get(f"/tickets/{identity}"))
    await asyncio.sleep(0.05)
    await backend.put("Late", id=identity)
    assert heading(await visit) == "Late"


async def test_reserving_leads_to_the_order(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put()
    answer = await browser.post(f"/tickets/{ticket.id}/reserve")
    assert answer.status_code == 303
    [order] = backend.placed.values()
    assert answer.headers["location"] == f"/orders/{order.id}"
    assert order.user_id == dana


async def test_whoever_is_not_signed_in_signs_in_first(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    answer = await browser.post(f"/tickets/{ticket.id}/reserve")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/signin?next=%2Ftickets%2F{ticket.id}%2Freserve"
    assert backend.placed == {}


@pytest.mark.usefixtures("dana")
async def test_somebody_was_a_moment_earlier(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    backend.quiet = True
    held = await backend.place(ticket, new_id())
    late = asyncio.create_task(browser.post(f"/tickets/{ticket.id}/reserve"))
    await asyncio.sleep(0.05)
    backend.quiet = False
    await backend.move(held)
    answer = await late
    assert answer.headers["location"] == f"/tickets/{ticket.id}"
    page = await browser.get(answer.headers["location"])
    assert "Somebody reserved it a moment before you You have not been charged." in words(page)
    assert "Reserved until" in words(page)
    again = await browser.get(answer.headers["location"])
    assert "a moment before you" not in words(again)


@pytest.mark.usefixtures("dana")
async def test_the_wait_for_the_event_of_a_lost_race_is_bounded(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    backend.quiet = True
    await backend.place(ticket, new_id())
    answer = await asyncio.wait_for(browser.post(f"/tickets/{ticket.id}/reserve"), 2)
    assert answer.headers["location"] == f"/tickets/{ticket.id}"


async def test_ones_own_reservation_is_found_again(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put()
    order = await backend.place(ticket, dana)
    backend.refuse["reserve"] = refused(400, "already-yours", "You have reserved this ticket already.")
    answer = await browser.post(f"/tickets/{ticket.id}/reserve")
    assert answer.headers["location"] == f"/orders/{order.id}"
    backend.placed.clear()
    assert (await browser.post(f"/tickets/{ticket.id}/reserve")).headers["location"] == "/orders"


@pytest.mark.usefixtures("dana")
async def test_a_ticket_that_orders_does_not_know_is_not_here(browser: AsyncClient) -> None:
    assert (await browser.post(f"/tickets/{OLD_ID}/reserve")).status_code == 404


@pytest.mark.usefixtures("dana")
async def test_another_refusal_is_told_in_the_words_of_orders(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    backend.refuse["reserve"] = refused(409, "conflict", "Too many changes at once. Try again.")
    page = await browser.post(f"/tickets/{ticket.id}/reserve")
    assert page.status_code == 409
    assert "Too many changes at once" in words(page)


@pytest.mark.usefixtures("dana")
async def test_orders_is_silent(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    backend.down.add("orders")
    page = await browser.post(f"/tickets/{ticket.id}/reserve")
    assert page.status_code == 503
    assert page.headers["retry-after"] == "2"
    assert "look into your orders first" in words(page)


@pytest.mark.usefixtures("dana")
async def test_looking_at_a_form_s_address_does_nothing(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put()
    answer = await browser.get(f"/tickets/{ticket.id}/reserve")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tickets/{ticket.id}")
    assert backend.calls == []
