"""Every query and index of tickets."""

import re
from datetime import datetime
from typing import Any

from common.clock import Clock
from common.mongo import ASCENDING, DESCENDING, Collection, Database, Document, IndexModel, Renewals, oid, words
from common.outbox import Aggregates, Relay, set_back

from .domain import Ticket

_SORTS = {
    "newest": [("_id", DESCENDING)],
    "price": [("price_cents", ASCENDING), ("_id", ASCENDING)],
    "-price": [("price_cents", DESCENDING), ("_id", DESCENDING)],
}


class TicketStore:
    """Tickets in Mongo, one document each."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self.tickets: Aggregates[Ticket] = Aggregates(database["tickets"], relay, clock, encode=_encode, decode=_decode)

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """One for each order of the listing, of what can be bought; and the words of the titles."""
        available = {"available": True}
        keys = [[("available", ASCENDING), *keys] for keys in (_SORTS["newest"], _SORTS["price"])]
        keys.append([("words", ASCENDING), ("_id", DESCENDING)])
        models = [IndexModel(key, partialFilterExpression=available) for key in keys]
        return {self.tickets.collection: [*self.tickets.indexes[self.tickets.collection], *models]}

    async def on_sale(self, q: str, sort: str, limit: int, after: tuple[int, str] | None) -> list[Ticket]:
        """A page of what can be bought: titles with words that begin like each word of `q`, after a price and id."""
        clauses: list[dict[str, Any]] = [{"available": True}]
        clauses += [{"words": {"$regex": f"^{re.escape(word)}"}} for word in words(q)]
        if after is not None:
            clauses.append(_after(sort, *after))
        return await self.tickets.find({"$and": clauses}, _SORTS[sort], limit)


def renewals(moment: datetime) -> Renewals:
    """What a restore at this moment changes. What was seen of orders stays: they say by themselves where they stand."""
    return {"tickets": set_back(moment)}


def _after(sort: str, price_cents: int, identity: str) -> dict[str, Any]:
    if sort == "newest":
        return {"_id": {"$lt": oid(identity)}}
    beyond = "$gt" if sort == "price" else "$lt"
    same_price = {"price_cents": price_cents, "_id": {beyond: oid(identity)}}
    return {"$or": [{"price_cents": {beyond: price_cents}}, same_price]}


def _encode(ticket: Ticket) -> Document:
    return {
        "user_id": oid(ticket.user_id),
        "title": ticket.title,
        "words": words(ticket.title),
        "price_cents": ticket.price_cents,
        "currency": ticket.currency,
        "order_id": ticket.order_id and oid(ticket.order_id),
        "seen": list(ticket.seen),
        "deleted": ticket.deleted,
        "available": ticket.available,
    }


def _decode(document: Document) -> Ticket:
    number, version = document["seen"]
    return Ticket(
        id=str(document["_id"]),
        user_id=str(document["user_id"]),
        title=document["title"],
        price_cents=document["price_cents"],
        currency=document["currency"],
        version=document["version"],
        order_id=document["order_id"] and str(document["order_id"]),
        seen=(number, version),
        deleted=document["deleted"],
        set_back=document.get("set_back", False),  # a restore writes it, and nobody else
    )
