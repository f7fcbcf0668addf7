"""Payments among its fakes: what a test turns and looks at."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from common.events import Event, OrderState, PaymentState, parse
from common.testing import Kit
from common.web import Parts
from payments.service import Payments
from payments.webhooks import Webhooks
from payments.worker import Worker

from .factories import BUYER
from .fake_orders import PAYMENTS, FakeOrders
from .fake_stripe import Crash, FakeStripe


class StillParts(Parts):
    """Parts that start nothing in the background: the worker runs when the test says so."""

    worker: Worker
    webhooks: Webhooks

    def add(self, *parts: AbstractAsyncContextManager[Any]) -> None:
        for part in parts:
            if isinstance(part, Worker):
                self.worker = part
            if isinstance(part, Webhooks):
                self.webhooks = part


@dataclass
class Shop:
    kit: Kit
    stripe: FakeStripe
    orders: FakeOrders
    api: AsyncClient
    worker: Worker
    webhooks: Webhooks
    service: Payments
    another_worker: Callable[[], Worker]

    async def pay(self, order: OrderState, card: str = "tok_visa", key: str | None = None) -> Response:
        body = {"orderId": order.id, "token": card}
        return await self.api.post("/api/payments", json=body, headers=self._headers(key))

    async def try_to_pay(self, order: OrderState, key: str | None = None) -> None:
        """With a process that may die."""
        with suppress(Crash):
            await self.pay(order, key=key)

    async def open(self, order: OrderState, key: str | None = None) -> Response:
        return await self.api.post("/api/payments/intents", json={"orderId": order.id}, headers=self._headers(key))

    def _headers(self, key: str | None) -> dict[str, str]:
        return self.kit.signed_in(BUYER) | ({} if key is None else {"Idempotency-Key": key})

    async def rest(self) -> None:
        """Lets every event arrive and the worker do what is due, until nothing is left; a dead worker starts again."""
        before = None
        while True:
            await self.kit.settle()
            if before == (before := (len(self.stripe.calls), len(self.kit.bus.published))):
                return
            with suppress(Crash):
                await self.webhooks.run()
                await self.worker.run()

    async def wait(self, seconds: float) -> None:
        """Time passes for everybody."""
        self.kit.clock.advance(seconds)
        await self.orders.sweep()
        await self.rest()

    async def until_quiet(self) -> None:
        """Long enough for every deadline and every retry; no longer than until all orders and intents have ended."""
        for seconds in (61, 61, 15 * 60, 121, 301, 301):
            if not self._ended():
                await self.wait(seconds)

    def _ended(self) -> bool:
        orders = {order.status for order in self.orders.orders.values()}
        intents = {intent.status for intent in self.stripe.intents.values()}
        return orders <= {"complete", "cancelled"} and intents <= {"captured", "cancelled"}

    async def forget(self) -> None:
        """Empties the house, so that one test can tell many stories and stay quick."""
        for name in ("payments", "orders", "webhooks"):
            await self.kit.database[name].delete_many({})
        self.orders.orders.clear()
        self.stripe.intents.clear()
        self.kit.bus.published.clear()

    def said(self, order: OrderState) -> list[PaymentState]:
        """What was published of an order's payment, in order."""
        return [event.data for event in self.events(order)]

    def events(self, order: OrderState) -> list[Event[PaymentState]]:
        """The events themselves."""
        kinds = {kind.name: kind for kind in PAYMENTS}
        sent = [one for one in self.kit.bus.published if one.subject in kinds]
        found = [parse(kinds[one.subject], one.payload) for one in sent]
        return [event for event in found if event.data.order_id == order.id]

    def order(self, order: OrderState) -> OrderState:
        """As orders has it now."""
        return self.orders.orders[order.id]
