"""After a restore: Stripe knows what became of the money, orders what it is for; nobody pays twice or for nothing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from common.events import OrderState
from common.mongo import new_id
from common.testing.database import fake_backup
from common.web import restoring
from payments import commands
from payments.domain import Payment
from payments.gateway import Terms
from payments.store import renewals

from .fake_stripe import FakeIntent
from .shop import Shop

Copy = Callable[[], Awaitable[Path]]


@pytest.fixture
def copy(shop: Shop, tmp_path: Path) -> Copy:
    """A backup as of now."""
    return lambda: fake_backup(shop.kit.database, "payments", tmp_path, shop.kit.clock())


async def restore(shop: Shop, path: Path) -> None:
    """The command, while the service is stopped; then it starts again."""
    command = restoring(renewals, lambda _, at: partial(shop.service.restored, at))
    await command(shop.kit.parts, str(path), "replace")


async def rebuild(shop: Shop) -> None:
    """Orders are taken anew."""
    await commands.rebuild(shop.kit.parts)
    for order in shop.orders.orders.values():
        await shop.orders.say(order)
    await shop.rest()
    await commands.forget(shop.kit.parts)
    await shop.rest()


async def payment_of(shop: Shop, order: OrderState) -> Payment | None:
    return await shop.service._store.of_order(order.id)


async def status(shop: Shop, order: OrderState) -> str | None:
    payment = await payment_of(shop, order)
    return None if payment is None else payment.status


async def test_a_payment_that_was_made_since_is_known_again(shop: Shop, copy: Copy) -> None:
    order = await shop.orders.make()
    path = await copy()
    await shop.pay(order)
    await shop.rest()
    before = await payment_of(shop, order)
    assert before is not None
    await restore(shop, path)
    await shop.rest()
    assert await status(shop, order) is None
    await rebuild(shop)
    after = await payment_of(shop, order)
    assert after is not None
    assert (after.id, after.status, after.attempt) == (before.id, "captured", before.attempt)
    assert after.version > before.version
    assert (await shop.service.refund(order.id)).status == "refunded"


async def test_with_the_attempt_that_counts(shop: Shop, copy: Copy) -> None:
    """The one that the backup knows had been declined, and its intent cancelled."""
    order = await shop.orders.make()
    assert (await shop.pay(order, "tok_insufficient_funds")).status_code == 400
    shop.stripe.of(order.id)[0].become("cancelled")
    payment = await payment_of(shop, order)
    assert payment is not None
    await shop.service._intents.read(payment)
    path = await copy()
    await shop.pay(order)
    await shop.rest()
    assert [one.status for one in shop.stripe.of(order.id)] == ["cancelled", "captured"]
    await restore(shop, path)
    await rebuild(shop)
    after = await payment_of(shop, order)
    assert after is not None
    assert (after.status, after.attempt.number, after.attempt.intent_id) == ("captured", 2, "pi_2")


@pytest.mark.parametrize("then", ["paid", "refunded"])
async def test_one_that_was_open_when_it_was_copied_is_what_stripe_says(shop: Shop, copy: Copy, then: str) -> None:
    order = await shop.orders.make()
    await shop.open(order)
    path = await copy()
    await shop.pay(order)
    await shop.rest()
    if then == "refunded":
        await shop.service.refund(order.id)
    await restore(shop, path)
    assert await status(shop, order) == "open"
    await rebuild(shop)
    assert await status(shop, order) == ("captured" if then == "paid" else "refunded")
    assert shop.stripe.of(order.id)[0].captures == 1


async def test_a_card_that_is_tried_again_is_not_answered_as_it_was_before(shop: Shop, copy: Copy) -> None:
    """Stripe would say what became of the request that the restore has forgotten, under the same key."""
    order = await shop.orders.make()
    await shop.open(order)
    path = await copy()
    assert (await shop.pay(order, "tok_insufficient_funds")).status_code == 400
    keys = shop.stripe.steps("confirm")
    await restore(shop, path)
    assert (await shop.pay(order)).status_code == 201
    assert len(set(shop.stripe.steps("confirm")) - set(keys)) == 1


async def test_what_is_held_for_nobody_is_let_go_but_not_before_orders_has_said_so(shop: Shop, copy: Copy) -> None:
    """A backup that knows no order at all, and an operator who takes an hour to announce orders."""
    path = await copy()
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    stray = FakeIntent("pi_stray", Terms(new_id(), new_id(), 1, 7500, "usd"), shop.kit.clock())
    stray.become("captured")
    shop.stripe.intents[stray.id] = stray
    await restore(shop, path)
    for _ in range(12):
        await shop.wait(301)
    assert (await status(shop, order), shop.stripe.of(order.id)[0].refunds, stray.refunds) == (None, [], [])
    await rebuild(shop)
    assert (await status(shop, order), shop.stripe.of(order.id)[0].refunds) == ("captured", [])
    assert [one.amount_cents for one in stray.refunds] == [7500]


async def test_a_day_before_the_copy_is_far_enough_back(shop: Shop, copy: Copy) -> None:
    old = FakeIntent("pi_old", Terms(new_id(), new_id(), 1, 7500, "usd"), shop.kit.clock() - timedelta(days=2))
    shop.stripe.intents[old.id] = old
    await restore(shop, await copy())
    assert await shop.kit.database["webhooks"].count_documents({}) == 0


async def test_what_an_earlier_restore_has_noted_is_noted_again(shop: Shop, copy: Copy) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    for _ in range(2):
        path = await copy()
        await restore(shop, path)
        shop.kit.clock.advance(1)
    assert await shop.kit.database["webhooks"].count_documents({"due_at": {"$ne": None}}) == 2
    await rebuild(shop)
    assert await shop.kit.database["webhooks"].count_documents({"due_at": {"$ne": None}}) == 0


# ---- when it is orders that was restored
@pytest.mark.parametrize("refunded", [False, True])
async def test_an_order_that_is_set_back_behind_its_payment_hears_of_it(shop: Shop, refunded: bool) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    if refunded:
        await shop.service.refund(order.id)
        await shop.rest()
    back = order.model_copy(update={"version": 10**13})
    said = len(shop.said(order))
    shop.orders.deaf = True
    for _ in range(3):  # newer once, and then as late as it may be
        await shop.orders.say(back)
        await shop.rest()
    (again,) = shop.said(order)[said:]
    assert again.status == ("refunded" if refunded else "captured")


async def test_an_order_that_payments_has_is_no_longer_being_taken_anew(shop: Shop) -> None:
    """Orders has lost it; it stays, since its payment decides on that, and the audit counts it no more as in motion."""
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    await commands.rebuild(shop.kit.parts)
    assert await commands.forget(shop.kit.parts) == "0 orders dropped"
    assert [stale async for _, stale in shop.service._store.orders()] == [False]
