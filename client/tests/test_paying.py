"""Paying: what the card form is given, what came of it, the way back from the bank."""

import asyncio
import html
import re
from typing import Any

import pytest
from httpx import AsyncClient, Response

from client.backend import Payment
from client.declines import DECLINES
from client.words import LANGUAGES
from common.events import OrderState, OrderStatus
from common.testing import Kit

from .conftest import heading, words
from .fakes import FakeBackend, refused

SCRIPT = {"Accept": "application/json"}


@pytest.fixture
async def order(backend: FakeBackend, dana: str) -> OrderState:
    """Dana's, not paid yet."""
    return await backend.place(await backend.put("Hadestown", 8400), dana)


async def asked(browser: AsyncClient, order: OrderState, what: str) -> Any:
    answer = await browser.post(f"/orders/{order.id}/{what}", headers=SCRIPT)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return answer.json()


async def test_the_page_has_what_the_card_form_needs(browser: AsyncClient, order: OrderState) -> None:
    page = await browser.get(f"/orders/{order.id}")
    form = dict(re.findall(r'(\S+)="([^"]*)"', re.search(r"<form [^>]*data-pay[^>]*>", page.text)[0]))  # type: ignore[index]
    assert form["data-pay"] == "pk_test_local"
    assert (form["data-amount"], form["data-currency"]) == ("8400", "usd")
    for name, path in (("action", "paid"), ("data-intent", "intent"), ("data-back", "back")):
        assert form[name] == f"/orders/{order.id}/{path}"
    assert form["data-then"] == f"/orders/{order.id}"
    assert "secret" not in page.text
    assert "You are charged only if this ticket becomes yours. If the time runs out first, nothing is taken." in words(
        page
    )


