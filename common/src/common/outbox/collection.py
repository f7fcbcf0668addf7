"""Aggregates in Mongo: one document each; every write carries its own events and filters on the version loaded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from common.clock import Clock
from common.errors import Conflict
from common.events import Said
from common.mongo import ASCENDING, Collection, Document, IndexModel, Reads, oid

from .entry import LIMIT, added, compacted, entry
from .relay import Relay

TRIES = 20
"""Writes that may lose against others before the caller is told so."""
_AT_ONCE = 32
"""Aggregates that are announced side by side: they are read together, and wait together for the disk."""

_log = logging.getLogger(__name__)


class Aggregate(Protocol):
    """A frozen value with an identity and a version: 0 when created, one more with every change."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int: ...


A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Change(Generic[A]):
    """A decision: the state that follows and its events. Where something is only said, the version stays the same."""

    state: A
    events: Sequence[Said] = ()


@dataclass(frozen=True, slots=True)
class Stored(Generic[A]):
    """An aggregate as it lies there: how many events its outbox holds, and since when the oldest of them waits."""

    state: A
    unpublished: int
    since: datetime | None


class Aggregates(Generic[A]):
    """The one way to write an aggregate. Queries are the stores' own, on `collection`."""

    def __init__(
        self,
        collection: Collection,
        relay: Relay,
        clock: Clock,
        *,
        encode: Callable[[A], Document],
        decode: Callable[[Document], A],
    ) -> None:
        """`encode` gives every field but `_id`, `version` and `outbox`; `decode` gets the whole document."""
        self.collection = collection
        self._reads, self._whole = Reads(collection, without=["outbox"]), Reads(collection)
        self._relay = relay
        self._clock = clock
        self._encode = encode
        self._decode = decode
        relay.watch(collection)

    @property
    def indexes(self) -> Mapping[Collection, list[IndexModel]]:
        """Finds what a dead process left unpublished."""
        waits = {"outbox.0": {"$exists": True}}
        return {self.collection: [IndexModel([("outbox.at", ASCENDING)], partialFilterExpression=waits)]}

    async def get(self, identity: str) -> A | None:
        """The aggregate as a majority has it."""
        document = await self._reads.get(identity)
        return None if document is None else self._decode(document)

    async def find(
        self, query: Mapping[str, Any], sort: Sequence[tuple[str, int]] = (("_id", -1),), limit: int = 100
    ) -> list[A]:
        """What the query finds, at most `limit`."""
        documents = self.collection.find(query, {"outbox": 0}).sort(list(sort)).limit(limit)
        return [self._decode(document) async for document in documents]

    async def each(self) -> AsyncIterator[Stored[A]]:
        """Every aggregate, by id."""
        async for document in self.collection.find({}, {"outbox.payload": 0}).sort("_id", ASCENDING):
            waiting = document.pop("outbox", [])
            since = min((one["at"] for one in waiting), default=None)
            yield Stored(self._decode(document), len(waiting), since)

    async def insert(self, state: A, events: Sequence[Said]) -> None:
        """Creates the aggregate together with its events; `DuplicateKey` where a unique index has another."""
        entries = [entry(one, self._relay.source, self._clock) for one in events]
        fields = self._encode(state)
        await self.collection.insert_one({"_id": oid(state.id), "version": state.version, **fields, "outbox": entries})
        self._relay.kick(self.collection, oid(state.id), entries)

    async def change(self, identity: str, decide: Callable[[A], Change[A] | None]) -> A | None:
        """Loads, decides and writes, again where another write came first; what is true afterwards, None if unknown.

        `decide` may raise a business error, or return None where nothing follows.
        """
        for _ in range(TRIES):
            document = await self._whole.get(identity)
            if document is None:
                return None
            loaded = self._decode(document)
            change = decide(loaded)
            if change is None:
                return loaded
            if await self._write(document, change):
                return change.state
        _log.warning("gave up on a contested write", extra={"collection": self.collection.name, "id": identity})
        raise Conflict

    async def _write(self, document: Document, change: Change[A]) -> bool:
        """One conditional write of the change and its events; False where the document has moved on."""
        waiting: list[Document] = document.get("outbox", [])
        entries = added(waiting, [entry(one, self._relay.source, self._clock) for one in change.events])
        update: dict[str, Any] = {"$set": self._encode(change.state)}
        if change.state.version != document["version"]:
            if change.state.version != document["version"] + 1:
                raise ValueError("a change raises the version by one")
            update["$inc"] = {"version": 1}
        if len(waiting) + len(entries) > LIMIT:
            update["$set"]["outbox"] = compacted(waiting, entries)
        elif entries:
            update["$push"] = {"outbox": {"$each": entries}}
        result = await self.collection.update_one(_as_loaded(document), update)
        if result.matched_count:
            self._relay.kick(self.collection, document["_id"], entries)
        return bool(result.matched_count)

    async def announce(self, said: Callable[[A], Said | None]) -> int:
        """Says the present state of every aggregate that `said` has an event for, so that replicas can be rebuilt.

        How many those were.
        """

        async def say(identity: str) -> bool:
            state = await self.change(identity, lambda state: _saying(state, said(state)))
            return state is not None and said(state) is not None

        count, batch = 0, list[str]()
        async for document in self.collection.find({}, {"_id": 1}).sort("_id", ASCENDING):
            batch.append(str(document["_id"]))
            if len(batch) == _AT_ONCE:
                count += sum(await asyncio.gather(*map(say, batch)))
                batch = []
        return count + sum(await asyncio.gather(*map(say, batch)))


def _saying(state: A, event: Said | None) -> Change[A] | None:
    return None if event is None else Change(state, (event,))


def _as_loaded(document: Document) -> Document:
    """The filter of every write: finds the document only while nobody else has changed it."""
    return {"_id": document["_id"], "version": document["version"]}
