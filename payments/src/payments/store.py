"""Every query and index of payments."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from common.clock import Clock
from common.errors import Conflict, NotFound
from common.events import ConfirmedPayment
from common.mongo import (
    ASCENDING,
    Collection,
    Database,
    Document,
    DuplicateKey,
    IndexModel,
    Renewals,
    Replicas,
    newer,
    oid,
    staled,
)
from common.outbox import Aggregates, Change, Relay, raised, set_back

from .domain import Attempt, Payment
from .known import KnownOrder
from .requests import Request

TRIES = 20
"""Writes that may lose against others before the caller is told so."""
Decide = Callable[[Payment, KnownOrder], Change[Payment] | None]
"""What follows for a payment from itself and its order; None where nothing does."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SET = {"$gt": _EPOCH}
"""A time, not null: partial indexes and the queries that use them both say it."""


class PaymentStore:
    """Payments, one document for each order; and the orders as they were heard of."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self.payments: Aggregates[Payment] = Aggregates(
            database["payments"], relay, clock, encode=_encode, decode=_decode
        )
        self._orders = Replicas(database["orders"])
        self._awaited: Collection = database["awaited"]

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """One payment for each order; whose intent; what is due; what takes long; a user's idempotency keys."""
        keys = {"requests.key": {"$exists": True}}
        models = [
            IndexModel([("order_id", ASCENDING)], unique=True),
            IndexModel([("attempts.intent_id", ASCENDING)]),
            IndexModel([("due_at", ASCENDING)], partialFilterExpression={"due_at": _SET}),
            IndexModel([("asking_since", ASCENDING)], partialFilterExpression={"asking_since": _SET}),
            IndexModel([("user_id", ASCENDING), ("requests.key", ASCENDING)], partialFilterExpression=keys),
        ]
        collection = self.payments.collection
        return {collection: [*self.payments.indexes[collection], *models]}

    # ---- orders
    async def remember(self, order: KnownOrder) -> bool:
        """Takes what is newer; whether it was."""
        return await self._orders.take(order.id, newer(order.version), _encode_order(order))

    async def order(self, order_id: str) -> KnownOrder | None:
        """The order, if it was heard of."""
        document = await self._orders.collection.find_one({"_id": oid(order_id)})
        return None if document is None else _decode_order(document)

    async def order_of(self, payment: Payment) -> KnownOrder:
        """The order of a payment, which was heard of before the payment was made."""
        order = await self.order(payment.order_id)
        if order is None:
            raise NotFound
        return order

    async def orders(self) -> AsyncIterator[tuple[KnownOrder, bool]]:
        """Every order, by id, and whether it is stale."""
        async for document in self._orders.collection.find().sort("_id", ASCENDING):
            yield _decode_order(document), document.get("stale", False)

    async def mark(self) -> int:
        """All orders are stale; how many."""
        return await self._orders.mark()

    async def drop(self) -> int:
        """Without the orders that are stale still; how many. One with a payment stays, since it decides on that."""
        count, orders = 0, self._orders.collection
        async for document in orders.find({"stale": True}, {"_id": 1}):
            query = {"_id": document["_id"], "stale": True}
            if await self.payments.collection.find_one({"order_id": document["_id"]}, {"_id": 1}) is None:
                count += int((await orders.delete_one(query)).deleted_count)
            else:
                await orders.update_one(query, {"$set": {"stale": False}})
        await self._awaited.delete_one({"_id": "orders"})
        return count

    async def await_orders(self) -> None:
        """After a restore: one that is not known here may come yet, until all have been taken anew."""
        await self._awaited.update_one({"_id": "orders"}, {"$set": {"awaited": True}}, upsert=True)

    async def awaits_orders(self) -> bool:
        """Whether that is so."""
        return await self._awaited.find_one({"_id": "orders"}) is not None

    # ---- payments
    async def of_order(self, order_id: str) -> Payment | None:
        """The order's payment."""
        found = await self.payments.find({"order_id": oid(order_id)}, limit=1)
        return found[0] if found else None

    async def with_intent(self, intent_id: str) -> Payment | None:
        """The payment that an intent was made for."""
        found = await self.payments.find({"attempts.intent_id": intent_id}, limit=1)
        return found[0] if found else None

    async def with_request(self, user_id: str, key: str) -> list[Payment]:
        """The payments that remember this idempotency key of this user's, newest first."""
        return await self.payments.find({"user_id": oid(user_id), "requests.key": key}, limit=10)

    async def make(self, payment: Payment) -> bool:
        """Creates it; False where its order has one."""
        try:
            await self.payments.insert(payment, payment.said())
        except DuplicateKey:
            return False
        return True

    async def advance(self, seen: Payment, change: Change[Payment]) -> bool:
        """Writes the change to what was seen; False where somebody else came first."""
        result = await self.payments.change(seen.id, lambda now: change if now.version == seen.version else None)
        return result is change.state

    async def change(self, payment_id: str, decide: Decide) -> Payment | None:
        """Decides on a payment and the order as it is known, and writes, again where another write came first.

        The order is read after its payment: whoever hears of it later writes to the payment, and this write misses.
        """
        for _ in range(TRIES):
            payment = await self.payments.get(payment_id)
            if payment is None:
                return None
            change = decide(payment, await self.order_of(payment))
            if change is None:
                return payment
            if await self.advance(payment, change):
                return change.state
        raise Conflict

    async def due(self, moment: datetime, limit: int) -> list[Payment]:
        """What has to be looked at, longest due first."""
        return await self.payments.find({"due_at": {"$lte": moment, **_SET}}, [("due_at", ASCENDING)], limit)

    async def slowest(self, limit: int) -> list[Payment]:
        """Those that Stripe has been asked about for the longest time."""
        return await self.payments.find({"asking_since": _SET}, [("asking_since", ASCENDING)], limit)


