"""Lines as the services would print them: two tickets, one sold and one on sale, and everything at rest."""

import json
from collections.abc import AsyncIterator
from typing import Any

from infra.ops.audit.routes import BUS, BUS_BEFORE, ROUTES, STRIPE

Line = dict[str, Any]
AT = "2026-11-21T12:00:00.000Z"
SOON = "2026-11-21T12:10:00.000Z"
SOLD, FREE, ORDER, PAYMENT, USER, SELLER = (f"{number:024x}" for number in range(1, 7))
INTENT = "pi_1"


def owned(kind: str, identity: str, state: Line, **more: Any) -> Line:
    base = {"owns": kind, "id": identity, "version": 3, "outbox": 0, "waiting": []}
    return base | {"state": state, "private": {}} | more


def heard(kind: str, identity: str, state: Line, **more: Any) -> Line:
    return {"heard": kind, "id": identity, "version": 3, "state": state} | more


def ticket(identity: str, order: str | None = None, **more: Any) -> Line:
    state = {"title": "Hozier", "priceCents": 7500, "currency": "usd", "userId": SELLER}
    return state | {"id": identity, "version": 3, "orderId": order, "deleted": False} | more


def order(identity: str, **more: Any) -> Line:
    state = {"number": 1, "version": 3, "status": "complete", "reason": None, "userId": USER, "refunded": False}
    reserved = {"id": SOLD, "title": "Hozier", "priceCents": 7500, "currency": "usd"}
    payment = {"id": PAYMENT, "attempt": 1, "amountCents": 7500}
    return state | {"id": identity, "expiresAt": SOON, "ticket": reserved, "payment": payment} | more


def payment(**more: Any) -> Line:
    state = {"id": PAYMENT, "orderId": ORDER, "userId": USER, "version": 3, "attempt": 1, "status": "captured"}
    return state | {"amountCents": 7500, "currency": "usd", "declineCode": None} | more


def intent(identity: str = INTENT, **more: Any) -> Line:
    line = {"stripe": "intent", "id": identity, "status": "succeeded", "cents": 7500, "received": 7500}
    return line | {"currency": "usd", "order": ORDER, "payment": PAYMENT, "attempt": 1} | more


class World:
    """`said` holds each source's lines; `read` is what an audit reads."""

    def __init__(self) -> None:
        confirmed = {"id": PAYMENT, "attempt": 1, "amountCents": 7500}
        known = {"status": "complete", "reason": None, "userId": USER, "expiresAt": SOON, "payment": confirmed}
        hold = {"number": 1, "status": "complete", "userId": USER, "expiresAt": SOON, "orderId": ORDER}
        mail = {"order": ORDER, "user": USER, "about": "order_completed", "status": "sent"}
        deadline = {"orderId": ORDER, "expiresAt": SOON}
        people = [{"id": one, "email": f"{one}@example.com", "version": 3} for one in (USER, SELLER)]
        tickets = [ticket(SOLD, ORDER), ticket(FREE)]
        self.said: dict[str, list[Line]] = {
            "auth": [owned("user", one["id"], one) for one in people],
            "tickets": [owned("ticket", one["id"], one) for one in tickets],
            "orders": [owned("order", ORDER, order(ORDER)), *(heard("ticket", one["id"], one) for one in tickets)],
            "payments": [
                owned("payment", PAYMENT, payment(), private={"intents": [{"id": INTENT, "closed": False}]}),
                heard("order", ORDER, known | {"amountCents": 7500, "currency": "usd"}),
            ],
            "expiration": [owned("deadline", ORDER, deadline, private={"stands": "ended"})],
            "client": [
                *(heard("ticket", one["id"], one | {"listed": one["orderId"] is None}) for one in tickets),
                heard("hold", SOLD, hold),
                heard("payment", ORDER, {"status": "captured"}),
            ],
            "emails": [owned("mail", "1" * 24, {}, private=mail), *(heard("user", one["id"], one) for one in people)],
            STRIPE: [intent()],
            BUS: [{"stream": one, "last": 10} for one in sorted({stream for _, stream in ROUTES})],
        }
        self.said[BUS] += [
            {"consumer": service, "stream": stream, "pending": 0, "unacked": 0, "floor": 10, "alive": True}
            | {"oldest": None}
            for service, stream in ROUTES
        ]
        self.said = json.loads(json.dumps(self.said))  # no line shares anything with another
        self.away = ""
        self.at = AT
        self.looks = 0
        self.restored: set[str] = set()

    def own(self, kind: str, identity: str | None = None) -> Line:
        """The line of something owned; of the first, where no id is given."""
        found = (line for lines in self.said.values() for line in lines if line.get("owns") == kind)
        return next(line for line in found if identity in {None, line["id"]})

    def replica(self, service: str, kind: str, identity: str | None = None) -> Line:
        """The line of something heard."""
        found = (line for line in self.said[service] if line.get("heard") == kind)
        return next(line for line in found if identity in {None, line["id"]})

    def consumer(self, service: str, stream: str) -> Line:
        """How far it is."""
        return next(line for line in self.said[BUS] if line.get("consumer") == service and line["stream"] == stream)

    async def read(self, source: str) -> AsyncIterator[bytes]:
        self.looks += source == "auth"
        lines = self.said[BUS if source == BUS_BEFORE else source]
        first = {"service": source, "at": self.at} | ({"restored": AT} if source in self.restored else {})
        whole = [first, *lines]
        if source != self.away:
            whole.append({"ends": source, "lines": len(lines)})
        for line in whole:
            yield json.dumps(line, separators=(",", ":")).encode() + b"\n"
