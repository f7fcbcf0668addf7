"""Every query and index of expiration."""

from datetime import datetime
from typing import Any

from common.clock import Clock
from common.mongo import ASCENDING, Collection, Database, Document, IndexModel, Renewals, oid
from common.outbox import Aggregates, Relay, set_back

from .domain import Deadline

_BY_TIME = [("expires_at", ASCENDING)]


class DeadlineStore:
    """Deadlines in Mongo, one document for each order."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self.deadlines: Aggregates[Deadline] = Aggregates(
            database["deadlines"], relay, clock, encode=_encode, decode=_decode
        )

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """One for each sweep, of nothing but what it looks for."""
        models = [
            IndexModel([("unscheduled", ASCENDING), *_BY_TIME], partialFilterExpression={"unscheduled": True}),
            IndexModel([("state", ASCENDING), *_BY_TIME], partialFilterExpression={"state": "armed"}),
            IndexModel([("state", ASCENDING), ("repeat_at", ASCENDING)], partialFilterExpression={"state": "fired"}),
        ]
        return {self.deadlines.collection: [*self.deadlines.indexes[self.deadlines.collection], *models]}

    async def unscheduled(self, limit: int) -> list[Deadline]:
        """What the timer has not been told, the nearest first."""
        return await self.deadlines.find({"unscheduled": True}, _BY_TIME, limit)

    async def armed_until(self, moment: datetime, limit: int) -> list[Deadline]:
        """What is due by then and has not fired, the nearest first."""
        return await self.deadlines.find({"state": "armed", "expires_at": {"$lte": moment}}, _BY_TIME, limit)

    async def to_say_again(self, moment: datetime, limit: int) -> list[Deadline]:
        """What has fired, and has waited for its order until now."""
        query: dict[str, Any] = {"state": "fired", "repeat_at": {"$lte": moment}}
        return await self.deadlines.find(query, [("repeat_at", ASCENDING)], limit)

    async def fired(self, after: str | None, limit: int) -> list[Deadline]:
        """What has fired, by id, a page at a time."""
        query: dict[str, Any] = {"state": "fired"} | ({"_id": {"$gt": oid(after)}} if after else {})
        return await self.deadlines.find(query, [("_id", ASCENDING)], limit)


def renewals(moment: datetime) -> Renewals:
    """What a restore at this moment changes."""
    return {"deadlines": set_back(moment)}


def _encode(deadline: Deadline) -> Document:
    return {
        "expires_at": deadline.expires_at,
        "order_version": deadline.order_version,
        "state": deadline.state,
        "scheduled": deadline.scheduled,
        "unscheduled": deadline.unscheduled,
        "repeats": deadline.repeats,
        "repeat_at": deadline.repeat_at,
    }


def _decode(document: Document) -> Deadline:
    return Deadline(
        id=str(document["_id"]),
        expires_at=document["expires_at"],
        order_version=document["order_version"],
        state=document["state"],
        scheduled=document["scheduled"],
        repeats=document["repeats"],
        repeat_at=document["repeat_at"],
        version=document["version"],
    )
