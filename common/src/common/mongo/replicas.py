"""What a service keeps of what another owns."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from .client import Collection, Document, oid
from .together import Together

_DUPLICATE_KEY = 11000


def newer(version: int) -> Document:
    """Matches a replica that this version replaces: one that is older, or any that is stale."""
    return {"$or": [{"version": {"$lt": version}}, {"stale": True}]}


def staled(document: Document) -> Document:
    """What a restore makes of a replica: it takes the next state that it hears of, whatever its version."""
    return document | {"stale": True}


@dataclass(frozen=True, slots=True)
class _Taking:
    query: Document
    fields: Document
    first: Document

    @property
    def update(self) -> Document:
        return {"$set": self.fields} | ({"$setOnInsert": self.first} if self.first else {})


class Replicas:
    """A collection of them. Those taken at one time go to the database together, each as a write of its own."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._writes: Together[_Taking, bool] = Together(self._write)

    async def take(self, identity: str, where: Document, fields: Document, first: Document | None = None) -> bool:
        """Sets `fields` where the replica matches `where` (see `newer`), or where there is none, then `first` too.

        Whether it did.
        """
        return await self._writes.ask(_Taking({"_id": oid(identity), **where}, fields, first or {}))

    async def mark(self) -> int:
        """Each takes the next state that it hears of, whatever its version; until then it stays. How many."""
        return int((await self.collection.update_many({}, {"$set": {"stale": True}})).modified_count)

    async def drop(self) -> int:
        """Without what was marked and whose owner has not told of it since; how many."""
        return int((await self.collection.delete_many({"stale": True})).deleted_count)

    async def _write(self, batch: Sequence[_Taking]) -> list[bool | Exception]:
        if len(batch) == 1:
            return [await self._upsert(batch[0])]
        refused: dict[int, int] = {}
        try:
            await self.collection.bulk_write([UpdateOne(one.query, one.update, upsert=True) for one in batch], False)
        except BulkWriteError as error:
            refused = _refused(error, len(batch))
        again = (self._set(batch[at]) if refused[at] == _DUPLICATE_KEY else self._upsert(batch[at]) for at in refused)
        answers: list[bool | Exception] = [True] * len(batch)
        for at, answer in zip(refused, await asyncio.gather(*again, return_exceptions=True), strict=True):
            if not isinstance(answer, bool | Exception):
                raise answer
            answers[at] = answer
        return answers

    async def _upsert(self, one: _Taking) -> bool:
        try:
            await self.collection.update_one(one.query, one.update, upsert=True)
        except DuplicateKeyError:
            return await self._set(one)
        return True

    async def _set(self, one: _Taking) -> bool:
        """After a duplicate key: it is here, as new already, or put in by another process meanwhile, perhaps older."""
        return bool((await self.collection.update_one(one.query, {"$set": one.fields})).matched_count)


def _refused(error: BulkWriteError, count: int) -> dict[int, int]:
    """Which of a bulk's writes have to be made by themselves, and why: all where no majority is known to have them."""
    details = error.details or {}
    if details.get("writeConcernErrors"):
        return dict.fromkeys(range(count), 0)
    return {one["index"]: one["code"] for one in details["writeErrors"]}
