"""How often a message failed."""

from collections.abc import Mapping

from pymongo import ASCENDING, IndexModel

from common.clock import Clock, now

from .client import OUTAGES, Collection, Database


class FailureCounts:
    """How often each message failed (see `common.bus.Failures`), forgotten after 30 days."""

    outages = OUTAGES

    def __init__(self, database: Database, clock: Clock = now) -> None:
        self._counts: Collection = database["failures"]
        self._clock = clock

    @property
    def indexes(self) -> Mapping[Collection, list[IndexModel]]:
        """Forgets by itself."""
        return {self._counts: [IndexModel([("at", ASCENDING)], expireAfterSeconds=30 * 24 * 3600)]}

    async def count(self, stream: str, sequence: int) -> int:
        """One more; how many there are now."""
        document = await self._counts.find_one_and_update(
            {"_id": f"{stream}:{sequence}"},
            {"$inc": {"count": 1}, "$set": {"at": self._clock()}},
            upsert=True,
            return_document=True,
        )
        return int(document["count"])