def renewals(moment: datetime) -> Renewals:
    """What a restore at this moment changes."""
    aggregate = set_back(moment)

    def renewed(document: Document) -> Document:
        """No key goes out that Stripe has seen since, and would answer as it did then."""
        return aggregate(document) | {"generation": raised(document["generation"], moment)}

    return {"payments": renewed, "orders": staled}


def _encode(payment: Payment) -> Document:
    return {
        "order_id": oid(payment.order_id),
        "user_id": oid(payment.user_id),
        "amount_cents": payment.amount_cents,
        "currency": payment.currency,
        "status": payment.status,
        "since": payment.since,
        "keyed_at": payment.keyed_at,
        "unsaid": payment.unsaid,
        "attempts": [
            {"number": one.number, "intent_id": one.intent_id, "closed": one.closed} for one in payment.attempts
        ],
        "generation": payment.generation,
        "tries": payment.tries,
        "decline_code": payment.decline_code,
        "requests": [
            {"key": one.key, "body": one.body, "at": one.at, "number": one.number, "decline": one.decline}
            for one in payment.requests
        ],
        "due_at": payment.due_at,
        "asking": payment.asking,
        "asking_since": payment.asking_since,
        "asks": payment.asks,
        "repeats": payment.repeats,
        "repeated_at": payment.repeated_at,
        "refund_at": payment.refund_at,
    }


def _decode(document: Document) -> Payment:
    fields: dict[str, Any] = {name: value for name, value in document.items() if name not in {"_id", "outbox"}}
    fields |= {
        "order_id": str(document["order_id"]),
        "user_id": str(document["user_id"]),
        "attempts": tuple(Attempt(**one) for one in document["attempts"]),
        "requests": tuple(Request(**one) for one in document["requests"]),
    }
    return Payment(id=str(document["_id"]), **fields)


def _encode_order(order: KnownOrder) -> Document:
    return {
        "version": order.version,
        "status": order.status,
        "user_id": oid(order.user_id),
        "expires_at": order.expires_at,
        "amount_cents": order.amount_cents,
        "currency": order.currency,
        "reason": order.reason,
        "payment": order.payment and order.payment.model_dump(),
        "stale": False,
    }


def _decode_order(document: Document) -> KnownOrder:
    payment = document["payment"]
    fields: dict[str, Any] = {name: value for name, value in document.items() if name not in {"_id", "stale"}}
    fields |= {"user_id": str(document["user_id"]), "payment": payment and ConfirmedPayment(**payment)}
    return KnownOrder(id=str(document["_id"]), **fields)