async def test_the_page_has_a_sentence_for_every_decline(browser: AsyncClient, order: OrderState) -> None:
    page = await browser.get(f"/orders/{order.id}")
    said = {
        code: html.unescape(sentence)
        for codes, sentence in re.findall(r'<p data-code="([^"]+)">([^<]+)</p>', page.text)
        for code in codes.split()
    }
    assert set(said) == {code for name, codes in DECLINES.items() for code in (name, *codes)}
    assert said["payment_intent_authentication_failure"].startswith("Your bank could not confirm that it was you.")
    assert all("Nothing was taken" in sentence for sentence in said.values())
    assert not {"lost_card", "stolen_card", "fraudulent"} & set(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_knows_every_decline(language: str) -> None:
    assert all(f"declined.{name}" in LANGUAGES[language] for name in DECLINES)


@pytest.mark.parametrize("status", ["open", "requires_action", "declined"])
async def test_pressing_pay_gets_the_secret_however_often(
    browser: AsyncClient, backend: FakeBackend, order: OrderState, status: Any
) -> None:
    backend.payments = [Payment(status, "pi_1_secret_2")] * 2
    if status == "declined":
        await backend.settle_payment(order, "declined")
    for _ in range(2):
        assert await asked(browser, order, "intent") == {"secret": "pi_1_secret_2"}


@pytest.mark.parametrize("answer", ["authorized", "captured", "pending", "being-paid", "already-paid"])
async def test_what_may_be_paid_already_is_not_paid_again(
    browser: AsyncClient, backend: FakeBackend, order: OrderState, answer: Any
) -> None:
    if "-" in answer:
        backend.refuse["payment"] = refused(400, answer, "This order is being paid at this moment.")
    else:
        backend.payments = [Payment(answer)]
    told = await asked(browser, order, "intent")
    assert told == {"then": f"/orders/{order.id}?asked=1"}
    page = await browser.get(told["then"])
    assert heading(page) == "Your payment is being checked"
    assert "data-pay" not in page.text


@pytest.mark.parametrize("status", ["cancelled", "complete", "awaiting:payment"])
async def test_an_order_that_moved_on_leads_to_its_own_page(
    browser: AsyncClient, backend: FakeBackend, order: OrderState, status: OrderStatus
) -> None:
    await backend.move(order, status=status)
    backend.refuse["payment"] = refused(400, "order-cancelled", "This order was cancelled.")
    assert await asked(browser, order, "intent") == {"then": f"/orders/{order.id}"}


async def test_time_ran_out_while_the_card_was_typed(
    browser: AsyncClient, backend: FakeBackend, order: OrderState, kit: Kit
) -> None:
    kit.clock.advance(901)
    backend.refuse["payment"] = refused(400, "order-expired", "The time to pay for this order is over.")
    told = await asked(browser, order, "intent")
    assert heading(await browser.get(told["then"])) == "Time is up. One moment."


async def test_what_cannot_be_tried_any_more_is_said(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    backend.refuse["payment"] = refused(400, "too-many-tries", "Too many cards were tried for this order.")
    told = await asked(browser, order, "intent")
    assert told == {"refused": ["The payment did not go through", LANGUAGES["en"]["problem.too-many-tries"]]}


async def test_no_card_is_sent_while_payments_is_silent(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    backend.down.add("payments")
    told = await asked(browser, order, "intent")
    assert told == {"refused": ["Your card was not sent", "The card service does not answer. Try again in a moment."]}


async def test_a_payment_that_was_made_leads_to_it_is_yours(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    backend.payments = [Payment("captured")]
    await backend.move(order, status="complete")
    told = await asked(browser, order, "paid")
    assert heading(await browser.get(told["then"])) == "It is yours"


async def test_it_waits_a_moment_for_the_order_to_complete(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    backend.payments = [Payment("authorized")]
    paying = asyncio.create_task(asked(browser, order, "paid"))
    await asyncio.sleep(0.06)
    assert not paying.done()
    await backend.move(order, status="complete")
    assert "then" in await paying


async def test_and_no_longer_than_that(browser: AsyncClient, backend: FakeBackend, order: OrderState) -> None:
    backend.payments = [Payment("authorized")]
    told = await asyncio.wait_for(asked(browser, order, "paid"), 2)
    assert heading(await browser.get(told["then"])) == "Your payment is being checked"


async def test_a_payment_made_is_made_though_orders_falls_silent(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    backend.payments = [Payment("authorized")]
    paying = asyncio.create_task(asked(browser, order, "paid"))
    await asyncio.sleep(0.06)
    backend.down.add("orders")
    assert await paying == {"then": f"/orders/{order.id}?asked=1"}


@pytest.mark.parametrize(
    ("status", "why"),
    [("declined", "generic_decline"), ("open", "unconfirmed"), ("requires_action", "unconfirmed")],
)
async def test_where_nothing_came_of_it_one_may_pay_again(
    browser: AsyncClient, backend: FakeBackend, order: OrderState, status: Any, why: str
) -> None:
    backend.payments = [Payment(status, "pi_1_secret_2")]
    assert await asked(browser, order, "paid") == {"open": why}


async def test_where_nobody_knows_the_page_asks_on(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    backend.down.add("payments")
    told = await asked(browser, order, "paid")
    page = await browser.get(told["then"])
    assert heading(page) == "Your payment is being checked"
    assert "Do not pay again before this page says what came of it." in words(page)
    assert f'data-check="/orders/{order.id}/state?asked=1"' in page.text
    state = await browser.get(f"/orders/{order.id}/state?asked=1")
    assert state.json() == {"stage": "checking"}


async def test_asking_again_by_hand(browser: AsyncClient, backend: FakeBackend, order: OrderState) -> None:
    async def again() -> str:
        answer = await browser.post(f"/orders/{order.id}/paid")
        assert answer.status_code == 303
        return str(answer.headers["location"])

    backend.payments = [Payment("pending")]
    assert await again() == f"/orders/{order.id}?asked=1"
    backend.payments = [Payment("open", "pi_1_secret_2")]
    assert await again() == f"/orders/{order.id}"
    backend.refuse["payment"] = refused(400, "order-expired", "The time to pay for this order is over.")
    assert await again() == f"/orders/{order.id}"


async def come_back(browser: AsyncClient, order: OrderState, outcome: str = "succeeded") -> Response:
    added = f"payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2&redirect_status={outcome}"
    return await browser.get(f"/orders/{order.id}/back?{added}", headers={"Sec-Fetch-Site": "cross-site"})


@pytest.mark.parametrize("claimed", ["succeeded", "failed"])
async def test_what_the_bank_s_way_back_claims_is_not_believed(
    browser: AsyncClient, backend: FakeBackend, order: OrderState, claimed: str
) -> None:
    backend.payments = [Payment("open", "pi_1_secret_2"), Payment("authorized")]
    answer = await come_back(browser, order, claimed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.id}")
    answer = await come_back(browser, order, claimed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/orders/{order.id}?asked=1")


async def test_who_comes_back_declined_reads_so(browser: AsyncClient, backend: FakeBackend, order: OrderState) -> None:
    backend.payments = [Payment("declined", "pi_1_secret_2")]
    coming = asyncio.create_task(come_back(browser, order))
    await asyncio.sleep(0.05)
    assert not coming.done()
    await backend.settle_payment(order, "declined")
    page = await browser.get((await coming).headers["location"])
    assert "Nothing was taken, and the ticket is still held for you. Try another card." in words(page)
    assert "<title>Error: Card declined" in page.text
    assert 'role="alert" tabindex="-1" autofocus' in page.text


async def test_who_comes_back_signed_out_keeps_the_order_and_not_the_secret(
    browser: AsyncClient, backend: FakeBackend, order: OrderState
) -> None:
    browser.cookies.clear()
    answer = await come_back(browser, order)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/signin?next=%2Forders%2F{order.id}")
    assert backend.calls == []
