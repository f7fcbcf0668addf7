"""Every query and index of orders, and of the tickets that orders has heard of."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from common.clock import Clock
from common.events import ConfirmedPayment, ReservedTicket, TicketState
from common.mongo import (
    ASCENDING,
    DESCENDING,
    Collection,
    Database,
    Document,
    DuplicateKey,
    IndexModel,
    Reads,
    Renewals,
    Replicas,
    newer,
    oid,
    staled,
)
from common.outbox import Aggregates, Relay, raised, set_back

from .domain import Order, Repeat

_FLOOR = "floor"


class OrderStore:
    """Orders in Mongo, one document each.

    An asynchronous context manager: entered, it knows the floor of numbers. That changes only while no service runs,
    so no reservation has to ask for it.
    """

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self.orders: Aggregates[Order] = Aggregates(database["orders"], relay, clock, encode=_encode, decode=_decode)
        self._numbers: Collection = database["numbers"]
        self.floor = 0
        """Numbers up to here may have been given to reservations that a restore lost; 0 where there was none."""

    async def __aenter__(self) -> Self:
        await self.find_floor()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing has to be closed."""

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """The first two decide: one order at a time has a ticket, and each reservation of it has its own number."""
        models = [
            IndexModel([("ticket.id", ASCENDING)], unique=True, partialFilterExpression={"holds": True}),
            IndexModel([("ticket.id", ASCENDING), ("number", ASCENDING)], unique=True),
            IndexModel([("user_id", ASCENDING), ("_id", DESCENDING)]),
            IndexModel([("expires_at", ASCENDING)], partialFilterExpression={"status": "created"}),
            IndexModel([("repeat.at", ASCENDING)], sparse=True),
        ]
        return {self.orders.collection: [*self.orders.indexes[self.orders.collection], *models]}

    async def reserve(self, order: Order) -> Order | None:
        """The order that holds the ticket now: this one, or the one that was first; None where its number was taken.

        Which index refused does not matter. Where the holder is this very order, the insert had been sent before and
        its answer was lost.
        """
        try:
            await self.orders.insert(order, [order.said()])
        except DuplicateKey:
            holders = await self.orders.find({"ticket.id": oid(order.ticket.id), "holds": True}, limit=1)
            return holders[0] if holders else None
        return order

    async def find_floor(self) -> int:
        """The floor, looked up."""
        document = await self._numbers.find_one({"_id": _FLOOR})
        self.floor = 0 if document is None else int(document["number"])
        return self.floor

    async def next_number(self, ticket_id: str) -> int:
        """The number of this ticket's next reservation, from 1."""
        query = {"ticket.id": oid(ticket_id)}
        last = await self.orders.collection.find_one(query, {"number": 1}, sort=[("number", DESCENDING)])
        return max(self.floor, 0 if last is None else int(last["number"])) + 1

    async def number_of_old(self, ticket_id: str) -> int:
        """A number for an order that is over: a new one, which frees the ticket, unless a later one has it by now."""
        query = {"ticket.id": oid(ticket_id)}
        holding = query | {"holds": True, "number": {"$gt": self.floor}}
        if await self.orders.collection.find_one(holding, {"_id": 1}) is None:
            return await self.next_number(ticket_id)
        first = await self.orders.collection.find_one(query, {"number": 1}, sort=[("number", ASCENDING)])
        return -1 if first is None else int(first["number"]) - 1

    async def put(self, order: Order) -> bool:
        """Saves and says an order that is over; False where its number is taken, or it is here by now."""
        try:
            await self.orders.insert(order, [order.said()])
        except DuplicateKey:
            return False
        return True

    async def raise_floor(self, moment: datetime) -> None:
        """After a restore at this moment no number is given that may have been given before."""
        self.floor = raised(0, moment)
        await self._numbers.update_one({"_id": _FLOOR}, {"$set": {"number": self.floor}}, upsert=True)

    async def of(self, user_id: str, limit: int, after: str | None) -> list[Order]:
        """A page of this user's orders, newest first, after the order with this id."""
        query: dict[str, Any] = {"user_id": oid(user_id)}
        if after is not None:
            query["_id"] = {"$lt": oid(after)}
        return await self.orders.find(query, [("_id", DESCENDING)], limit)

    async def unpaid(self, expired_before: datetime, limit: int) -> list[Order]:
        """Orders whose time was over then and that are still `created`, the oldest first."""
        query = {"status": "created", "expires_at": {"$lt": expired_before}}
        return await self.orders.find(query, [("expires_at", ASCENDING)], limit)

    async def waiting(self, moment: datetime, limit: int) -> list[Order]:
        """Orders that are due to be said again, the longest due first."""
        return await self.orders.find({"repeat.at": {"$lte": moment}}, [("repeat.at", ASCENDING)], limit)


