"""Stripe's events as they came, kept for 30 days under Stripe's own ids: each is handled once, and can be again."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.mongo import ASCENDING, Collection, Database, DuplicateKey, IndexModel

KEPT = timedelta(days=30)
RESTORED = "restored_"
"""How the ids of our own hints begin; Stripe's begin with evt_."""
_SET = {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}


@dataclass(frozen=True, slots=True)
class Received:
    """One event. `tries`: how often it was taken up before."""

    id: str
    body: bytes
    at: datetime
    tries: int

    @property
    def ours(self) -> bool:
        """Whether a restore has noted it."""
        return self.id.startswith(RESTORED)


class Inbox:
    """The collection `webhooks`. `due_at` is null once an event is handled."""

    def __init__(self, database: Database) -> None:
        self._events: Collection = database["webhooks"]

    @property
    def indexes(self) -> dict[Collection, list[IndexModel]]:
        """What is due; it forgets by itself."""
        due = IndexModel([("due_at", ASCENDING)], partialFilterExpression={"due_at": _SET})
        kept = IndexModel([("at", ASCENDING)], expireAfterSeconds=int(KEPT.total_seconds()))
        return {self._events: [due, kept]}

    async def keep(self, event_id: str, body: bytes, moment: datetime) -> bool:
        """Saves it as due; False where it is here already."""
        try:
            await self._events.insert_one({"_id": event_id, "body": body, "at": moment, "tries": 0, "due_at": moment})
        except DuplicateKey:
            return False
        return True

    async def note(self, intent_id: str, moment: datetime, *, refund: bool) -> None:
        """A hint of our own: a restore has lost what Stripe said of this intent."""
        kind = "refund" if refund else "intent"
        body = {"type": f"{kind}.restored", "data": {"object": {"object": "payment_intent", "id": intent_id}}}
        await self.keep(f"{RESTORED}{moment.timestamp():.0f}_{kind}_{intent_id}", json.dumps(body).encode(), moment)

    async def hurry(self, moment: datetime) -> None:
        """What a restore has noted and had to be put off is due now."""
        noted = {"_id": {"$regex": f"^{RESTORED}"}, "due_at": _SET}
        await self._events.update_many(noted, {"$set": {"due_at": moment}})

    async def due(self, moment: datetime, limit: int) -> list[Received]:
        """What has to be handled, longest due first."""
        found = self._events.find({"due_at": {"$lte": moment, **_SET}}).sort("due_at", ASCENDING).limit(limit)
        return [Received(one["_id"], bytes(one["body"]), one["at"], one["tries"]) async for one in found]

    async def unhandled(self) -> AsyncIterator[tuple[str, datetime]]:
        """The id of each event that is not handled yet, by id, and since when it is here."""
        async for one in self._events.find({"due_at": _SET}, {"at": 1}).sort("_id", ASCENDING):
            yield one["_id"], one["at"]

    async def handled(self, event: Received) -> None:
        """Nothing is left to be done for it."""
        await self._events.update_one({"_id": event.id}, {"$set": {"due_at": None}})

    async def put_off(self, event: Received, until: datetime) -> None:
        """It is taken up again then."""
        await self._events.update_one({"_id": event.id}, {"$set": {"due_at": until}, "$inc": {"tries": 1}})
