"""The contract of /api/payments, by its answers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from common.events import PAYMENT_AUTHORIZED, PAYMENT_CREATED, PAYMENT_DECLINED
from common.mongo import new_id
from payments.domain import MOST_TRIES

from .factories import BUYER, STRANGER
from .shop import Shop

ROUTES = ("/api/payments", "/api/payments/intents")


async def test_a_card_is_authorised_and_captured_once_the_order_is_confirmed(shop: Shop) -> None:
    order = await shop.orders.make()
    answer = await shop.pay(order)
    assert answer.status_code == 201
    payment = answer.json()
    assert payment == {"id": payment["id"], "orderId": order.id, "status": "authorized", "version": payment["version"]}
    (intent,) = shop.stripe.of(order.id)
    assert intent.history == ["authorized"]
    await shop.rest()
    assert intent.history == ["authorized", "captured"]
    assert shop.order(order).status == "complete"
    (authorised,), (captured,) = shop.kit.bus.events(PAYMENT_AUTHORIZED), shop.kit.bus.events(PAYMENT_CREATED)
    assert authorised.data.version == payment["version"]
    assert captured.data.model_dump() == {
        "id": payment["id"],
        "order_id": order.id,
        "user_id": BUYER,
        "version": captured.data.version,
        "attempt": 1,
        "status": "captured",
        "amount_cents": 7500,
        "currency": "usd",
        "decline_code": None,
    }


async def test_the_amount_comes_from_the_order_alone(shop: Shop) -> None:
    order = await shop.orders.make(price=1999)
    body = {"orderId": order.id.upper(), "token": "pm_visa", "amount": 1, "currency": "jpy"}
    assert (await shop.api.post("/api/payments", json=body, headers=shop.kit.signed_in(BUYER))).status_code == 201
    (intent,) = shop.stripe.of(order.id)
    assert (intent.terms.amount_cents, intent.terms.currency) == (1999, "usd")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"token": "tok_visa"}, "orderId"),
        ({"orderId": "nonsense", "token": "tok_visa"}, "orderId"),
        ({"orderId": 5, "token": "tok_visa"}, "orderId"),
        ({"orderId": new_id()}, "token"),
        ({"orderId": new_id(), "token": ""}, "token"),
        ({"orderId": new_id(), "token": "4242424242424242"}, "token"),
        ({"orderId": new_id(), "token": "tok_"}, "token"),
        ({"orderId": new_id(), "token": "tok_a\n"}, "token"),
        ({"orderId": new_id(), "token": "tok_" + "a" * 300}, "token"),
        ({"orderId": new_id(), "token": None}, "token"),
    ],
)
async def test_each_bad_field_is_named(shop: Shop, body: dict[str, Any], field: str) -> None:
    for path in ROUTES if field == "orderId" else ROUTES[:1]:
        answer = await shop.api.post(path, json=body, headers=shop.kit.signed_in(BUYER))
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        assert "4242" not in answer.text


@pytest.mark.parametrize("path", ROUTES)
async def test_whose_order_it_is(shop: Shop, path: str) -> None:
    order = await shop.orders.make()
    body = {"orderId": order.id, "token": "tok_visa"}
    assert (await shop.api.post(path, json=body)).status_code == 401
    assert (await shop.api.post(path, json=body, headers=shop.kit.signed_in(STRANGER))).status_code == 401
    unknown = body | {"orderId": "5f" * 12}
    assert (await shop.api.post(path, json=unknown, headers=shop.kit.signed_in(BUYER))).status_code == 404
    assert shop.stripe.calls == []


async def test_an_order_just_made_is_waited_for(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.kit.database["orders"].delete_many({})

    async def comes() -> None:
        await shop.orders.say(order)
        await shop.kit.settle()

    late = asyncio.create_task(comes())
    assert (await shop.pay(order)).status_code == 201
    await late


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "cancelled", "reason": "buyer"}, "order-cancelled"),
        ({"status": "cancelled", "reason": "failed"}, "order-cancelled"),
        ({"status": "cancelled", "reason": "expired"}, "order-expired"),
        ({"status": "complete"}, "already-paid"),
        ({"status": "awaiting:payment"}, "being-paid"),
        ({"currency": "jpy"}, "wrong-currency"),
    ],
)
async def test_orders_that_cannot_be_paid(shop: Shop, changes: dict[str, Any], code: str) -> None:
    order = await shop.orders.make(**changes)
    for answer in (await shop.pay(order), await shop.open(order)):
        assert (answer.status_code, answer.json()["type"]) == (400, f"urn:ticketing:problem:{code}")
    assert shop.stripe.calls == []


@pytest.mark.parametrize(("seconds", "status"), [(-0.001, 201), (0, 400)])
async def test_the_last_moment_is_by_our_own_clock(shop: Shop, seconds: float, status: int) -> None:
    order = await shop.orders.make()
    shop.kit.clock.advance((order.expires_at - shop.kit.clock() + timedelta(seconds=seconds)).total_seconds())
    answer = await shop.pay(order)
    assert answer.status_code == status
    assert len(shop.stripe.calls) == (2 if status == 201 else 0)


async def test_a_paid_order_is_not_paid_again(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    again = await shop.pay(order)
    assert (again.status_code, again.json()["type"]) == (400, "urn:ticketing:problem:being-paid")
    await shop.rest()
    again = await shop.pay(order)
    assert (again.status_code, again.json()["type"]) == (400, "urn:ticketing:problem:already-paid")
    (intent,) = shop.stripe.of(order.id)
    assert (intent.authorisations, intent.captures) == (1, 1)


async def test_a_declined_card_leaves_the_order_payable_with_the_same_intent(shop: Shop) -> None:
    order = await shop.orders.make()
    answer = await shop.pay(order, "tok_insufficient_funds")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["message"].startswith("There is not enough money on this card. Nothing was taken")
    await shop.kit.settle()
    (declined,) = shop.kit.bus.events(PAYMENT_DECLINED)
    assert (declined.data.status, declined.data.decline_code) == ("declined", "insufficient_funds")
    assert (await shop.pay(order)).status_code == 201
    await shop.rest()
    assert [one.history for one in shop.stripe.of(order.id)] == [["declined", "authorized", "captured"]]
    assert len(set(shop.stripe.steps("confirm"))) == 2
    assert [payment.decline_code for payment in shop.said(order)] == ["insufficient_funds", None, None]


async def test_a_card_that_cannot_be_used_is_a_decline(shop: Shop) -> None:
    order = await shop.orders.make()
    answer = await shop.pay(order, "pm_unusable")
    assert answer.status_code == 400
    assert answer.json()["title"].startswith("This card has to be typed again.")
    assert (await shop.pay(order)).status_code == 201


async def test_an_intent_that_stripe_will_not_make_is_a_decline(shop: Shop) -> None:
    order = await shop.orders.make(price=1)
    for ask in (shop.pay, shop.open):
        shop.stripe.refuses["create"] = "amount_too_small"
        answer = await ask(order)
        assert answer.status_code == 400
        assert answer.json()["title"].startswith("The price is too small")
    await shop.until_quiet()
    assert (shop.stripe.of(order.id), shop.order(order).status) == ([], "cancelled")


async def test_the_bank_asks_the_buyer(shop: Shop) -> None:
    order = await shop.orders.make()
    answer = await shop.pay(order, "pm_action")
    (intent,) = shop.stripe.of(order.id)
    payment = answer.json()
    assert answer.status_code == 201
    assert (payment["status"], payment["clientSecret"]) == ("requires_action", f"{intent.id}_secret")
    await shop.rest()
    assert shop.said(order) == []
    intent.become("authorized")
    assert (await shop.open(order)).json()["status"] == "authorized"
    await shop.rest()
    assert (shop.order(order).status, intent.history) == ("complete", ["action", "authorized", "captured"])


async def test_another_card_takes_over_from_the_banks_question(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order, "pm_action")
    assert (await shop.pay(order, "tok_visa")).json()["status"] == "authorized"
    assert [one.history for one in shop.stripe.of(order.id)] == [["action", "authorized"]]


async def test_too_many_cards(shop: Shop) -> None:
    order = await shop.orders.make()
    for _ in range(MOST_TRIES):
        assert (await shop.pay(order, "tok_generic_decline")).json()["type"] == "urn:ticketing:problem:card-declined"
    assert (await shop.pay(order)).json()["type"] == "urn:ticketing:problem:too-many-tries"
    assert shop.stripe.of(order.id)[0].authorisations == 0


async def test_a_card_that_the_bank_thinks_about_stays_pending(shop: Shop) -> None:
    order = await shop.orders.make()
    assert (await shop.pay(order, "tok_processing")).json()["status"] == "pending"
    shop.stripe.of(order.id)[0].become("authorized")
    await shop.wait(61)
    assert shop.order(order).status == "complete"


@pytest.mark.parametrize("mode", ["lost before", "lost after", "fault before", "fault after"])
@pytest.mark.parametrize("step", ["create", "confirm"])
async def test_one_trouble_at_stripe_is_not_the_buyers(shop: Shop, step: str, mode: str) -> None:
    order = await shop.orders.make()
    shop.stripe.fails[step] = [mode]
    assert (await shop.pay(order)).json()["status"] == "authorized"
    (intent,) = shop.stripe.of(order.id)
    assert intent.authorisations == 1


async def test_an_order_cancelled_meanwhile_is_not_tried(shop: Shop) -> None:
    order = await shop.orders.make()

    async def cancelled() -> None:
        await shop.orders.cancel(order.id)
        await shop.rest()

    shop.stripe.hooks["create"] = cancelled
    assert (await shop.pay(order)).json()["type"] == "urn:ticketing:problem:order-cancelled"
    assert shop.stripe.steps("confirm") == []
    assert shop.stripe.of(order.id)[0].history == ["cancelled"]
