"""What the judge sees of a service's documents, in short."""

from datetime import datetime
from typing import Any, NamedTuple

NOBODY = -1


class TicketView(NamedTuple):
    version: int
    price: int
    lock: int
    deleted: bool
    outbox: bool = False


class OrderView(NamedTuple):
    status: str
    version: int
    price: int
    locked: bool
    authorized: bool
    paid_version: int
    refunded: bool
    reason: str | None
    expires_at: datetime


class OrdersView(NamedTuple):
    """`ticket`: the replica."""

    orders: tuple[OrderView, ...]
    ticket: TicketView | None
    outbox: bool


class PaymentView(NamedTuple):
    """`known`, `heard`: the order's status and version as payments has them; `intent`: which one counts."""

    status: str
    intent: str | None
    intents: tuple[str | None, ...]
    closed: bool
    known: str | None
    heard: int
    due: bool
    inbox: bool
    outbox: bool


class TimerView(NamedTuple):
    state: str | None
    expires_at: datetime | None
    jobs: tuple[str, ...]
    unscheduled: bool
    lost: bool
    outbox: bool


def place_of(identity: str) -> int:
    """Which order an id of its own, its buyer's or its payment's belongs to."""
    return int(identity.removeprefix(identity[:2]), base=16)


def _outbox(documents: list[dict[str, Any]]) -> bool:
    return any(one.get("outbox") for one in documents)


def _place(order_id: Any) -> int:
    return NOBODY if order_id is None else place_of(str(order_id))


def tickets(state: dict[str, Any]) -> TicketView | None:
    for one in state.get("tickets", ()):
        return TicketView(
            one["version"], one["price_cents"], _place(one["order_id"]), one["deleted"], bool(one["outbox"])
        )
    return None


def orders(state: dict[str, Any]) -> OrdersView:
    found = sorted(state.get("orders", ()), key=lambda one: str(one["_id"]))
    those = tuple(
        OrderView(
            one["status"],
            one["version"],
            one["ticket"]["price_cents"],
            one["locked"],
            one["authorized"] is not None,
            one["paid_version"],
            one["refunded"],
            one["reason"],
            one["expires_at"],
        )
        for one in found
    )
    replica = next(iter(state.get("tickets", ())), None)
    ticket = replica and TicketView(
        replica["version"], replica["price_cents"], _place(replica["order_id"]), replica["deleted"]
    )
    return OrdersView(those, ticket, _outbox(found))


def payments(state: dict[str, Any]) -> PaymentView:
    payment = next(iter(state.get("payments", ())), None)
    order: dict[str, Any] = next(iter(state.get("orders", ())), {})
    attempt = payment["attempts"][-1] if payment else {}
    return PaymentView(
        payment["status"] if payment else "none",
        attempt.get("intent_id"),
        tuple(one["intent_id"] for one in payment["attempts"]) if payment else (),
        attempt.get("closed", False),
        order.get("status"),
        order.get("version", -1),
        payment is not None and payment["due_at"] is not None,
        bool(state.get("webhooks")),
        payment is not None and bool(payment["outbox"]),
    )


def expiration(state: dict[str, Any]) -> TimerView:
    deadline = next(iter(state.get("deadlines", ())), None)
    jobs = tuple(one["_id"] for one in state.get("jobs", ()))
    if deadline is None:
        return TimerView(None, None, jobs, False, False, False)
    lost = deadline["state"] == "armed" and deadline["scheduled"] and not jobs
    return TimerView(
        deadline["state"], deadline["expires_at"], jobs, deadline["unscheduled"], lost, bool(deadline["outbox"])
    )


VIEWS = {"tickets": tickets, "orders": orders, "payments": payments, "expiration": expiration}
