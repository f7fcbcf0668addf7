"""Many at once: one authorisation, one capture. The fakes give way to others at every question to the database."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.testing import Kit
from payments.domain import Payment
from payments.known import KnownOrder
from payments.store import PaymentStore

from .shop import Shop

QUESTIONS = {"find_one", "insert_one", "update_one"}


class YieldingCollection:
    """Lets others go first, as a real database does; `before`: what happens before a status is written."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.before: dict[str, Callable[[], Awaitable[None]]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)
        if name not in QUESTIONS:
            return method

        async def question(*args: Any, **options: Any) -> Any:
            await asyncio.sleep(0)
            written = args[1].get("$set", {}) if name == "update_one" else {}
            if hook := self.before.pop(written.get("status", ""), None):
                await hook()
            return await method(*args, **options)

        return question


class YieldingDatabase:
    def __init__(self, database: Any) -> None:
        self._database = database
        self._collections: dict[str, YieldingCollection] = {}

    def __getitem__(self, name: str) -> YieldingCollection:
        return self._collections.setdefault(name, YieldingCollection(self._database[name]))


@pytest.fixture
def kit() -> Kit:
    kit = Kit("payments")
    kit.database = YieldingDatabase(kit.database)  # type: ignore[assignment]
    return kit


async def test_the_fakes_let_a_race_happen(shop: Shop) -> None:
    """The negative control: without a condition on the write, two that looked first both write."""
    collection, written = shop.kit.database["control"], []

    async def check_then_write() -> None:
        if await collection.find_one({"_id": 1}) is None:
            await collection.update_one({"_id": 1}, {"$set": {"paid": True}}, upsert=True)
            written.append(1)

    await asyncio.gather(*(check_then_write() for _ in range(5)))
    assert len(written) == 5


@pytest.mark.parametrize("before", [None, "declined", "open"])
async def test_twenty_clicks_make_one_authorisation(shop: Shop, before: str | None) -> None:
    order = await shop.orders.make()
    if before == "declined":
        await shop.pay(order, "tok_generic_decline")
    elif before == "open":
        await shop.open(order)
    answers = await asyncio.gather(*(shop.pay(order) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 19}
    assert {answer.json()["type"] for answer in answers if answer.status_code == 400} == {
        "urn:ticketing:problem:being-paid"
    }
    (intent,) = shop.stripe.of(order.id)
    assert intent.authorisations == 1
    await shop.rest()
    assert (shop.order(order).status, intent.captures) == ("complete", 1)


async def test_twenty_of_the_same_key_make_one_authorisation(shop: Shop) -> None:
    order = await shop.orders.make()
    answers = await asyncio.gather(*(shop.pay(order, key="k1") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert 201 in {answer.status_code for answer in answers}
    assert len(shop.stripe.steps("confirm")) == 1


async def test_twenty_pages_share_one_intent(shop: Shop) -> None:
    order = await shop.orders.make()
    answers = await asyncio.gather(*(shop.open(order) for _ in range(20)))
    (intent,) = shop.stripe.of(order.id)
    assert {answer.json().get("clientSecret") for answer in answers} == {f"{intent.id}_secret"}


async def test_many_workers_capture_once(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.kit.settle()
    await asyncio.gather(*(shop.another_worker().run() for _ in range(8)))
    await shop.rest()
    (intent,) = shop.stripe.of(order.id)
    assert (intent.captures, len(shop.stripe.steps("capture"))) == (1, 1)
    assert [payment.status for payment in shop.said(order)] == ["authorized", "captured"]
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def test_a_capture_and_a_cancel_at_once_end_in_one_of_the_two(shop: Shop) -> None:
    """Two workers, one of which has heard of the order's end and one that has not."""
    order = await shop.orders.make()
    await shop.pay(order)
    await shop.kit.settle()
    (intent,) = shop.stripe.of(order.id)

    async def cancelled_elsewhere() -> None:
        intent.become("cancelled")

    shop.stripe.hooks["capture"] = cancelled_elsewhere
    await shop.rest()
    assert (shop.order(order).status, intent.captures) == ("cancelled", 0)
    assert shop.said(order)[-1].status == "failed"


async def test_an_order_that_ends_while_an_authorisation_is_saved_lets_the_money_go_at_once(shop: Shop) -> None:
    """The order was read before it ended, and the payment is written after that was heard."""
    order = await shop.orders.make()
    shop.orders.deaf = True

    async def ends() -> None:
        await shop.orders.cancel(order.id)
        await shop.kit.settle()

    payments: Any = shop.kit.database["payments"]
    payments.before["authorized"] = ends
    await shop.pay(order)
    await shop.rest()
    assert shop.stripe.of(order.id)[0].history == ["authorized", "cancelled"]


async def test_an_order_that_moves_during_a_decision_is_not_forgotten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every decision reads its order; here all that can be heard is heard right after each such read."""
    order = await shop.orders.make()
    read, inside = PaymentStore.order_of, []

    async def and_then_it_moves(store: PaymentStore, payment: Payment) -> KnownOrder:
        known = await read(store, payment)
        if not inside:
            inside.append(1)
            await shop.kit.settle()
            inside.clear()
        return known

    monkeypatch.setattr(PaymentStore, "order_of", and_then_it_moves)
    await shop.pay(order)
    await shop.rest()
    assert shop.order(order).status == "complete"
