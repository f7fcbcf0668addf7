"""All seven services on fakes, joined on one bus, with people who do what they like; any database can be set back."""

import json
import random  # noqa: TID251 (a seed makes each story one that can be told again)
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import auth.app
import auth.store
import client.catalogue
import client.listeners
import emails.app
import emails.listeners
import emails.store
import expiration.app
import expiration.listeners
import expiration.store
import orders.app
import orders.listeners
import orders.store
import payments.app
import payments.listeners
import payments.store
import tickets.app
import tickets.listeners
import tickets.store
from auth.domain import User
from auth.settings import Settings as AuthSettings
from client.catalogue import Catalogue
from common.bus.memory import MemoryBus
from common.clock import rfc3339
from common.errors import AppError
from common.mongo import new_id
from common.testing import FakeClock, Kit
from common.testing.database import fake_backup, fake_database
from common.web import Announce, Parts, restoring, silent
from emails.settings import Settings as EmailsSettings
from expiration.schedule import MemoryTimer
from expiration.settings import Settings as ExpirationSettings
from infra.ops.audit import Report, audit
from infra.ops.audit.routes import BUS, BUS_BEFORE, ROUTES, STRIPE
from infra.ops.rebuild import OWNERS
from orders.settings import Settings as OrdersSettings
from payments.gateway import Unknown
from payments.settings import Settings as PaymentsSettings
from tickets.settings import Settings as TicketsSettings

from .auditor import STATUSES, Sent
from .bank import Bank, BankIntent
from .effects import Effects
from .still import StillParts

Line = dict[str, Any]
_STATES = STATUSES | {"held": "requires_capture"}
_QUIET = (61, 61, 900, 121, 301, 301, 601, 601, 86_400)


class Stripe(Bank):
    """Also tells what it has done since; and a key with another body is refused, as by Stripe itself."""

    async def _step(self, step: str, key: str, asked: tuple[Any, ...], perform: Callable[[], Any]) -> Any:
        if key in self._replays and self._replays[key][0] != (step, *asked):
            return Unknown(answered=True)
        return await super()._step(step, key, asked, perform)

    async def touched(self, since: datetime) -> AsyncIterator[tuple[str, bool]]:
        for one in list(self.intents.values()):
            if one.made >= since:
                yield one.id, False
            if one.refunds:
                yield one.id, True


