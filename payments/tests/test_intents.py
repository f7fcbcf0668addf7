"""POST /api/payments/intents: for a page that confirms in the browser."""

import pytest

from .shop import Shop


async def test_a_page_gets_one_intent_however_often_it_asks(shop: Shop) -> None:
    order = await shop.orders.make()
    first = await shop.open(order)
    (intent,) = shop.stripe.of(order.id)
    assert first.status_code == 200
    assert (first.json()["status"], first.json()["clientSecret"]) == ("open", f"{intent.id}_secret")
    assert (await shop.open(order)).json() == first.json()
    await shop.rest()
    assert (len(shop.stripe.of(order.id)), shop.said(order)) == (1, [])


async def test_what_the_buyer_did_in_the_browser_is_read(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    (intent,) = shop.stripe.of(order.id)
    intent.become("declined", "insufficient_funds")
    declined = (await shop.open(order)).json()
    assert (declined["status"], declined["clientSecret"]) == ("declined", f"{intent.id}_secret")
    intent.become("action")
    assert (await shop.open(order)).json()["status"] == "requires_action"
    intent.become("authorized")
    answer = (await shop.open(order)).json()
    assert (answer["status"], "clientSecret" in answer) == ("authorized", False)
    await shop.rest()
    assert [payment.status for payment in shop.said(order)] == ["declined", "authorized", "captured"]
    assert (await shop.open(order)).json()["status"] == "captured"


async def test_an_authorisation_is_found_even_after_the_deadline(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    shop.stripe.of(order.id)[0].become("authorized")
    shop.kit.clock.advance(15 * 60 + 1)
    assert (await shop.open(order)).json()["status"] == "authorized"
    await shop.rest()
    assert shop.order(order).status == "complete"


async def test_while_the_bank_thinks_about_a_card_there_is_nothing_to_confirm(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    (intent,) = shop.stripe.of(order.id)
    intent.become("processing")
    answer = await shop.open(order)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:being-paid")
    intent.become("authorized")
    assert (await shop.open(order)).json()["status"] == "authorized"


async def test_nothing_new_after_the_deadline(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    shop.kit.clock.advance(15 * 60)
    answer = await shop.open(order)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:order-expired")


async def test_an_authorisation_of_a_cancelled_order_is_no_payment(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    shop.orders.deaf = True
    await shop.orders.cancel(order.id)
    await shop.kit.settle()
    answer = await shop.open(order)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:ticketing:problem:order-cancelled")


async def test_a_card_typed_elsewhere_takes_over_the_open_intent(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    assert (await shop.pay(order)).json()["status"] == "authorized"
    assert [one.history for one in shop.stripe.of(order.id)] == [["authorized"]]


async def test_both_ways_at_once_hold_the_money_once(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    (intent,) = shop.stripe.of(order.id)

    async def browser() -> None:
        intent.become("authorized")

    shop.stripe.hooks["confirm"] = browser
    assert (await shop.pay(order)).json()["status"] == "authorized"
    assert intent.authorisations == 1


async def test_a_page_is_refused_while_a_card_is_tried(shop: Shop) -> None:
    order = await shop.orders.make()
    answers = []

    async def meanwhile() -> None:
        answers.append(await shop.open(order))

    shop.stripe.hooks["confirm"] = meanwhile
    await shop.pay(order)
    assert answers[0].json()["type"] == "urn:ticketing:problem:being-paid"


async def test_a_card_and_a_page_at_once_share_one_intent(shop: Shop) -> None:
    order = await shop.orders.make()
    answers = []

    async def meanwhile() -> None:
        answers.append(await shop.pay(order))

    shop.stripe.hooks["create"] = meanwhile
    page = await shop.open(order)
    assert answers[0].status_code == 201
    assert page.status_code in {200, 503}
    assert len(shop.stripe.of(order.id)) == 1
    await shop.rest()
    assert shop.order(order).status == "complete"


async def test_only_the_saved_intents_secret_is_given_away(shop: Shop) -> None:
    """Even should Stripe make two of them."""
    order = await shop.orders.make()
    answers = []

    async def meanwhile() -> None:
        answers.append((await shop.open(order)).json()["clientSecret"])
        shop.stripe.forget_keys()

    shop.stripe.hooks["create"] = meanwhile
    late = await shop.open(order)
    assert len(shop.stripe.of(order.id)) == 2
    assert late.status_code == 503
    assert [(await shop.open(order)).json()["clientSecret"]] == answers


@pytest.mark.parametrize("step", ["create", "read"])
async def test_while_stripe_is_silent_there_is_no_secret(shop: Shop, step: str) -> None:
    order = await shop.orders.make()
    if step == "read":
        await shop.open(order)
    shop.stripe.fails[step] = ["lost before"] * (2 if step == "create" else 1)
    answer = await shop.open(order)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert (await shop.open(order)).status_code == 200
    assert len(shop.stripe.of(order.id)) == 1


async def test_an_intent_that_was_cancelled_is_replaced(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    shop.stripe.of(order.id)[0].become("cancelled")
    assert (await shop.open(order)).json()["status"] == "open"
    first, second = shop.stripe.of(order.id)
    assert (first.status, second.status, second.terms.attempt) == ("cancelled", "new", 2)
    assert (await shop.pay(order)).status_code == 201
    await shop.rest()
    assert (shop.order(order).status, second.status) == ("complete", "captured")
