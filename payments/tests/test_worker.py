"""What the worker does by itself: letting go, saying again, asking again, raising the alarm."""

import logging
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from common.events import PAYMENT_AUTHORIZED, ConfirmedPayment
from common.mongo import new_id, oid

from .shop import Shop

LONG = timedelta(hours=30)


@pytest.mark.parametrize("status", ["open", "requires_action", "declined", "authorized"])
async def test_a_silent_order_is_given_up_after_its_deadline(shop: Shop, status: str) -> None:
    order = await shop.orders.make()
    shop.orders.deaf = True
    cards = {"requires_action": "pm_action", "declined": "tok_generic_decline", "authorized": "tok_visa"}
    await (shop.open(order) if status == "open" else shop.pay(order, cards[status]))
    await shop.rest()
    (intent,) = shop.stripe.of(order.id)
    before = intent.status
    shop.kit.clock.advance(15 * 60 + 119)
    await shop.rest()
    assert intent.status == before
    shop.kit.clock.advance(2)
    await shop.rest()
    assert intent.status == "cancelled"
    last = {"authorized": "failed"}.get(status, "declined")
    assert shop.said(order)[-1].status == last
    calls = len(shop.stripe.calls)
    await shop.wait(3600)
    assert len(shop.stripe.calls) == calls
    assert REGISTRY.get_sample_value("payments_undecided_seconds") == 0


@pytest.mark.parametrize("card", ["pm_action", "tok_generic_decline", "tok_visa"])
async def test_a_cancelled_order_lets_the_money_go(shop: Shop, card: str) -> None:
    order = await shop.orders.make()
    await shop.pay(order, card)
    shop.orders.deaf = True
    await shop.orders.cancel(order.id)
    await shop.rest()
    (intent,) = shop.stripe.of(order.id)
    assert intent.status == "cancelled"
    assert {payment.status for payment in shop.said(order)} <= {"authorized", "declined"}
    assert (await shop.pay(order)).json()["type"] == "urn:ticketing:problem:order-cancelled"


async def test_cancelling_goes_on_until_stripe_confirms(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order, "pm_action")
    shop.stripe.fails["cancel"] = ["lost before", "lost before", "fault before", "lost after"]
    await shop.orders.cancel(order.id)
    await shop.rest()
    asked = []
    for second in range(1, 200):
        before = len(shop.stripe.steps("cancel"))
        await shop.wait(1)
        asked += [second] * (len(shop.stripe.steps("cancel")) - before)
    assert asked == [10, 30, 70, 150]
    keys = shop.stripe.steps("cancel")
    assert keys[0] == keys[1] == keys[2] != keys[3] == keys[4]
    assert shop.stripe.of(order.id)[0].history == ["action", "cancelled"]


async def test_a_card_is_left_alone_while_its_request_may_run(shop: Shop) -> None:
    order = await shop.orders.make()

    async def slow() -> None:
        shop.kit.clock.advance(59)
        await shop.worker.run()

    shop.stripe.hooks["confirm"] = slow
    assert (await shop.pay(order)).json()["status"] == "authorized"
    assert [step for step, _ in shop.stripe.calls] == ["create", "confirm"]