class Town:
    """`chance` decides what people do. What they see is what each service would tell them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.clock = FakeClock()
        self.bus = MemoryBus(self.clock)
        self.stripe = Stripe(self.clock, Effects())
        self.sent = Sent()
        self.parts: dict[str, StillParts] = {}
        self.services: dict[str, Any] = {}
        kit = Kit("auth")
        keys = {"jwt_private_key": kit.private_key, "jwt_public_keys": kit.signer.public_key}
        self._open("auth", auth, AuthSettings(environment="local", **keys))  # type: ignore[arg-type]
        self._open("tickets", tickets, TicketsSettings(environment="local"))
        self._open("orders", orders, OrdersSettings(environment="local"))
        self._open("payments", payments, PaymentsSettings(environment="local"), self.stripe)
        self._open("expiration", expiration, ExpirationSettings(environment="local"))
        self._open("emails", emails, EmailsSettings(environment="local"), self.sent)
        self._part("client")
        self.services["client"] = Catalogue(self.parts["client"].database)
        self.parts["client"].listen(client.listeners.SUBSCRIPTIONS, self.services["client"])
        self.worker, self.webhooks = self.parts["payments"].sweepers
        self.timer = MemoryTimer()
        self.people: list[str] = []
        self.tickets: list[str] = []
        self.orders: list[tuple[str, str]] = []
        """With the buyer of each."""

    def _part(self, name: str) -> StillParts:
        database: Any = fake_database(name)
        self.parts[name] = StillParts(name, database, self.bus, self.clock)
        return self.parts[name]

    def _open(self, name: str, module: Any, settings: Any, *outside: Any) -> None:
        parts = self._part(name)
        self.services[name] = module.app.create_service(settings, parts, *outside)
        if hasattr(module, "listeners"):
            parts.listen(module.listeners.SUBSCRIPTIONS, self.services[name])

    async def open(self) -> None:
        for parts in self.parts.values():
            await parts.prepare()
        for number in range(4):
            user = User(new_id(), f"{number}@example.com", "x")
            await self.services["auth"]._store.users.insert(user, [user.said()])
            self.people.append(user.id)
        await self.settle()

    # ---- what people do
    async def live(self, steps: int) -> None:
        """So many things, each of them perhaps refused; in between, time passes and messages arrive, or not yet."""
        for _ in range(steps):
            with suppress(AppError):
                await self.chance.choice(self._deeds())()
            if self.chance.random() < 0.7:
                await self.settle()
            if self.chance.random() < 0.2:
                await self.wait(self.chance.choice([1, 30, 400, 950]))

    def _deeds(self) -> list[Callable[[], Any]]:
        fewer = [self._cancel, self._edit, self._remove, self._extend, self._refund]
        return [*fewer, *[self._sell] * 2, *[self._reserve] * 4, *[self._pay] * 5]

    async def _sell(self) -> None:
        seller = self.chance.choice(self.people)
        ticket = await self.services["tickets"].sell(seller, "Hozier", self.chance.choice([7500, 8000]))
        self.tickets.append(ticket.id)

    async def _edit(self) -> None:
        ticket = await self.services["tickets"].get(self.chance.choice(self.tickets or [new_id()]))
        await self.services["tickets"].edit(ticket.id, ticket.user_id, "Hozier, row 2", 9000, None)

    async def _remove(self) -> None:
        ticket = await self.services["tickets"].get(self.chance.choice(self.tickets or [new_id()]))
        await self.services["tickets"].remove(ticket.id, ticket.user_id)

    async def _reserve(self) -> None:
        buyer = self.chance.choice(self.people)
        order = await self.services["orders"].reserve(self.chance.choice(self.tickets or [new_id()]), buyer)
        self.orders.append((order.id, buyer))

    def _recent(self) -> tuple[str, str]:
        return self.chance.choice(self.orders[-4:] or [(new_id(), new_id())])

    async def _pay(self) -> None:
        order, buyer = self._recent()
        card = self.chance.choice(["tok_visa", "tok_visa", "tok_visa", "tok_action", "tok_declined"])
        await self.services["payments"].pay(order, buyer, card, None)

    async def _cancel(self) -> None:
        await self.services["orders"].cancel(*self._recent())

    async def _extend(self) -> None:
        await self.services["orders"].extend(*self._recent())

    async def _refund(self) -> None:
        await self.services["payments"].refund(self._recent()[0])

    # ---- what the machine does
    async def settle(self) -> None:
        """Publishes and delivers everything, and does what is due."""
        before = None
        while before != (before := len(self.bus.published) + self.stripe._effects.count):
            for parts in self.parts.values():
                await parts.relay.flush()
            await self.bus.settle()
            await self.webhooks.run()
            await self.worker.run()
            await self.services["emails"].send_due()

    async def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.sweep()
        await self.settle()

    async def sweep(self) -> None:
        deadlines = self.services["expiration"]
        for one in await deadlines.store.armed_until(self.clock(), 500):
            await deadlines.fire(one.id, one.expires_at)
        await deadlines.say_again()
        await self.services["orders"].cancel_overdue()
        await self.services["orders"].say_again()

    async def until_quiet(self) -> None:
        for seconds in _QUIET:
            await self.wait(seconds)

    # ---- what an operator does
    async def backup(self, name: str, folder: Path) -> Path:
        """What it holds now."""
        return await fake_backup(self.parts[name].database, name, folder, self.clock())

    async def restore(self, name: str, path: Path) -> None:
        """By the command, while the service is stopped."""
        self.bus.leave(name)
        service = self.services[name]
        module = client.catalogue if name == "client" else import_module(f"{name}.store")

        def prepare(_: Parts, at: datetime) -> Announce:
            if name == "payments":
                return partial(service.restored, at)
            restored: Announce = getattr(service, "restored", getattr(service, "announce", silent))
            return restored

        await restoring(module.renewals, prepare)(self.parts[name], str(path), "replace")
        await self.parts[name].relay.flush()
        if name != "auth":
            listeners = import_module(f"{name}.listeners")
            self.parts[name].listen(listeners.SUBSCRIPTIONS, service)
        await self.sweep()  # as whoever has just started

    async def rebuild(self) -> None:
        """`rebuild all`."""
        for name in OWNERS:
            await self._command(name, "rebuild")
        for owner in dict.fromkeys(owner for owners in OWNERS.values() for owner in owners.values()):
            await self.services[owner].announce()
        await self.settle()
        for name in OWNERS:
            await self._command(name, "forget")

    async def _command(self, name: str, command: str) -> None:
        await getattr(import_module(f"{name}.commands"), command)(self.parts[name])

    async def audit(self) -> Report:
        """What the audit finds."""
        return await audit(self._read, again_after=0.0)

    async def _read(self, source: str) -> AsyncIterator[bytes]:
        first: Line = {"service": source, "at": rfc3339(self.clock())}
        lines: list[Line] = []
        if source in self.parts:
            where = "payments.state" if source == "payments" else f"{source}.commands"
            first, *lines, _ = [one async for one in import_module(where).state(self.parts[source])]
        elif source == STRIPE:
            lines = [line for intent in self.stripe.intents.values() for line in _at_stripe(intent)]
        elif source in {BUS, BUS_BEFORE}:
            lines = [{"stream": one, "last": 0} for one in sorted({stream for _, stream in ROUTES})]
            still = {"pending": 0, "unacked": 0, "floor": 0, "alive": True, "oldest": None}
            lines += [{"consumer": service, "stream": stream} | still for service, stream in ROUTES]
        for line in [first, *lines, {"ends": source, "lines": len(lines)}]:
            yield json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _at_stripe(intent: BankIntent) -> list[Line]:
    cents = intent.terms.amount_cents
    about = {"order": intent.terms.order_id, "payment": intent.terms.payment_id, "attempt": intent.terms.attempt}
    money = {"cents": cents, "received": cents if intent.state == "captured" else 0, "currency": intent.terms.currency}
    line: Mapping[str, Any] = {"stripe": "intent", "id": intent.id, "status": _STATES[intent.state]}
    refunds = [
        {"stripe": "refund", "id": f"re_{intent.id}", "intent": intent.id, "status": one.status, "cents": cents}
        for one in intent.refunds
    ]
    return [line | money | about, *refunds]
