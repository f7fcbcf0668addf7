"""Refunds: asked for by an operator, made once whatever dies, and anything else about them is an alarm."""

from contextlib import suppress

import pytest

from common.errors import NotFound
from common.events import OrderState
from common.mongo import new_id
from payments.commands import refund, undecided
from payments.errors import AlreadyRefunded, NotCaptured, Undecided
from payments.gateway import Refund

from .fake_stripe import MODES, Crash, FakeIntent
from .shop import Shop
from .stripe_events import tell


async def bought(shop: Shop) -> tuple[OrderState, FakeIntent]:
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    assert shop.order(order).status == "complete"
    return order, shop.stripe.of(order.id)[0]


async def test_all_of_it_goes_back_once(shop: Shop) -> None:
    order, intent = await bought(shop)
    assert await refund(shop.service, order.id) == "the money is returned"
    await shop.rest()
    assert [one.amount_cents for one in intent.refunds] == [7500]
    assert [one.status for one in shop.said(order)] == ["authorized", "captured", "refunded"]
    assert shop.order(order).status == "complete"
    with pytest.raises(AlreadyRefunded):
        await refund(shop.service, order.id)


async def test_nothing_was_taken_so_nothing_goes_back(shop: Shop) -> None:
    order = await shop.orders.make()
    for unknown in (order.id, new_id(), "nonsense"):
        with pytest.raises(NotFound):
            await refund(shop.service, unknown)
    await shop.pay(order)
    with pytest.raises(NotCaptured):
        await refund(shop.service, order.id)


@pytest.mark.parametrize("step", ["refunds", "refund"])
@pytest.mark.parametrize("mode", MODES)
async def test_whatever_fails_it_is_made_once(shop: Shop, step: str, mode: str) -> None:
    order, intent = await bought(shop)
    shop.stripe.fails = {step: [mode]}
    with suppress(Crash):
        await refund(shop.service, order.id)
    with suppress(AlreadyRefunded):
        await refund(shop.service, order.id)
    for seconds in (11, 21, 301):
        await shop.wait(seconds)
    assert [one.amount_cents for one in intent.refunds] == [7500]
    assert [one.status for one in shop.said(order)][-1] == "refunded"


async def test_a_process_that_dies_before_it_asks_leaves_the_wish(shop: Shop) -> None:
    order, intent = await bought(shop)
    await shop.service._refunds.ask(order.id)
    await shop.rest()
    assert [one.amount_cents for one in intent.refunds] == [7500]


async def test_after_a_day_stripe_is_read_before_it_is_asked_again(shop: Shop) -> None:
    order, intent = await bought(shop)
    shop.stripe.fails = {"refund": ["lost after"]}
    assert (await refund(shop.service, order.id)).startswith("asked for")
    await shop.wait(25 * 3600)
    assert [one.amount_cents for one in intent.refunds] == [7500]
    assert shop.said(order)[-1].status == "refunded"


async def test_a_bank_may_take_its_time(shop: Shop) -> None:
    order, intent = await bought(shop)
    shop.stripe.refunds_become = "pending"
    await refund(shop.service, order.id)
    await shop.wait(1800)
    assert (len(intent.refunds), shop.said(order)[-1].status) == (1, "captured")
    assert await undecided(shop.service) == "none"
    intent.refunds[0] = Refund("succeeded", 7500, intent.refunds[0].number)
    await tell(shop, "refund.updated", intent.id)
    assert (len(intent.refunds), shop.said(order)[-1].status) == (1, "refunded")


async def test_and_needs_no_webhook_to_be_done(shop: Shop) -> None:
    order, intent = await bought(shop)
    shop.stripe.refunds_become = "pending"
    await refund(shop.service, order.id)
    intent.refunds[0] = Refund("succeeded", 7500, intent.refunds[0].number)
    await shop.wait(3601)
    assert shop.said(order)[-1].status == "refunded"


async def test_one_that_fails_can_be_asked_for_again(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order, intent = await bought(shop)
    shop.stripe.refunds_become = "failed"
    assert (await refund(shop.service, order.id)).startswith("refused, or failed")
    assert "a refund has failed" in caplog.text
    await shop.wait(3601)
    assert (len(intent.refunds), shop.said(order)[-1].status) == (1, "captured")
    shop.stripe.refunds_become = "succeeded"
    assert await refund(shop.service, order.id) == "the money is returned"


async def test_a_part_refunded_elsewhere_is_an_alarm_and_changes_nothing(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order, intent = await bought(shop)
    intent.refunds.append(Refund("succeeded", 1000))
    await tell(shop, "charge.refunded", intent.id)
    assert "a part was refunded, not by us" in caplog.text
    assert shop.said(order)[-1].status == "captured"
    assert (await refund(shop.service, order.id)).startswith("refused")
    assert "Stripe refuses a refund" in caplog.text
    assert intent.returned == 1000


async def test_one_that_comes_back_later_is_an_alarm_and_changes_nothing(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    order, intent = await bought(shop)
    await refund(shop.service, order.id)
    intent.refunds[0] = Refund("failed", 7500, intent.refunds[0].number)
    await tell(shop, "refund.failed", intent.id)
    assert "a refund has failed" in caplog.text
    assert shop.said(order)[-1].status == "refunded"


async def test_all_of_it_refunded_elsewhere_is_saved_as_stripe_says(shop: Shop) -> None:
    order, intent = await bought(shop)
    intent.refunds.append(Refund("succeeded", 7500))
    await tell(shop, "charge.refunded", intent.id)
    assert shop.said(order)[-1].status == "refunded"


async def test_word_of_a_refund_waits_while_stripe_is_silent(shop: Shop) -> None:
    order, intent = await bought(shop)
    intent.refunds.append(Refund("succeeded", 7500))
    shop.stripe.fails = {"refunds": ["lost before"]}
    await tell(shop, "charge.refunded", intent.id)
    assert shop.said(order)[-1].status == "captured"
    await shop.wait(2)
    assert shop.said(order)[-1].status == "refunded"


async def test_what_stays_undecided_is_listed(shop: Shop) -> None:
    order = await shop.orders.make()
    shop.stripe.fails = {"confirm": ["lost after"] * 2, "read": ["lost before"] * 99}
    await shop.pay(order)
    await shop.wait(61)
    assert await undecided(shop.service) == "none"
    await shop.wait(61)
    with pytest.raises(Undecided, match=f"order={order.id} status=pending task=read"):
        await undecided(shop.service)
