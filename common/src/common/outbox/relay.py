"""Publishes what waits in outboxes: at once when kicked, and by a sweep for what a dead process or a dead bus left."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from bson import ObjectId
from prometheus_client import Counter, Gauge

from common.bus import Bus, BusUnavailable, Message
from common.clock import Clock, now
from common.mongo import OUTAGES, Collection, Document

from .sweeper import Sweeper

BATCH = 256
_QUEUED = 10_000
_FRESH = timedelta(seconds=1)
"""What is younger is on its way already."""
_ALARM = timedelta(seconds=60)
_FLUSH_SECONDS = 5

_log = logging.getLogger(__name__)
_published = Counter("outbox_published", "Events published and acknowledged", ["collection"])
_oldest = Gauge("outbox_oldest_seconds", "Age of the oldest event that is not published", ["collection"])

Waiting = tuple[Collection, ObjectId, Document]


class Relay:
    """One for each process; several processes of a service may relay side by side, since the bus drops duplicates."""

    def __init__(self, bus: Bus, source: str, clock: Clock = now, sweep_seconds: float = 1.0) -> None:
        """`source` is the publishing service, as events name it."""
        self.source = source
        self._bus = bus
        self._clock = clock
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue(_QUEUED)
        self._collections: list[Collection] = []
        self._follower: asyncio.Task[None]
        self._sweeper = Sweeper("outbox", self._catch_up_all, sweep_seconds)

    def watch(self, collection: Collection) -> None:
        """Sweeps this collection, too."""
        self._collections.append(collection)

    def kick(self, collection: Collection, identity: ObjectId, entries: Iterable[Document]) -> None:
        """Publishes these soon; where the queue is full the sweep will."""
        with contextlib.suppress(asyncio.QueueFull):
            for one in entries:
                self._queue.put_nowait((collection, identity, one))

    async def flush(self) -> None:
        """Publishes what waits now, kicked or not: for tests, for leaving, and for the operator's commands."""
        while not self._queue.empty():
            self._queue.get_nowait()
        for collection in self._collections:
            while await self._sweep(collection, self._clock() + _FRESH):
                pass

    async def __aenter__(self) -> Self:
        self._follower = asyncio.create_task(self._follow())
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sweeper.__aexit__(kind, error, trace)
        self._follower.cancel()
        await asyncio.gather(self._follower, return_exceptions=True)
        if self._bus.connected:
            with contextlib.suppress(TimeoutError, *OUTAGES):  # what stays is in its document, for the next process
                async with asyncio.timeout(_FLUSH_SECONDS):
                    await self.flush()

    async def _follow(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            if self._bus.connected:
                try:
                    await self._publish(batch)
                except OUTAGES as error:
                    _log.warning("published, and to be taken out by the sweep", extra={"error": str(error)[:200]})
                except Exception:  # noqa: BLE001 (what it leaves is swept; a relay that dies would slow every event)
                    _log.exception("the relay failed and goes on")

    async def _catch_up_all(self) -> None:
        for collection in self._collections:
            await self._catch_up(collection)

    async def _catch_up(self, collection: Collection) -> None:
        oldest = await collection.find_one(_before(self._clock()), {"outbox.at": 1}, sort=[("outbox.at", 1)])
        age = timedelta() if oldest is None else self._clock() - oldest["outbox"][0]["at"]
        _oldest.labels(collection.name).set(age.total_seconds())
        if oldest is None:
            return
        if age > _ALARM:
            _log.error("events wait unpublished", extra={"collection": collection.name, "seconds": age.total_seconds()})
        while self._bus.connected and await self._sweep(collection, self._clock() - _FRESH):
            pass

    async def _sweep(self, collection: Collection, before: datetime) -> bool:
        """Publishes a batch of what waits since before; whether there may be more and it went well."""
        documents = collection.find(_before(before), {"outbox": 1}).sort("outbox.at", 1).limit(BATCH)
        batch = [(collection, one["_id"], waiting) async for one in documents for waiting in one["outbox"]]
        return bool(batch) and await self._publish(batch)

    async def _publish(self, batch: list[Waiting]) -> bool:
        """Publishes them, and takes what was acknowledged out of its document; whether all of them were."""
        results = await asyncio.gather(*(self._send(one) for _, _, one in batch))
        acknowledged: dict[Collection, list[tuple[ObjectId, str]]] = defaultdict(list)
        for (collection, identity, one), sent in zip(batch, results, strict=True):
            if sent:
                acknowledged[collection].append((identity, one["id"]))
        for collection, pairs in acknowledged.items():
            await collection.update_many(
                {"_id": {"$in": list({identity for identity, _ in pairs})}},
                {"$pull": {"outbox": {"id": {"$in": [event for _, event in pairs]}}}},
            )
            _published.labels(collection.name).inc(len(pairs))
        return all(results)

    async def _send(self, one: Document) -> bool:
        try:
            await self._bus.publish(Message(one["id"], one["type"], one["payload"].encode()))
        except BusUnavailable:
            return False
        return True


def _before(moment: datetime) -> dict[str, Any]:
    return {"outbox.0": {"$exists": True}, "outbox.at": {"$lt": moment}}
