"""A webhook is a hint: Stripe is read, and what it says then is what counts."""

from datetime import timedelta

import pytest

from common.events import OrderState
from common.mongo import new_id
from payments.domain import Payment
from payments.gateway import Terms
from payments.known import KnownOrder

from .fake_stripe import NOT_OURS, FakeIntent
from .shop import Shop
from .stripe_events import event, send, tell

AUTHORISED = "payment_intent.amount_capturable_updated"


async def lost_answer(shop: Shop, card: str = "tok_visa") -> OrderState:
    """A payment that Stripe has tried, with nobody left to hear of it."""
    order = await shop.orders.make()
    shop.stripe.fails = {"confirm": ["lost after", "lost after"]}
    assert (await shop.pay(order, card)).json()["status"] == "pending"
    return order


async def status(shop: Shop, order: OrderState) -> str:
    payment = await shop.service._store.of_order(order.id)
    assert payment is not None
    return payment.status


async def test_it_alone_completes_a_purchase_whose_answer_was_lost(shop: Shop) -> None:
    order = await lost_answer(shop)
    await tell(shop, AUTHORISED, shop.stripe.of(order.id)[0].id)
    assert shop.order(order).status == "complete"
    assert shop.stripe.of(order.id)[0].status == "captured"


async def test_without_it_the_same_takes_a_minute(shop: Shop) -> None:
    order = await lost_answer(shop)
    await shop.rest()
    assert shop.order(order).status == "created"
    await shop.wait(61)
    assert shop.order(order).status == "complete"


async def test_what_it_says_is_not_believed(shop: Shop) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    intent = shop.stripe.of(order.id)[0]
    await tell(shop, "payment_intent.succeeded", intent.id)
    assert (await status(shop, order), shop.order(order).status) == ("open", "created")


async def test_the_same_event_is_handled_once(shop: Shop) -> None:
    order = await lost_answer(shop)
    made = event(AUTHORISED, shop.stripe.of(order.id)[0].id)
    for _ in range(3):
        assert (await send(shop, made)).status_code == 200
    await shop.rest()
    reads = len(shop.stripe.steps("read"))
    await send(shop, made)
    await shop.rest()
    assert (reads, len(shop.stripe.steps("read"))) == (1, 1)
    assert shop.stripe.of(order.id)[0].captures == 1


async def test_a_declined_intent_that_is_confirmed_after_all_is_noticed(shop: Shop) -> None:
    """By another tab, with the client secret that it still has."""
    order = await shop.orders.make()
    assert (await shop.pay(order, "tok_insufficient_funds")).status_code == 400
    intent = shop.stripe.of(order.id)[0]
    intent.become("authorized")
    await tell(shop, AUTHORISED, intent.id)
    assert (shop.order(order).status, intent.status) == ("complete", "captured")


async def test_a_decline_of_the_card_before_costs_the_next_one_nothing(shop: Shop) -> None:
    """It comes while that one is on its way to Stripe, which still tells of the first."""
    order = await shop.orders.make()
    assert (await shop.pay(order, "tok_insufficient_funds")).status_code == 400
    intent = shop.stripe.of(order.id)[0]

    async def late() -> None:
        await send(shop, event("payment_intent.payment_failed", intent.id))
        await shop.webhooks.run()

    shop.stripe.hooks = {"confirm": late}
    for _ in range(2):
        answer = await shop.pay(order, "tok_visa", key="second")
        assert (answer.status_code, answer.json()["status"]) == (201, "authorized")
    await shop.rest()
    assert [one.status for one in shop.said(order)] == ["declined", "authorized", "captured"]


async def test_nor_does_an_answer_about_it_that_comes_late(shop: Shop) -> None:
    """The page reads the declined intent while another card is tried."""
    order = await shop.orders.make()
    await shop.pay(order, "tok_insufficient_funds")

    async def paid_elsewhere() -> None:
        shop.stripe.hooks = {"confirm": read_again}
        assert (await shop.pay(order, "tok_visa", key="second")).status_code == 201

    async def read_again() -> None:
        await shop.service._intents.saved(before, shop.stripe.of(order.id)[0].reply())

    before = await shop.service._store.of_order(order.id)
    assert before is not None
    await paid_elsewhere()
    assert (await shop.pay(order, "tok_visa", key="second")).status_code == 201


async def test_a_buyer_who_leaves_the_page_after_the_bank_said_yes_gets_the_ticket(shop: Shop) -> None:
    order = await shop.orders.make()
    assert (await shop.pay(order, "tok_action")).json()["status"] == "requires_action"
    intent = shop.stripe.of(order.id)[0]
    intent.become("authorized")
    await tell(shop, AUTHORISED, intent.id)
    assert shop.order(order).status == "complete"


async def test_stripe_out_of_reach_puts_it_off(shop: Shop) -> None:
    order = await lost_answer(shop)
    shop.stripe.fails = {"read": ["lost before", "fault before"]}
    await tell(shop, AUTHORISED, shop.stripe.of(order.id)[0].id)
    assert shop.order(order).status == "created"
    for seconds in (1, 2):
        shop.kit.clock.advance(seconds)
        await shop.rest()
    assert shop.order(order).status == "complete"


