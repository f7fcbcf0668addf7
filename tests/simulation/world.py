"""tickets, orders and payments as they are, joined on one bus; only Stripe and the servers are doubles."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import orders.app
import orders.listeners
import payments.app
import payments.listeners
import tickets.app
import tickets.listeners
from common.bus.memory import MemoryBus
from common.errors import AppError
from common.mongo import new_id
from common.testing import FakeClock
from common.testing.database import fake_database
from orders.domain import Order
from orders.service import Orders
from orders.settings import Settings as OrdersSettings
from payments.service import Payments
from payments.settings import Settings as PaymentsSettings
from payments.webhooks import Webhooks
from payments.worker import Worker
from tickets.domain import Ticket
from tickets.service import Tickets
from tickets.settings import Settings as TicketsSettings

from .bank import Bank, BankIntent
from .effects import Crash, Effects, WatchedDatabase
from .still import StillParts, webhook

SELLER, BUYER = new_id(), new_id()
WINDOW = 900
QUIET = (61, 61, WINDOW, 121, 301, 301, 601)
"""Seconds to let pass until every deadline and every retry is over."""


@dataclass
class World:
    """`ticket` and `order` are those of the present story."""

    clock: FakeClock = field(default_factory=FakeClock)
    effects: Effects = field(default_factory=Effects)
    parts: dict[str, StillParts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bus = MemoryBus(self.clock)
        self.bank = Bank(self.clock, self.effects)
        self.tickets: Tickets = self._service(tickets, TicketsSettings(environment="local"))
        self.orders: Orders = self._service(orders, OrdersSettings(environment="local"))
        self.payments: Payments = self._service(payments, PaymentsSettings(environment="local"), self.bank)
        worker, webhooks = self.parts["payments"].sweepers
        assert isinstance(worker, Worker)
        assert isinstance(webhooks, Webhooks)
        self.worker, self.webhooks = worker, webhooks
        self.ticket: Ticket
        self.order: Order

    def _service(self, module: ModuleType, settings: Any, *outside: Any) -> Any:
        name = module.__name__
        database: Any = fake_database(name)
        if name == "payments":
            database = WatchedDatabase(database, self.effects)
        self.parts[name] = StillParts(name, database, self.bus, self.clock)
        service = module.app.create_service(settings, self.parts[name], *outside)
        self.parts[name].listen(module.listeners.SUBSCRIPTIONS, service)
        return service

    async def open(self) -> None:
        """Once, before the first story."""
        for parts in self.parts.values():
            await parts.prepare()

    async def begin(self) -> None:
        """A new story: a ticket, and an order for it that is not paid."""
        self.effects.plan = None
        self.effects.watching = False
        self.effects.seen = []
        self.bank.intents.clear()
        self.bank.sent.clear()
        for name, collections in _COLLECTIONS.items():
            for collection in collections:
                await self.parts[name].database[collection].delete_many({})
        self.ticket = await self.tickets.sell(SELLER, "Hozier", 7500)
        await self.settle()
        self.order = await self.orders.reserve(self.ticket.id, BUYER)
        await self.settle()

    # ---- what people do
    async def pay(self, card: str) -> None:
        with suppress(AppError, Crash):
            await self.payments.pay(self.order.id, BUYER, card, None)

    async def cancel(self) -> None:
        with suppress(AppError):
            await self.orders.cancel(self.order.id, BUYER)
        await self.settle()

    async def expire(self) -> None:
        self.clock.advance(WINDOW + 21)
        await self.orders.cancel_overdue()
        await self.settle()

    async def tell(self, kind: str, intent_id: str, event_id: str | None = None) -> None:
        """Stripe sends an event."""
        await self.webhooks.take(*webhook(self.clock, event_id or f"evt_{secrets.token_hex(8)}", kind, intent_id))

    # ---- what the machine does
    async def settle(self) -> None:
        """Publishes and delivers everything; a process that dies of it starts again."""
        busy = True
        while busy:
            with suppress(Crash):
                for parts in self.parts.values():
                    await parts.relay.flush()
                busy = bool(await self.bus.settle())

    async def rest(self) -> None:
        """Lets everything happen that is due."""
        before = None
        while before != (before := (len(self.bus.published), self.effects.count)):
            await self.settle()
            for sweep in (self.webhooks.run, self.worker.run):
                with suppress(Crash):
                    await sweep()

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.orders.cancel_overdue()
        await self.orders.say_again()
        await self.rest()

    async def until_quiet(self) -> None:
        """Long enough for every deadline and every retry; no longer than until all has ended."""
        for seconds in QUIET:
            if await self.ended():
                return
            await self.wait(seconds)

    async def ended(self) -> bool:
        order = await self.orders.get(self.order.id, BUYER)
        states = {one.state for one in self.bank.intents.values()}
        if order.status not in {"complete", "cancelled"} or not states <= {"captured", "cancelled", "new"}:
            return False
        payment = await self.payments._store.of_order(self.order.id)
        return payment is None or payment.due_at is None

    # ---- what must be true in the end
    async def check(self, story: str) -> str:
        """Exactly one of the two ends; which."""
        order = await self.orders.get(self.order.id, BUYER)
        ticket = await self.tickets.get(self.ticket.id)
        payment = await self.payments._store.of_order(self.order.id)
        intents: list[BankIntent] = list(self.bank.intents.values())
        taken = [one for one in intents if one.state == "captured"]
        assert not [one for one in intents if one.state in {"held", "action", "declined"}], (story, intents)
        assert sum(one.holds for one in intents) <= 1, (story, intents)
        if taken:
            assert payment is not None, story
            assert len(taken) == 1, (story, intents)
            assert (order.status, ticket.order_id) == ("complete", self.order.id), (story, order)
            assert payment.status == ("refunded" if order.refunded else "captured"), (story, payment)
            assert sum(one.amount_cents for one in taken[0].refunds) == (7500 if order.refunded else 0), story
        else:
            assert (order.status, ticket.order_id) == ("cancelled", None), (story, order, ticket)
            assert payment is None or payment.status in {"cancelled", "failed"}, (story, payment)
        return order.status


_COLLECTIONS: Mapping[str, tuple[str, ...]] = {
    "tickets": ("tickets",),
    "orders": ("orders", "tickets"),
    "payments": ("payments", "orders", "webhooks"),
}
