"""Orders in every state, paying, letting go."""

import re
from datetime import timedelta

import pytest
from httpx import AsyncClient

from common.events import CancelReason, OrderStatus, PaymentStatus
from common.mongo import new_id
from common.testing import Kit

from .conftest import heading, words
from .fakes import FakeBackend, refused


async def test_a_reservation_can_be_paid(browser: AsyncClient, backend: FakeBackend, kit: Kit, dana: str) -> None:
    order = await backend.place(await backend.put("Hadestown", 8400), dana)
    kit.clock.advance(192)
    page = await browser.get(f"/orders/{order.id}")
    assert heading(page) == "This ticket is held for you"
    assert 'data-left="708"' in page.text
    assert f"11:48 left to pay Held for you until {order.expires_at:%H:%M:%S} UTC" in words(page)
    assert '<progress max="900" value="708"' in page.text
    assert "Pay $84.00" in words(page)
    assert f'action="/orders/{order.id}/cancel"' in page.text
    assert '<script src="/stand-in/stripe/v3/" ' in page.text
    assert "Typing a card needs JavaScript" in words(page)
    assert "hold--urgent" not in page.text
    kit.clock.advance(600)
    assert "hold--urgent" in (await browser.get(f"/orders/{order.id}")).text


@pytest.mark.parametrize(
    ("status", "reason", "payment", "says"),
    [
        ("created", None, "authorized", "Your payment is being checked"),
        ("awaiting:payment", None, "authorized", "Your bank is confirming the payment"),
        ("complete", None, "captured", "It is yours"),
        ("cancelled", "expired", None, "The time ran out. You were not charged."),
        ("cancelled", "buyer", None, "You let this ticket go. You were not charged."),
        ("cancelled", "rejected", None, "It could not be held for you. You were not charged."),
        ("cancelled", "failed", "failed", "The payment failed. You were not charged."),
        ("cancelled", None, None, "Your reservation ended. You were not charged."),
    ],
)
async def test_the_heading_says_whether_one_has_it_and_was_charged(
    *,
    browser: AsyncClient,
    backend: FakeBackend,
    dana: str,
    status: OrderStatus,
    reason: CancelReason | None,
    payment: PaymentStatus | None,
    says: str,
) -> None:
    order = await backend.place(await backend.put(), dana, status, reason)
    if payment:
        await backend.settle_payment(order, payment)
    page = await browser.get(f"/orders/{order.id}")
    assert page.status_code == 200
    assert heading(page) == says
    assert "data-pay" not in page.text
    assert "stripe" not in page.text


async def test_a_paid_order_says_what_was_paid(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put("Hadestown", 8400), dana, "complete")
    page = await browser.get(f"/orders/{order.id}")
    assert "You paid $84.00. It cannot be sold to anybody else." in words(page)
    assert "ticket--mine" in page.text


async def test_a_refunded_order_says_so_and_the_ticket_stays(
    browser: AsyncClient, backend: FakeBackend, dana: str
) -> None:
    order = await backend.place(await backend.put("Hadestown", 8400), dana, "complete", refunded=True)
    page = await browser.get(f"/orders/{order.id}")
    assert "All of the $84.00 was sent back to your card. The ticket stays yours." in words(page)


async def test_time_is_up_and_orders_has_not_said_so_yet(
    browser: AsyncClient, backend: FakeBackend, kit: Kit, dana: str
) -> None:
    order = await backend.place(await backend.put(), dana)
    kit.clock.advance(901)
    page = await browser.get(f"/orders/{order.id}")
    assert heading(page) == "Time is up. One moment."
    assert f'data-check="/orders/{order.id}/state" data-stage="ending"' in page.text
    await backend.settle_payment(order, "authorized")
    page = await browser.get(f"/orders/{order.id}")
    assert "The time to pay is over. This page says in a moment what came of it." in words(page)