async def test_one_that_can_never_be_handled_is_left_with_an_alarm(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order = await lost_answer(shop)
    shop.stripe.fails = {"read": ["lost before"] * 2000}
    await tell(shop, AUTHORISED, shop.stripe.of(order.id)[0].id)
    shop.kit.clock.advance(timedelta(days=3).total_seconds())
    await shop.webhooks.run()
    assert "a webhook could not be handled for days and is left" in caplog.text
    assert await shop.kit.database["webhooks"].count_documents({"due_at": None}) == 1


@pytest.mark.parametrize(
    "about",
    [None, [], {}, {"object": "payment_intent"}, {"object": "payment_intent", "id": {}}, {"payment_intent": "x" * 999}],
)
async def test_events_about_nothing_of_ours_are_done_with(shop: Shop, about: object) -> None:
    for data in (about, {"object": about}):
        assert (await send(shop, event("product.created", "pi_1", data=data))).status_code == 200
    await shop.rest()
    assert await shop.kit.database["webhooks"].count_documents({"due_at": None}) == 2
    assert shop.stripe.calls == []


# ---- intents that no payment of ours has
def stray(shop: Shop, state: str, **terms: str) -> FakeIntent:
    marks = {"order_id": new_id(), "payment_id": new_id()} | terms
    intent = FakeIntent("pi_stray", Terms(**marks, attempt=1, amount_cents=7500, currency="usd"), shop.kit.clock())
    intent.become(state)
    shop.stripe.intents[intent.id] = intent
    return intent


async def test_early_before_its_id_is_saved_it_waits(shop: Shop) -> None:
    order = await shop.orders.make()

    async def early() -> None:
        await send(shop, event("payment_intent.created", "pi_1"))
        await shop.webhooks.run()

    async def again() -> None:
        shop.stripe.hooks = {"create": early}

    shop.stripe.hooks = {"create": again}
    shop.stripe.fails = {"create": ["lost after"], "confirm": ["lost after"] * 2}
    await shop.pay(order)
    assert await status(shop, order) == "pending"
    shop.kit.clock.advance(30)
    await shop.rest()
    assert shop.order(order).status == "complete"


@pytest.mark.parametrize("state", ["authorized", "action", "declined"])
async def test_a_held_payment_that_nobody_knows_is_cancelled(
    shop: Shop, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    intent = stray(shop, state)
    await tell(shop, AUTHORISED, intent.id)
    assert intent.status == state, "orders may still be announced again"
    await shop.wait(601)
    assert intent.status == "cancelled"
    assert "a payment that nobody knows is let go" in caplog.text


@pytest.mark.parametrize("failure", [None, "lost after", "fault before", "fault after", "lost before"])
async def test_a_captured_one_is_refunded_once(shop: Shop, failure: str | None) -> None:
    intent = stray(shop, "captured")
    shop.stripe.fails = {} if failure is None else {"refund": [failure]}
    await tell(shop, "payment_intent.succeeded", intent.id)
    await tell(shop, "charge.captured", intent.id)
    for _ in range(4):
        await shop.wait(601)
    assert [one.amount_cents for one in intent.refunds] == [7500]


async def lost(shop: Shop) -> tuple[OrderState, FakeIntent]:
    """A payment that was captured, and that is gone from here."""
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    (intent,) = shop.stripe.of(order.id)
    await shop.kit.database["payments"].delete_many({})
    return order, intent


async def test_one_that_orders_counts_on_is_a_payment_again(shop: Shop) -> None:
    order, intent = await lost(shop)
    before = shop.said(order)[-1]
    await tell(shop, "payment_intent.succeeded", intent.id)
    assert (intent.status, intent.refunds) == ("captured", [])
    after = shop.said(order)[-1]
    assert after == before.model_copy(update={"version": after.version})
    assert after.version > before.version
    assert await status(shop, order) == "captured"


async def test_one_that_orders_counts_on_beside_another_payment_is_left_to_a_person(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order, intent = await lost(shop)
    other = Payment.first(new_id(), KnownOrder.of(order), None, shop.kit.clock(), paying=False)
    assert await shop.service._store.make(other)
    await tell(shop, "payment_intent.succeeded", intent.id)
    await shop.wait(601)
    assert (intent.status, intent.refunds) == ("captured", [])
    assert "orders counts on a payment that is not known here" in caplog.text


async def test_what_others_do_in_the_same_account_is_theirs(shop: Shop) -> None:
    intent = stray(shop, "captured", order_id=NOT_OURS)
    await tell(shop, "payment_intent.succeeded", intent.id)
    await shop.wait(601)
    assert (intent.status, intent.refunds) == ("captured", [])


async def test_an_intent_made_twice_is_left_unless_it_holds_money(shop: Shop) -> None:
    order = await shop.orders.make()
    payment_id = (await shop.open(order)).json()["id"]
    intent = stray(shop, "new", order_id=order.id, payment_id=payment_id)
    await tell(shop, "payment_intent.created", intent.id)
    await shop.wait(601)
    assert intent.status == "new"
    intent.become("authorized")
    await tell(shop, AUTHORISED, intent.id)
    await shop.wait(601)
    assert intent.status == "cancelled"
