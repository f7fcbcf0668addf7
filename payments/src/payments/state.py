"""What the audit reads of payments, and of the money that Stripe holds for it."""

from collections.abc import AsyncIterator
from datetime import datetime

from common.clock import Clock, rfc3339
from common.web import Line, Parts, framed, heard, owned, report, task

from .domain import Payment
from .inbox import Inbox
from .store import PaymentStore
from .stripe_gateway import StripeGateway

_BUYERS = frozenset({"open", "requires_action", "declined"})


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every payment, every order heard of, and Stripe's events that are not handled yet."""
    store = PaymentStore(parts.database, parts.relay, parts.clock)
    sections = (_payments(store, parts.clock()), _orders(store), _webhooks(Inbox(parts.database)))
    return report(parts, *sections)


async def intents(gateway: StripeGateway, clock: Clock) -> AsyncIterator[Line]:
    """What Stripe has: every intent with our marks, and what was returned of any; not by id, but as Stripe lists it."""
    async with gateway:
        async for line in framed({"service": "stripe", "at": rfc3339(clock())}, _at_stripe(gateway)):
            yield line


async def _at_stripe(gateway: StripeGateway) -> AsyncIterator[Line]:
    async for one in gateway.every():
        if one.object == "refund":
            yield {
                "stripe": "refund",
                "id": one.id,
                "intent": one.payment_intent,
                "status": one.status,
                "cents": one.amount,
            }
            continue
        marks = one.metadata.to_dict()
        yield {
            "stripe": "intent",
            "id": one.id,
            "status": one.status,
            "cents": one.amount,
            "received": one.amount_received,
            "currency": one.currency,
            "order": marks["orderId"],
            "payment": marks["paymentId"],
            "attempt": int(marks["attempt"]),
        }


async def _payments(store: PaymentStore, moment: datetime) -> AsyncIterator[Line]:
    async for stored in store.payments.each():
        payment: Payment = stored.state
        waits = _waits(payment, moment)
        intents = [{"id": one.intent_id, "closed": one.closed} for one in payment.attempts if one.intent_id]
        yield owned(
            "payment", stored, payment.public(), waiting=waits, since=_since(payment, waits, moment), intents=intents
        )


def _waits(payment: Payment, moment: datetime) -> list[str]:
    """For Stripe where the worker is due; before that for whoever's turn it is."""
    if payment.asking is not None or (payment.due_at is not None and payment.due_at <= moment):
        return ["Stripe"]
    if payment.due_at is None:
        return []
    if payment.status in _BUYERS:
        return ["buyer"]
    return ["orders" if payment.status == "authorized" else "Stripe"]


def _since(payment: Payment, waits: list[str], moment: datetime) -> datetime | None:
    if not waits or waits == ["buyer"]:
        return None
    if payment.asking_since is not None:
        return payment.asking_since
    overdue = payment.due_at is not None and payment.due_at <= moment
    return payment.due_at if overdue else payment.since


async def _orders(store: PaymentStore) -> AsyncIterator[Line]:
    async for order, stale in store.orders():
        confirmed = None if order.payment is None else order.payment.model_dump(mode="json", by_alias=True)
        fields = {
            "status": order.status,
            "reason": order.reason,
            "userId": order.user_id,
            "expiresAt": rfc3339(order.expires_at),
            "amountCents": order.amount_cents,
            "currency": order.currency,
            "payment": confirmed,
        }
        yield heard("order", order.id, order.version, fields, stale=stale)


async def _webhooks(inbox: Inbox) -> AsyncIterator[Line]:
    async for identity, since in inbox.unhandled():
        yield task("webhook", identity, waiting=["Stripe"], since=since)