@pytest.mark.parametrize(
    ("then", "says", "does"),
    [
        (None, "you can reserve it like anybody else", "Reserve it again"),
        ("created", "Somebody else holds the ticket now", "See the ticket"),
        ("awaiting:payment", "Somebody else holds the ticket now", "See the ticket"),
        ("complete", "It went to somebody else. You were not charged.", "All tickets"),
    ],
)
async def test_after_expiry_the_page_says_what_became_of_the_ticket(
    *, browser: AsyncClient, backend: FakeBackend, dana: str, then: OrderStatus | None, says: str, does: str
) -> None:
    ticket = await backend.put()
    order = await backend.place(ticket, dana, "cancelled", "expired")
    if then:
        await backend.place(ticket, new_id(), then)
    page = words(await browser.get(f"/orders/{order.id}"))
    assert says in page
    assert does in page
    assert "$0.00 taken" in page


async def test_a_ticket_taken_down_since_is_not_offered_again(
    browser: AsyncClient, backend: FakeBackend, dana: str
) -> None:
    ticket = await backend.put()
    order = await backend.place(ticket, dana, "cancelled", "rejected")
    await backend.put(id=ticket.id, version=9, deleted=True)
    page = await browser.get(f"/orders/{order.id}")
    assert "The ticket is not on sale any more." in words(page)
    assert f'href="/tickets/{ticket.id}"' not in page.text


async def test_my_orders_says_what_to_do_next(browser: AsyncClient, backend: FakeBackend, kit: Kit, dana: str) -> None:
    async def order(title: str, status: OrderStatus, reason: CancelReason | None = None, **more: object) -> str:
        placed = await backend.place(await backend.put(title), dana, status, reason, **more)
        return placed.id

    await order("Paid", "complete")
    await order("Refunded", "complete", refunded=True)
    for reason in ("expired", "buyer", "rejected", "failed"):
        await order(f"Ended: {reason}", "cancelled", reason)  # type: ignore[arg-type]
    await order("Confirming", "awaiting:payment")
    await order("Late", "created", expires_at=kit.clock() + timedelta(minutes=12))
    await order("Soon", "created", expires_at=kit.clock() + timedelta(seconds=50))
    await order("Next", "created", expires_at=kit.clock() + timedelta(seconds=119))
    declined = await order("Declined", "created", expires_at=kit.clock() + timedelta(minutes=5))
    await backend.settle_payment(backend.placed[declined], "declined")
    page = words(await browser.get("/orders"))
    names = re.findall(
        r"(Paid|Refunded|Ended: \w+|Confirming|Late|Soon|Next|Declined) \$ 84.00 (.*?)(?=Pay now|Try another|See it|$)",
        page,
    )
    assert [name for name, _ in names][:5] == ["Soon", "Next", "Declined", "Late", "Confirming"]
    assert "less than a minute left" in page
    assert "1 minute left" in page
    assert "12 minutes left" in page
    assert "Card declined nothing taken; held until" in page
    assert "Being confirmed your bank is confirming; do not pay again" in page
    assert "Money returned all of it sent back; the ticket stays yours" in page
    for badge in ("Expired", "Let go by you", "Not held", "Payment failed"):
        assert re.search(rf"{badge} \d+ \w+ \d+, not charged", page)


@pytest.mark.usefixtures("dana")
async def test_no_orders_yet(browser: AsyncClient) -> None:
    assert "No orders yet" in words(await browser.get("/orders"))


