"""A state of a small world as the audit of a running system sees it, with the shop and the mails beside it.

What the client and emails keep follows from what was published, in whatever order and however often it came.
"""

import json
import random  # noqa: TID251 (a seed makes each story one that can be told again)
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, timedelta
from importlib import import_module
from typing import Any

import bson

import client.listeners
import emails.app
import emails.listeners
from client.catalogue import Catalogue
from common.bus.delivery import Ack
from common.clock import rfc3339
from common.events import USER_CREATED, Event, UserState
from common.testing import FakeClock
from common.testing.database import fake_database
from emails.settings import Settings as EmailsSettings
from infra.ops.audit import Report, audit
from infra.ops.audit.routes import BUS, BUS_BEFORE, ROUTES, STRIPE

from .base import State
from .ledger import PAID, Intent
from .moments import START
from .shop import SELLER, Bus, Said, StillParts, buyer_id
from .table import Table

LATER = timedelta(days=1)
STATUSES: Mapping[str, str] = {
    "new": "requires_payment_method",
    "declined": "requires_payment_method",
    "action": "requires_action",
    "authorized": "requires_capture",
    "captured": "succeeded",
    "refunded": "succeeded",
    "cancelled": "canceled",
}
Line = dict[str, Any]


class Sent:
    """A `Sender` that notes to whom."""

    def __init__(self) -> None:
        self.to: list[tuple[str, str]] = []

    async def send(self, letter: Any) -> None:
        self.to.append((letter.to, letter.subject))


class Auditor:
    """Of one state, and of everything that was said on the way to it."""

    def __init__(self, table: Table, st: State, said: set[int], moment: timedelta = LATER) -> None:
        self._table = table
        self._st = st
        self._clock = FakeClock(START.replace(tzinfo=UTC) + moment)
        self._users = [SELLER, *(buyer_id(place) for place in range(len(st.payments)))]
        self._heard = [table.messages[number] for number in sorted(said)] + [self._user(one) for one in self._users]
        self._bus = Bus()
        self.sent = Sent()

    async def report(self, chance: random.Random) -> Report:
        """What the audit finds."""
        self._parts: dict[str, StillParts] = {
            name: self._part(name) for name in ("tickets", "orders", "payments", "expiration")
        }
        await self._listen(chance)
        return await audit(self._read, again_after=0.0)

    def _part(self, name: str) -> StillParts:
        database: Any = fake_database(name)
        st = self._st
        those = {"tickets": (st.tickets,), "orders": (st.orders,), "payments": st.payments, "expiration": st.timers}
        for number in those[name]:
            state = bson.decode(self._table.states[number]) if self._table.states[number] else {}
            for collection, documents in state.items():
                store = database.delegate[collection]._store._documents
                store.update((one["_id"], one) for one in documents)
        return StillParts(name, database, self._bus, self._clock)

    async def _listen(self, chance: random.Random) -> None:
        """The client and emails hear everything, in any order, some of it twice."""
        for name in ("client", "emails"):
            self._parts[name] = StillParts(name, fake_database(name), self._bus, self._clock)
        mails = emails.app.create_service(EmailsSettings(environment="local"), self._parts["emails"], self.sent)
        self._parts["emails"].listen(emails.listeners.SUBSCRIPTIONS, mails)
        self._parts["client"].listen(client.listeners.SUBSCRIPTIONS, Catalogue(self._parts["client"].database))
        await self._parts["emails"].prepare()
        for name in ("client", "emails"):
            coming = [*self._heard, *chance.sample(self._heard, k=len(self._heard) // 3)]
            chance.shuffle(coming)
            for subject, payload in coming:
                verdict = await self._bus.deliveries[name].handle("STREAM", 1, subject, payload.encode())
                assert verdict == Ack(), (name, subject, verdict)
        await mails.send_due()

    def _user(self, identity: str) -> Said:
        person = UserState(id=identity, email=f"{identity}@example.com", version=0)
        event = Event[Any](
            id="0" * 32, source="auth", type=USER_CREATED.name, subject=identity, time=self._clock(), data=person
        )
        return USER_CREATED.name, event.wire().decode()

    # ---- lines
    async def _read(self, source: str) -> AsyncIterator[bytes]:
        lines: list[Line] = []
        if source in self._parts:
            lines = [one async for one in self._state(source)][1:-1]
        elif source == "auth":
            people = [{"id": one, "email": f"{one}@example.com", "version": 0} for one in self._users]
            lines = [{"owns": "user", "version": 0, "outbox": 0, "waiting": []} | self._owned(one) for one in people]
        elif source == STRIPE:
            lines = [line for number in self._st.ledgers for line in self._stripe(self._table.ledgers[number].intents)]
        elif source in {BUS, BUS_BEFORE}:
            lines = [{"stream": one, "last": 0} for one in sorted({stream for _, stream in ROUTES})]
            still = {"pending": 0, "unacked": 0, "floor": 0, "alive": True, "oldest": None}
            lines += [{"consumer": service, "stream": stream} | still for service, stream in ROUTES]
        for line in [{"service": source, "at": rfc3339(self._clock())}, *lines, {"ends": source, "lines": len(lines)}]:
            yield json.dumps(line, separators=(",", ":")).encode() + b"\n"

    def _state(self, source: str) -> AsyncIterator[Line]:
        where = "payments.state" if source == "payments" else f"{source}.commands"
        lines: AsyncIterator[Line] = import_module(where).state(self._parts[source])
        return lines

    @staticmethod
    def _owned(person: Line) -> Line:
        return {"id": person["id"], "state": person, "private": {}}

    @staticmethod
    def _stripe(intents: tuple[Intent, ...]) -> list[Line]:
        lines: list[Line] = []
        for one in intents:
            cents, taken = one.terms.amount_cents, one.state in PAID
            about = {"order": one.terms.order_id, "payment": one.terms.payment_id, "attempt": one.terms.attempt}
            money = {"cents": cents, "received": cents if taken else 0, "currency": one.terms.currency}
            lines.append({"stripe": "intent", "id": one.id, "status": STATUSES[one.state]} | money | about)
            lines += [
                {"stripe": "refund", "id": f"re_{one.id}", "intent": one.id, "status": made.status, "cents": cents}
                for made in one.refunds
            ]
        return lines
