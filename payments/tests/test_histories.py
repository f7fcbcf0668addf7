"""The same order and the same end at Stripe in whatever order events come, however often, and whatever never comes."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.events import ConfirmedPayment, OrderState
from common.mongo import DuplicateKey, oid
from common.testing.histories import gapped, quick, shuffled
from payments.known import KnownOrder
from payments.store import PaymentStore

from .factories import make_order
from .fake_orders import TYPES
from .shop import Shop

Steps = list[str]
WINDOW, LONGER = timedelta(minutes=15), timedelta(minutes=20)
ORDER: dict[str, dict[str, Any]] = {
    "created": {},
    "changed": {"version": 1},
    "extended": {"version": 2},
    "awaiting": {"version": 4, "status": "awaiting:payment"},
    "complete": {"version": 5, "status": "complete"},
    "refunded": {"version": 7, "status": "complete", "refunded": True},
    "cancelled": {"version": 4, "status": "cancelled", "reason": "buyer"},
}
"""What orders tells of an order, by name; from `extended` on it expires later."""
UNPAID, LOST = ["created", "changed", "extended"], ["created", "changed", "extended", "cancelled"]
CONFIRMED = [*UNPAID, "awaiting"]
BOUGHT = [*CONFIRMED, "complete", "refunded"]


class History:
    """One order; with `pay`, its money is held before orders says any more."""

    def __init__(self, shop: Shop) -> None:
        shop.orders.deaf = True
        self._shop = shop
        self.began = shop.kit.clock()
        self.order = make_order(expires_at=self.began + WINDOW)
        shop.orders.orders[self.order.id] = self.order
        self._word: ConfirmedPayment | None = None

    def state(self, name: str) -> OrderState:
        changes = dict(ORDER[name])
        if name not in {"created", "changed"}:
            changes["expires_at"] = self.began + LONGER
        if name in {"awaiting", "complete", "refunded"}:
            changes["payment"] = self._word
        return self.order.model_copy(update=changes)

    async def pay(self) -> None:
        await self.hear(["created"])
        payment = (await self._shop.pay(self.order)).json()
        self._word = ConfirmedPayment(id=payment["id"], attempt=1, amount_cents=7500)

    async def hear(self, names: Sequence[str]) -> None:
        for name in names:
            state = self.state(name)
            await self._shop.kit.hear(TYPES[state.status], state, source="orders")
            await self._shop.worker.run()
        assert self._shop.kit.bus.dead_letters == []

    async def until(self, time: timedelta) -> None:
        """So long after it began."""
        self._shop.kit.clock.advance((self.began + time - self._shop.kit.clock()).total_seconds())
        await self._shop.rest()

    async def known(self) -> KnownOrder | None:
        return await PaymentStore(self._shop.kit.database, self._shop.kit.parts.relay, self._shop.kit.clock).order(
            self.order.id
        )

    def at_stripe(self) -> list[str]:
        """What became of its one intent."""
        (intent,) = self._shop.stripe.of(self.order.id)
        return intent.history

    def said(self) -> list[str]:
        return [state.status for state in self._shop.said(self.order)]


@quick
@given(st.one_of(gapped(UNPAID), gapped(CONFIRMED), gapped(BOUGHT), gapped(LOST)))
async def test_the_order_is_known_as_it_was_last(shop: Shop, steps: Steps) -> None:
    history = History(shop)
    await history.hear(steps)
    last = max((history.state(name) for name in steps), key=lambda state: state.version)
    assert await history.known() == KnownOrder.of(last)
    assert (await shop.pay(last)).status_code == (201 if last.status == "created" else 400)


@quick
@given(gapped(LOST))
async def test_money_held_for_a_cancelled_order_is_let_go(shop: Shop, steps: Steps) -> None:
    history = History(shop)
    await history.pay()
    await history.hear(steps)
    assert (history.at_stripe(), history.said()) == (["authorized", "cancelled"], ["authorized"])


@quick
@given(gapped(CONFIRMED), shuffled(BOUGHT))
async def test_a_confirmed_order_is_captured_once(shop: Shop, before: Steps, after: Steps) -> None:
    """Orders completes and refunds what was captured; all else may come at any time, and again."""
    history = History(shop)
    await history.pay()
    await history.hear(before)
    assert (history.at_stripe(), history.said()) == (["authorized", "captured"], ["authorized", "captured"])
    await history.hear(after)
    await history.until(timedelta(hours=1))
    assert (history.at_stripe(), history.said()) == (["authorized", "captured"], ["authorized", "captured"])


@quick
@given(gapped(UNPAID))
async def test_an_order_that_falls_silent_is_given_up_at_its_latest_time(shop: Shop, steps: Steps) -> None:
    history = History(shop)
    await history.pay()
    await history.hear(steps)
    await history.until(LONGER)
    assert history.at_stripe() == ["authorized"]
    await history.until(LONGER + timedelta(seconds=121))
    assert (history.at_stripe(), history.said()[-1]) == (["authorized", "cancelled"], "failed")


async def test_two_processes_hear_the_first_of_an_order_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mongo refuses the insert of whoever comes second, though what was put in first is older."""
    history = History(shop)
    store, other = (PaymentStore(shop.kit.database, shop.kit.parts.relay, shop.kit.clock) for _ in range(2))

    async def overtaken(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        await other.remember(KnownOrder.of(history.state("created")))
        raise DuplicateKey("E11000")

    monkeypatch.setattr(type(shop.kit.database["orders"]), "update_one", overtaken)
    assert await store.remember(KnownOrder.of(history.state("cancelled")))
    assert await history.known() == KnownOrder.of(history.state("cancelled"))
    assert not await store.remember(KnownOrder.of(history.state("extended")))
    assert await shop.kit.database["orders"].count_documents({"_id": oid(history.order.id)}) == 1