async def test_a_request_waits_for_stripe_only_so_long(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await shop.orders.make()
    service = shop.service
    monkeypatch.setattr(service, "_patience", timedelta(seconds=0.01))
    shop.stripe.hangs = "confirm"
    answer = await shop.pay(order)
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    shop.stripe.hangs = ""
    await shop.wait(61)
    assert shop.stripe.of(order.id)[0].status == "cancelled"
    monkeypatch.undo()
    assert (await shop.pay(order)).json()["status"] == "authorized"


async def test_a_capture_that_fails_ends_the_order_once_the_cancel_is_confirmed(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    shop.stripe.refuses["capture"] = "charge_expired_for_capture"
    shop.stripe.fails["cancel"] = ["lost before"]
    await shop.rest()
    assert [payment.status for payment in shop.said(order)] == ["authorized"]
    await shop.wait(11)
    assert shop.said(order)[-1].status == "failed"
    assert shop.order(order).reason == "failed"
    assert shop.stripe.of(order.id)[0].status == "cancelled"


async def test_a_cancel_that_is_refused_is_read(shop: Shop) -> None:
    """Taken by hand at Stripe: the capture is refused, and so is the cancel."""
    order = await shop.orders.make()
    await shop.pay(order)
    shop.stripe.of(order.id)[0].become("captured")
    await shop.rest()
    assert [step for step, _ in shop.stripe.calls] == ["create", "confirm", "capture", "cancel", "read"]
    assert (shop.said(order)[-1].status, shop.order(order).status) == ("captured", "complete")


@pytest.mark.parametrize("changed", ["id", "attempt", "amount_cents"])
async def test_only_what_orders_confirmed_is_captured(shop: Shop, changed: str) -> None:
    order = await shop.orders.make()
    payment = (await shop.pay(order)).json()
    shop.orders.deaf = True
    word = ConfirmedPayment(id=payment["id"], attempt=1, amount_cents=7500)
    other = word.model_copy(update={changed: new_id() if changed == "id" else 2})
    await shop.orders.change(order.id, "awaiting:payment", payment=other)
    await shop.rest()
    assert shop.stripe.of(order.id)[0].history == ["authorized", "cancelled"]
    assert shop.said(order)[-1].status == "failed"


async def test_an_unheard_authorisation_is_said_again(shop: Shop) -> None:
    order = await shop.orders.make(expires_at=shop.kit.clock() + LONG)
    shop.orders.deaf = True
    await shop.pay(order)
    said = []
    for second in range(0, 3600, 10):
        await shop.wait(10)
        if len(shop.events(order)) > len(said) + 1:
            said.append(second + 10)
    first, *repeats = shop.events(order)
    assert [later - earlier for earlier, later in zip([0, *said], said, strict=False)] == [
        60,
        120,
        240,
        480,
        600,
        600,
        600,
        600,
    ]
    assert not first.repeat
    assert all(event.repeat for event in repeats)
    assert len({event.id for event in repeats}) == len(repeats)
    assert {event.type for event in repeats} == {PAYMENT_AUTHORIZED.name}
    assert {event.data for event in repeats} == {first.data}


async def test_a_lost_confirmation_costs_a_minute(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    shop.orders.mute = True
    await shop.rest()
    assert (shop.order(order).status, len(shop.stripe.steps("capture"))) == ("awaiting:payment", 0)
    shop.orders.mute = False
    shop.kit.clock.advance(61)
    await shop.rest()
    assert shop.order(order).status == "complete"


async def test_keys_are_not_trusted_after_a_day(shop: Shop) -> None:
    order = await shop.orders.make(expires_at=shop.kit.clock() + LONG)
    await shop.pay(order)
    shop.stripe.fails["capture"] = ["lost after"]
    await shop.rest()
    shop.stripe.fails["capture"] = ["crash before"] * 3
    shop.kit.clock.advance(24 * 3600 + 1)
    await shop.rest()
    assert shop.order(order).status == "complete"
    assert [step for step, _ in shop.stripe.calls] == ["create", "confirm", "capture", "read"]


async def test_an_intent_made_a_day_ago_is_looked_for(shop: Shop) -> None:
    for mode, found in (("crash after", True), ("crash before", False)):
        order = await shop.orders.make(expires_at=shop.kit.clock() + LONG)
        shop.stripe.fails["create"] = [mode]
        await shop.try_to_pay(order)
        shop.kit.clock.advance(24 * 3600 + 1)
        await shop.rest()
        (intent,) = shop.stripe.of(order.id)
        assert intent.history == ["cancelled"]
        assert shop.said(order)[-1].status == "declined"
        keys = {key for key in shop.stripe.steps("create") if key.startswith(order.id)}
        assert len(keys) == (1 if found else 2)


async def test_what_stays_undecided_raises_an_alarm(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order = await shop.orders.make()
    shop.stripe.fails["confirm"] = ["lost after"] * 2
    shop.stripe.fails["read"] = ["lost before"] * 100
    await shop.pay(order)
    shop.orders.deaf = True
    for _ in range(9):
        await shop.wait(60)
    alarms = [record for record in caplog.records if record.message == "a payment stays undecided"]
    assert alarms == []
    for _ in range(3):
        await shop.wait(60)
    alarms = [record for record in caplog.records if record.message == "a payment stays undecided"]
    assert {record.levelno for record in alarms} == {logging.ERROR}
    assert (REGISTRY.get_sample_value("payments_undecided_seconds") or 0) > 600
    shop.stripe.fails["read"] = []
    await shop.wait(301)
    await shop.wait(1)
    assert REGISTRY.get_sample_value("payments_undecided_seconds") == 0


async def test_a_task_that_is_no_longer_one_raises_none(shop: Shop) -> None:
    """Given up while Stripe was silent, and extended after all."""
    shop.orders.deaf = True
    order = await shop.orders.make()
    await shop.open(order)
    shop.stripe.fails["cancel"] = ["lost before"] * 100
    shop.kit.clock.advance(15 * 60 + 121)
    await shop.rest()
    await shop.orders.change(order.id, "created", expires_at=shop.kit.clock() + LONG)
    await shop.rest()
    shop.kit.clock.advance(3600)
    await shop.rest()
    assert len(shop.stripe.steps("cancel")) == 1
    assert REGISTRY.get_sample_value("payments_undecided_seconds") == 0


async def test_one_payment_that_cannot_be_settled_keeps_no_other_waiting(shop: Shop) -> None:
    bad, good = await shop.orders.make(), await shop.orders.make()
    for order in (bad, good):
        await shop.pay(order)
    await shop.kit.settle()
    await shop.kit.database["orders"].delete_one({"_id": oid(bad.id)})
    await shop.rest()
    assert shop.order(good).status == "complete"


async def test_few_are_asked_about_at_once(shop: Shop) -> None:
    orders = [await shop.orders.make() for _ in range(12)]
    for order in orders:
        await shop.pay(order)
    await shop.rest()
    assert {shop.order(order).status for order in orders} == {"complete"}
    assert shop.stripe.busiest <= 8
