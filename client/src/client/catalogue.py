"""The shop's read model: every ticket and who holds it, and how payments stand, as events told it; every query of it.

A ticket's document has two halves that come from two publishers. Each half is written only by what is newer, whatever
the order of arrival, so neither waits for the other; a ticket is for sale when both say so.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from common.events import HOLDING, OrderState, PaymentState, PaymentStatus, TicketState
from common.mongo import (
    ASCENDING,
    DESCENDING,
    Collection,
    Database,
    Document,
    IndexModel,
    Renewals,
    Replicas,
    newer,
    oid,
    staled,
)
from common.mongo import words as search_words

from .domain import Hold, Search, Ticket

NEWEST, CHEAPEST, DEAREST = "newest", "price", "-price"
COUNTED = 1000
"""More results than this are not counted."""
_QUERY_WORDS = 8
_TELLING = 4
"""Shorter words say little of what a ticket is for."""
_SORTS: Mapping[str, Sequence[tuple[str, int]]] = {
    NEWEST: [("_id", DESCENDING)],
    CHEAPEST: [("price_cents", ASCENDING), ("_id", ASCENDING)],
    DEAREST: [("price_cents", DESCENDING), ("_id", DESCENDING)],
}
_FOR_SALE = {"free": True, "held": False}
_UNKNOWN: Document = {"version": -1, "free": False}
"""A ticket that only its order has told of so far."""


class Catalogue:
    """In the shop's own Mongo."""

    def __init__(self, database: Database) -> None:
        self._kept_tickets, self._kept_payments = Replicas(database["tickets"]), Replicas(database["payments"])
        self._tickets, self._payments = self._kept_tickets.collection, self._kept_payments.collection

    @property
    def indexes(self) -> Mapping[Collection, list[IndexModel]]:
        """One for each order of the listing, the words of titles, and a seller's own.

        Each of the first holds all that a listing asks about, so that what is left out is not even read.
        """
        keys = [
            [*_SORTS[NEWEST], ("price_cents", ASCENDING)],
            [*_SORTS[CHEAPEST]],
            [("words", ASCENDING), ("_id", DESCENDING), ("price_cents", ASCENDING)],
        ]
        sale = [("free", ASCENDING), ("held", ASCENDING)]
        listed = [IndexModel([*sale, *key], partialFilterExpression=_FOR_SALE) for key in keys]
        own = IndexModel([("user_id", ASCENDING), ("_id", DESCENDING)], partialFilterExpression={"deleted": False})
        return {self._tickets: [*listed, own]}

    async def for_sale(self, search: Search, limit: int, after: tuple[int, str] | None = None) -> list[Ticket]:
        """A page of what can be bought, after a price and id; each word of `q` begins a word of the title."""
        clauses = _matching(search)
        if after is not None:
            clauses.append(_after(search.sort, *after))
        return await self._find({"$and": clauses}, _SORTS[search.sort], limit)

    async def count(self, search: Search, among: Sequence[str] | None = None) -> int:
        """How many (of `among`) can be bought; `COUNTED + 1` stands for more."""
        clauses = _matching(search)
        if among is not None:
            clauses.append({"_id": {"$in": [oid(one) for one in among]}})
        return int(await self._tickets.count_documents({"$and": clauses}, limit=COUNTED + 1))

    async def alike(self, ticket: Ticket, limit: int) -> list[Ticket]:
        """Others that can be bought: first those that share a word with this one's title, then the newest."""
        telling = [word for word in search_words(ticket.title) if len(word) >= _TELLING][:_QUERY_WORDS]
        other = {**_FOR_SALE, "_id": {"$ne": oid(ticket.id)}}
        found = await self._find({**other, "words": {"$in": telling}}, _SORTS[NEWEST], limit) if telling else []
        if len(found) < limit:
            known = {one.id for one in found}
            newest = await self._find(other, _SORTS[NEWEST], limit + len(found))
            found += [one for one in newest if one.id not in known][: limit - len(found)]
        return found

    async def tickets(self, identities: Sequence[str]) -> list[Ticket]:
        """Those of these tickets of which tickets has told, also where they were taken down."""
        query = {"_id": {"$in": [oid(one) for one in identities]}, "version": {"$gte": 0}}
        return await self._find(query, _SORTS[NEWEST], len(identities))

    async def own(self, user_id: str, limit: int, after: str | None) -> list[Ticket]:
        """What this person has listed, newest first, sold ones included."""
        query: Document = {"user_id": oid(user_id), "deleted": False}
        if after is not None:
            query["_id"] = {"$lt": oid(after)}
        return await self._find(query, _SORTS[NEWEST], limit)

    async def ticket(self, identity: str) -> Ticket | None:
        """The ticket, also where it was taken down; None where tickets has not told of it."""
        document = await self._tickets.find_one({"_id": oid(identity), "version": {"$gte": 0}})
        return None if document is None else _ticket(document)

    async def payments(self, order_ids: Sequence[str]) -> dict[str, PaymentStatus]:
        """How the payment of each of these orders stands, by the order's id, where anything was heard of it."""
        found = self._payments.find({"_id": {"$in": [oid(one) for one in order_ids]}})
        return {str(document["_id"]): document["status"] async for document in found}

    async def hear_ticket(self, state: TicketState) -> None:
        """Tickets' half of a ticket."""
        fields = {
            "version": state.version,
            "title": state.title,
            "words": search_words(state.title),
            "price_cents": state.price_cents,
            "currency": state.currency,
            "user_id": oid(state.user_id),
            "order_id": state.order_id and oid(state.order_id),
            "deleted": state.deleted,
            "free": state.order_id is None and not state.deleted,
            "stale": False,
        }
        await self._kept_tickets.take(state.id, newer(state.version), fields, {"held": False})

    async def hear_order(self, state: OrderState) -> None:
        """Orders' half of a ticket: its latest reservation."""
        hold = {
            "order_id": oid(state.id),
            "number": state.number,
            "version": state.version,
            "status": state.status,
            "user_id": oid(state.user_id),
            "expires_at": state.expires_at,
        }
        later: list[Document] = [
            {"hold": {"$exists": False}},
            {"hold.number": {"$lt": state.number}},
            {"hold.number": state.number, "hold.version": {"$lt": state.version}},
            {"hold.number": state.number, "hold.stale": True},
        ]
        fields = {"hold": hold, "held": state.status in HOLDING}
        await self._kept_tickets.take(state.ticket.id, {"$or": later}, fields, _UNKNOWN)

    async def hear_payment(self, state: PaymentState) -> None:
        """How the payment of an order stands; there is one for each order."""
        fields = {"version": state.version, "status": state.status, "stale": False}
        await self._kept_payments.take(state.order_id, newer(state.version), fields)

    async def mark(self) -> int:
        """Everything is stale: each half of a ticket and each payment takes what it hears of next; how many."""
        await self._tickets.update_many({"hold": {"$exists": True}}, {"$set": {"hold.stale": True}})
        return await self._kept_tickets.mark() + await self._kept_payments.mark()

    async def drop(self) -> int:
        """Without the tickets and reservations that are stale still; how many.

        Payments stay: how one stands that concerns nobody any more is not announced.
        """
        gone = {"$set": {"held": False}, "$unset": {"hold": True}}
        holds = await self._tickets.update_many({"hold.stale": True}, gone)
        await self._payments.update_many({"stale": True}, {"$set": {"stale": False}})
        return int(holds.modified_count) + await self._kept_tickets.drop()

    async def every_ticket(self) -> AsyncIterator[Document]:
        """Every ticket, by id, as it is kept: both halves, or one."""
        async for document in self._tickets.find({}, {"words": 0}).sort("_id", ASCENDING):
            yield document

    async def every_payment(self) -> AsyncIterator[Document]:
        """Every payment, by its order's id, as it is kept."""
        async for document in self._payments.find().sort("_id", ASCENDING):
            yield document

    async def _find(self, query: Document, sort: Sequence[tuple[str, int]], limit: int) -> list[Ticket]:
        found = self._tickets.find(query, {"words": 0}).sort(list(sort)).limit(limit)
        return [_ticket(one) for one in await found.to_list(limit)]


