"""Reading by id: many at once, and what may be on its way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from bson import ObjectId

from common.clock import Clock, now

from .client import Collection, Document, oid
from .together import Together

YOUNG = timedelta(seconds=10)
"""An unknown id younger than this may be an event that is still on its way."""
_WAITS = (0.02, 0.03, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6)
"""2 s in all."""
T = TypeVar("T")


class Reads:
    """Reads by id, put together."""

    def __init__(self, collection: Collection, without: Sequence[str] = ()) -> None:
        """`without`: fields that nobody here wants."""
        self._collection = collection
        self._projection = dict.fromkeys(without, 0)
        self._together: Together[ObjectId, Document | None] = Together(self._read)

    async def get(self, identity: str) -> Document | None:
        """The document with this id, as a majority has it at some moment after the call. Others may have it too."""
        return await self._together.ask(oid(identity))

    async def _read(self, wanted: Sequence[ObjectId]) -> list[Document | None]:
        found = self._collection.find({"_id": {"$in": list(set(wanted))}}, self._projection or None)
        documents = {document["_id"]: document async for document in found}
        return [documents.get(identity) for identity in wanted]


async def eventually(load: Callable[[], Awaitable[T | None]], identity: str, clock: Clock = now) -> T | None:
    """What `load` finds; where it finds nothing under an id just made elsewhere, the event is given 2 s to come."""
    found = await load()
    age = clock() - ObjectId(identity).generation_time
    if found is not None or abs(age) > YOUNG:
        return found
    for wait in _WAITS:
        await asyncio.sleep(wait)
        if (found := await load()) is not None:
            return found
    return None
