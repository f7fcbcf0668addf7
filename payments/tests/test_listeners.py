"""What payments does with what it hears: the same whatever the order of delivery, and however often."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.events import ConfirmedPayment, OrderState

from .fake_orders import TYPES
from .shop import Shop


async def hear(shop: Shop, order: OrderState, *, repeat: bool = False) -> None:
    await shop.kit.hear(TYPES[order.status], order, source="orders", repeat=repeat)


async def history(shop: Shop, ending: str) -> tuple[OrderState, list[OrderState]]:
    """An authorised order, and all that will be heard of it."""
    shop.orders.deaf = True
    order = await shop.orders.make()
    payment = (await shop.pay(order)).json()
    word = ConfirmedPayment(id=payment["id"], attempt=1, amount_cents=7500)
    awaiting = order.model_copy(update={"status": "awaiting:payment", "version": 3, "payment": word})
    extended = order.model_copy(update={"version": 1, "expires_at": order.expires_at + timedelta(minutes=5)})
    last: dict[str, Any] = {"status": ending, "version": 5, "payment": word if ending == "complete" else None}
    middle = [awaiting] if ending == "complete" else []
    return order, [order, extended, *middle, order.model_copy(update=last)]


@pytest.mark.parametrize("ending", ["complete", "cancelled"])
def test_any_order_of_delivery_and_any_repetition_end_alike(
    make_shop: Callable[[], AbstractAsyncContextManager[Shop]], ending: str
) -> None:
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        async def story() -> None:
            async with make_shop() as shop:
                order, states = await history(shop, ending)
                deliveries = data.draw(
                    st.permutations(states + data.draw(st.lists(st.sampled_from(states), max_size=3)))
                )
                for state in deliveries:
                    await hear(shop, state, repeat=data.draw(st.booleans()))
                    await shop.rest()
                (intent,) = shop.stripe.of(order.id)
                assert intent.authorisations == 1
                captured = intent.status == "captured"
                if ending == "cancelled":
                    assert intent.history == ["authorized", "cancelled"]
                else:
                    first = min(deliveries.index(state) for state in states[2:])
                    assert captured == (deliveries[first] == states[2])

        asyncio.run(story())

    check()


async def test_only_a_repeat_is_answered_and_an_old_one_too(shop: Shop) -> None:
    shop.orders.deaf = True
    order = await shop.orders.make(version=3)
    await shop.pay(order)
    await shop.rest()
    (first,) = shop.events(order)
    await hear(shop, order)
    assert len(shop.events(order)) == 1
    await hear(shop, order, repeat=True)
    await hear(shop, order.model_copy(update={"version": 1}), repeat=True)
    answers = shop.events(order)[1:]
    assert [(event.data, event.repeat) for event in answers] == [(first.data, False)] * 2


async def test_a_repeat_that_is_news_is_not_answered(shop: Shop) -> None:
    shop.orders.deaf = True
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.rest()
    await hear(shop, order.model_copy(update={"version": 1}), repeat=True)
    assert len(shop.events(order)) == 1


@pytest.mark.parametrize("card", ["", "pm_action", "tok_processing"])
async def test_what_concerns_nobody_is_not_said(shop: Shop, card: str) -> None:
    order = await shop.orders.make()
    if card:
        await shop.pay(order, card)
    await hear(shop, order, repeat=True)
    assert shop.events(order) == []


async def test_an_older_order_changes_nothing(shop: Shop) -> None:
    order = await shop.orders.make(version=2)
    await hear(shop, order.model_copy(update={"status": "cancelled", "version": 1}))
    assert (await shop.pay(order)).status_code == 201


async def test_an_extension_moves_the_deadline(shop: Shop) -> None:
    shop.orders.deaf = True
    order = await shop.orders.make()
    await shop.open(order)
    extended = order.model_copy(update={"version": 1, "expires_at": order.expires_at + timedelta(minutes=5)})
    await hear(shop, extended)
    shop.kit.clock.advance(15 * 60 + 121)
    await shop.rest()
    assert shop.stripe.of(order.id)[0].status == "new"
    shop.kit.clock.advance(300)
    await shop.rest()
    assert shop.stripe.of(order.id)[0].status == "cancelled"


async def test_a_listener_that_died_halfway_is_finished_by_the_next_delivery(shop: Shop) -> None:
    """The order is remembered, its payment is not yet looked at: not newer, and still the worker is told."""
    shop.orders.deaf = True
    order = await shop.orders.make()
    await shop.pay(order)
    cancelled = order.model_copy(update={"status": "cancelled", "version": 1})
    await shop.kit.database["orders"].update_one({}, {"$set": {"status": "cancelled", "version": 1}})
    await hear(shop, cancelled)
    await shop.rest()
    assert shop.stripe.of(order.id)[0].status == "cancelled"