def renewals(_: datetime) -> Renewals:
    """What a restore changes: everything is another's, and is taken anew."""
    return {"tickets": _staled_halves, "payments": staled}


def _staled_halves(document: Document) -> Document:
    hold = {"hold": document["hold"] | {"stale": True}} if "hold" in document else {}
    return staled(document) | hold


def _matching(search: Search) -> list[dict[str, Any]]:
    clauses: list[dict[str, Any]] = [dict(_FOR_SALE)]
    clauses += [{"words": {"$regex": f"^{re.escape(word)}"}} for word in search_words(search.q)[:_QUERY_WORDS]]
    clauses += [{"price_cents": {"$gte": search.low}}] if search.low is not None else []
    clauses += [{"price_cents": {"$lte": search.high}}] if search.high is not None else []
    return clauses


def _after(sort: str, price_cents: int, identity: str) -> dict[str, Any]:
    if sort == NEWEST:
        return {"_id": {"$lt": oid(identity)}}
    beyond = "$gt" if sort == CHEAPEST else "$lt"
    same_price = {"price_cents": price_cents, "_id": {beyond: oid(identity)}}
    return {"$or": [{"price_cents": {beyond: price_cents}}, same_price]}


def _ticket(document: Document) -> Ticket:
    hold = document.get("hold")
    return Ticket(
        id=str(document["_id"]),
        version=document["version"],
        title=document["title"],
        cents=document["price_cents"],
        user_id=str(document["user_id"]),
        order_id=document["order_id"] and str(document["order_id"]),
        deleted=document["deleted"],
        hold=None if hold is None else _hold(hold),
    )


def _hold(document: Document) -> Hold:
    return Hold(
        order_id=str(document["order_id"]),
        number=document["number"],
        version=document["version"],
        status=document["status"],
        user_id=str(document["user_id"]),
        expires_at=document["expires_at"],
    )
