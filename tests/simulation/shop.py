"""One process of each service, as it is, with what it can be made to do; nothing runs by itself."""

from collections.abc import Mapping
from contextvars import ContextVar
from importlib import import_module
from types import ModuleType
from typing import Any

import expiration.app
import expiration.listeners
import orders.app
import orders.listeners
import payments.app
import payments.listeners
import tickets.app
import tickets.listeners
from common.bus import Listener, Message
from common.bus.delivery import Delivery
from common.mongo import new_id
from common.testing import FakeClock
from expiration.schedule import MemoryTimer, Schedule
from expiration.settings import Settings as ExpirationSettings
from orders.settings import Settings as OrdersSettings
from payments.settings import Settings as PaymentsSettings
from tickets.settings import Settings as TicketsSettings

from .gates import GatedStripe, Gates
from .still import StillParts, webhook

SELLER = "0a0000000000000000000001"
TICKET = "0b0000000000000000000001"
TITLE, PRICES = "Hozier", (7500, 8000)
NEXT_ID: ContextVar[str] = ContextVar("NEXT_ID")
"""What the next thing that is made will be called."""


def next_id() -> str:
    """In place of `new_id`; what is made outside of the simulation gets any id."""
    return NEXT_ID.get("") or new_id()


Said = tuple[str, str]
"""A message: its subject and its payload."""


def order_id(place: int) -> str:
    """The id of the n-th order (from 0); its buyer and its payment are named alike."""
    return f"0c{place:022x}"


def buyer_id(place: int) -> str:
    return f"0d{place:022x}"


def payment_id(place: int) -> str:
    return f"0e{place:022x}"


class Bus:
    """Takes what is published, and knows who listens."""

    connected = True

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.deliveries: dict[str, Delivery] = {}
        self.hearers: dict[str, list[str]] = {}

    async def publish(self, one: Message) -> None:
        self.taken.append(one)

    def listen(self, listener: Listener) -> None:
        self.deliveries[listener.service] = Delivery(listener)
        for kind in listener.handlers:
            self.hearers.setdefault(kind.name, []).append(listener.service)


class Shop:
    """Its methods are what may happen in a process, by name; `name` is the service."""

    def __init__(self, gates: Gates, databases: Mapping[str, Any], timer: MemoryTimer, clock: FakeClock) -> None:
        self.gates = gates
        self.bus = Bus()
        self.clock = clock
        self.parts: dict[str, StillParts] = {}
        self.databases = databases
        self.messages: list[Said] = []
        self.timer = timer
        self.services: dict[str, Any] = {
            "tickets": self._service(tickets, TicketsSettings(environment="local")),
            "orders": self._service(orders, OrdersSettings(environment="local")),
            "payments": self._service(payments, PaymentsSettings(environment="local"), GatedStripe(gates)),
            "expiration": self._service(expiration, ExpirationSettings(environment="local")),
        }
        self.tickets = self.services["tickets"]
        self.orders = self.services["orders"]
        self.payments = self.services["payments"]
        self.expiration = self.services["expiration"]
        self.worker, self.webhooks = self.parts["payments"].sweepers
        self.timers = Schedule(self.expiration.store, timer, clock)

    def _service(self, module: ModuleType, settings: Any, *outside: Any) -> Any:
        name = module.__name__
        parts = self.parts[name] = StillParts(name, self.databases[name], self.bus, self.clock)
        made = module.app.create_service(settings, parts, *outside)
        parts.listen(module.listeners.SUBSCRIPTIONS, made)
        return made

    # ---- what is published
    def forget_kicks(self, name: str) -> None:
        """A process that is gone has nothing queued."""
        queue = self.parts[name].relay._queue
        while not queue.empty():
            queue.get_nowait()

    async def publish(self, name: str) -> None:
        """What was kicked."""
        relay = self.parts[name].relay
        batch = []
        while not relay._queue.empty():
            batch.append(relay._queue.get_nowait())
        if batch:
            await relay._publish(batch)

    async def relay(self, name: str) -> None:
        """What a dead process left is published."""
        run, self.gates.run = self.gates.run, None
        await self.parts[name].relay.flush()
        self.gates.run = run

    # ---- what people do
    async def sell(self, _name: str) -> None:
        NEXT_ID.set(TICKET)
        await self.tickets.sell(SELLER, TITLE, PRICES[0])

    async def edit(self, _name: str, price: int) -> None:
        await self.tickets.edit(TICKET, SELLER, TITLE, price, None)

    async def remove(self, _name: str) -> None:
        await self.tickets.remove(TICKET, SELLER)

    async def reserve(self, _name: str, place: int) -> None:
        NEXT_ID.set(order_id(place))
        await self.orders.reserve(TICKET, buyer_id(place))

    async def cancel(self, _name: str, place: int) -> None:
        await self.orders.cancel(order_id(place), buyer_id(place))

    async def extend(self, _name: str, place: int) -> None:
        await self.orders.extend(order_id(place), buyer_id(place))

    async def pay(self, _name: str, place: int) -> None:
        NEXT_ID.set(payment_id(place))
        await self.payments.pay(order_id(place), buyer_id(place), "tok", None)

    async def open(self, _name: str, place: int) -> None:
        NEXT_ID.set(payment_id(place))
        await self.payments.open(order_id(place), buyer_id(place), None)

    async def refund(self, _name: str, place: int) -> None:
        await self.payments.refund(order_id(place))

    # ---- what processes do
    async def hear(self, name: str, number: int) -> Any:
        """One delivery; expiration's timer is told at once of what it armed."""
        subject, payload = self.messages[number]
        verdict = await self.bus.deliveries[name].handle("STREAM", 1, subject, payload.encode())
        if name == "expiration":
            await self.timers.new()
        return verdict

    async def overdue(self, _name: str) -> None:
        await self.orders.cancel_overdue()

    async def say_again(self, name: str) -> None:
        await self.services[name].say_again()

    async def settle(self, _name: str) -> None:
        """The worker takes up what is due, one at a time."""
        for payment in await self.worker._store.due(self.clock(), 1):
            await self.worker._settling.settle(payment.id)

    async def hook(self, _name: str, intent_id: str, kind: str) -> None:
        """Stripe tells that an intent has moved."""
        await self.webhooks.take(*webhook(self.clock, f"evt_{intent_id}", kind, intent_id))
        await self.webhooks.run()

    async def hooks(self, _name: str) -> None:
        await self.webhooks.run()

    async def fire(self, _name: str, job: str) -> None:
        """A job of the timer rings, and is done."""
        order, at = self.timer.jobs[job]
        await import_module("expiration.worker").fire({"deadlines": self.expiration}, order, at)
        del self.timer.jobs[job]

    async def schedule(self, _name: str) -> None:
        await self.timers.new()

    async def wipe(self, _name: str) -> None:
        """Redis forgets everything."""
        self.timer.jobs.clear()

    async def lost(self, _name: str) -> None:
        await self.timers.lost()