class TicketReplica:
    """The tickets as they were last heard of, tombstones included; found by id alone, so it needs no other index."""

    def __init__(self, database: Database) -> None:
        self._tickets = Replicas(database["tickets"])
        self._reads = Reads(self._tickets.collection)

    async def get(self, ticket_id: str) -> TicketState | None:
        """The ticket, taken down or not."""
        document = await self._reads.get(ticket_id)
        return None if document is None else _ticket(document)

    async def holders(self, ticket_ids: Iterable[str]) -> set[str]:
        """The orders that these tickets name."""
        query = {"_id": {"$in": [oid(one) for one in ticket_ids]}}
        found = self._tickets.collection.find(query, {"order_id": 1})
        return {str(one["order_id"]) async for one in found if one["order_id"]}

    async def save(self, ticket: TicketState) -> None:
        """Keeps it if it is newer."""
        await self._tickets.take(ticket.id, newer(ticket.version), _replica(ticket))

    async def each(self) -> AsyncIterator[tuple[TicketState, bool]]:
        """Every ticket, by id, and whether it is stale."""
        async for document in self._tickets.collection.find().sort("_id", ASCENDING):
            yield _ticket(document), document.get("stale", False)

    async def mark(self) -> int:
        """All of them are stale; how many."""
        return await self._tickets.mark()

    async def drop(self) -> int:
        """Without what is stale still; how many."""
        return await self._tickets.drop()


def renewals(moment: datetime) -> Renewals:
    """What a restore at this moment changes."""
    aggregate = set_back(moment)

    def renewed(document: Document) -> Document:
        """What holds its ticket keeps it, whatever later reservation tickets has heard of; what is over takes none."""
        order = _decode(document).restored(moment)
        number = raised(order.number, moment) if order.holds else order.number
        return aggregate(document) | {"number": number, "expires_at": order.expires_at}

    return {"orders": renewed, "tickets": staled}


def _replica(ticket: TicketState) -> Document:
    return {
        "version": ticket.version,
        "title": ticket.title,
        "price_cents": ticket.price_cents,
        "currency": ticket.currency,
        "user_id": oid(ticket.user_id),
        "order_id": ticket.order_id and oid(ticket.order_id),
        "deleted": ticket.deleted,
        "stale": False,
    }


def _ticket(document: Document) -> TicketState:
    return TicketState(
        id=str(document["_id"]),
        version=document["version"],
        title=document["title"],
        price_cents=document["price_cents"],
        currency=document["currency"],
        user_id=str(document["user_id"]),
        order_id=document["order_id"] and str(document["order_id"]),
        deleted=document["deleted"],
    )


def _encode(order: Order) -> Document:
    return {
        "number": order.number,
        "user_id": oid(order.user_id),
        "created_at": order.created_at,
        "expires_at": order.expires_at,
        "ticket": order.ticket.model_dump() | {"id": oid(order.ticket.id)},
        "status": order.status,
        "holds": order.holds,
        "reason": order.reason,
        "payment": order.payment and order.payment.model_dump(),
        "refunded": order.refunded,
        "extended": order.extended,
        "locked": order.locked,
        "authorized": order.authorized and order.authorized.model_dump(),
        "paid_version": order.paid_version,
        "repeat": order.repeat and {"at": order.repeat.at, "delay": order.repeat.delay.total_seconds()},
    }


def _decode(document: Document) -> Order:
    return Order(
        id=str(document["_id"]),
        number=document["number"],
        user_id=str(document["user_id"]),
        created_at=document["created_at"],
        expires_at=document["expires_at"],
        ticket=ReservedTicket(**document["ticket"] | {"id": str(document["ticket"]["id"])}),
        version=document["version"],
        status=document["status"],
        reason=document["reason"],
        payment=_payment(document["payment"]),
        refunded=document["refunded"],
        extended=document.get("extended", False),  # written before there were extensions
        locked=document["locked"],
        authorized=_payment(document["authorized"]),
        paid_version=document["paid_version"],
        repeat=_repeat(document["repeat"]),
        set_back=document.get("set_back", False),  # a restore writes it, and nobody else
    )


def _payment(document: Document | None) -> ConfirmedPayment | None:
    return ConfirmedPayment(**document) if document else None


def _repeat(document: Document | None) -> Repeat | None:
    return Repeat(document["at"], timedelta(seconds=document["delay"])) if document else None