async def test_my_orders_come_in_pages(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    backend.page = 2
    for number in range(3):
        await backend.place(await backend.put(f"Seat {number}"), dana, "complete")
    page = await browser.get("/orders")
    following = re.search(r'href="(/orders\?after=[0-9a-f]{24})" rel="next"', page.text)
    assert following is not None
    assert "Seat 0" in words(await browser.get(following[1]))
    assert "Seat 2" in words(await browser.get("/orders?after=nonsense"))


async def test_letting_go_frees_the_ticket(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    ticket = await backend.put("Hadestown")
    order = await backend.place(ticket, dana)
    answer = await browser.post(f"/orders/{order.id}/cancel")
    assert answer.headers["location"] == f"/orders/{order.id}"
    assert heading(await browser.get(f"/orders/{order.id}")) == "You let this ticket go. You were not charged."
    assert "Hadestown" in words(await browser.get("/"))


async def test_what_is_paid_cannot_be_let_go(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana, "complete")
    answer = await browser.post(f"/orders/{order.id}/cancel")
    assert heading(await browser.get(answer.headers["location"])) == "It is yours"


async def test_letting_go_while_orders_is_silent_says_so(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana)
    backend.down.add("orders")
    page = await browser.post(f"/orders/{order.id}/cancel")
    assert page.status_code == 503
    assert (await browser.get("/orders")).status_code == 503


@pytest.mark.usefixtures("dana")
async def test_somebody_else_s_order_is_not_here(browser: AsyncClient, backend: FakeBackend) -> None:
    order = await backend.place(await backend.put("Secret seat"), new_id())
    for method, path in (
        ("GET", ""),
        ("GET", "/state"),
        ("GET", "/back"),
        ("POST", "/intent"),
        ("POST", "/paid"),
        ("POST", "/cancel"),
    ):
        page = await browser.request(method, f"/orders/{order.id}{path}")
        assert page.status_code == 404
        assert "Secret seat" not in page.text
    assert (await browser.get(f"/orders/{'5f' * 12}")).status_code == 404
    assert backend.placed[order.id] == order


@pytest.mark.usefixtures("dana")
async def test_a_session_that_the_api_does_not_take_is_asked_for_again(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    backend.refuse["orders"] = refused(401, "not-signed-in", "Sign in first.")
    answer = await browser.get("/orders")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?next=%2Forders")


@pytest.mark.parametrize("form", ["paid", "cancel"])
async def test_looking_at_a_form_s_address_does_nothing(
    browser: AsyncClient, backend: FakeBackend, dana: str, form: str
) -> None:
    order = await backend.place(await backend.put(), dana)
    answer = await browser.get(f"/orders/{order.id}/{form}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.id}")
    assert backend.calls == []


async def test_a_page_that_waits_can_ask_where_the_order_stands(
    browser: AsyncClient, backend: FakeBackend, dana: str
) -> None:
    order = await backend.place(await backend.put(), dana, "awaiting:payment")
    page = await browser.get(f"/orders/{order.id}")
    assert f'data-check="/orders/{order.id}/state" data-stage="wait"' in page.text
    assert (await browser.get(f"/orders/{order.id}/state")).json() == {"stage": "wait"}
    await backend.move(order, status="complete")
    answer = await browser.get(f"/orders/{order.id}/state")
    assert answer.json() == {"stage": "paid"}
    assert answer.headers["cache-control"] == "no-store"


async def test_five_minutes_more_can_be_had_once(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana)
    assert "Five more minutes" in words(await browser.get(f"/orders/{order.id}"))
    answer = await browser.post(f"/orders/{order.id}/extend")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.id}")
    page = await browser.get(f"/orders/{order.id}")
    assert "Five minutes were added" in words(page)
    assert 'data-left="1200"' in page.text
    assert "Five more minutes" not in words(page)
    await browser.post(f"/orders/{order.id}/extend")
    assert "No time could be added" in words(await browser.get(f"/orders/{order.id}"))
    assert "No time could be added" not in words(await browser.get(f"/orders/{order.id}"))


async def test_looking_at_the_extension_extends_nothing(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana)
    assert (await browser.get(f"/orders/{order.id}/extend")).headers["location"] == f"/orders/{order.id}"
    assert "extend" not in backend.calls


async def test_without_orders_no_time_is_promised(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana)
    backend.down = {"orders"}
    assert (await browser.post(f"/orders/{order.id}/extend")).status_code == 503
