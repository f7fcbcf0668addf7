"""The only module that knows motor (its successor is PyMongo's AsyncMongoClient: docs/adr/0002-motor.md).

Writes are acknowledged by a majority and journaled, reads are of what a majority has: what was read cannot be undone.
"""

import asyncio
import itertools
import logging
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from bson import ObjectId
from bson.errors import InvalidId
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    WriteConcernError,
)

from .clock import Clock, now

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Any]
Database = AsyncIOMotorDatabase[Any]
DuplicateKey = DuplicateKeyError
OUTAGES: tuple[type[Exception], ...] = (ConnectionFailure, ExecutionTimeout, WriteConcernError)
"""How the driver says that the database is out of reach: no primary was found, no connection was free, or no majority

has the write (it may have been made).
"""
Refusal = OperationFailure
"""What a database that answers does not do."""
_NO_KEYS_YET = 211
ANSWER_WITHIN = timedelta(seconds=5)
"""How long one operation may take, the search for a primary included."""

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "OUTAGES",
    "Collection",
    "Database",
    "Document",
    "DuplicateKey",
    "IndexModel",
    "Mongo",
    "Refusal",
]

_TOGETHER = 100
"""Documents that one query reads by id."""

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Mongo:
    """A service's own database; an asynchronous context manager that closes its connections."""

    def __init__(self, url: str) -> None:
        """`url` names the database in its path."""
        limit = int(ANSWER_WITHIN.total_seconds() * 1000)
        self._client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            serverSelectionTimeoutMS=limit,
            timeoutMS=limit,
            maxPoolSize=50,
        )
        self.database: Database = self._client.get_default_database()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


def has_just_started(error: Exception) -> bool:
    """Whether it is the refusal of a server that does not know its set's keys yet: an outage by another name."""
    return isinstance(error, Refusal) and error.code == _NO_KEYS_YET


async def ping(database: Database) -> None:
    """Raises one of `OUTAGES` when the database does not answer."""
    await database.command("ping")


async def create_indexes(
    indexes: Mapping[Collection, list[IndexModel]], patience: timedelta = timedelta(seconds=60)
) -> None:
    """Creates what is missing; waits for a database that is still starting, for `patience` at most."""
    async with asyncio.timeout(patience.total_seconds()):
        for collection, models in indexes.items():
            while models:  # mongod refuses an empty list
                try:
                    await collection.create_indexes(models)
                    break
                except OUTAGES as error:
                    _log.warning("waiting for the database", extra={"error": str(error)[:200]})
                    await asyncio.sleep(1)


def words(text: str) -> list[str]:
    """The words of a text as a search index keeps them: without accents, in lower case, each once."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(one for one in plain if not unicodedata.combining(one))
    return list(dict.fromkeys(re.findall(r"[^\W_]+", kept)))


def new_id() -> str:
    """A fresh id: an ObjectId as 24 hex digits, which carries the time of its making."""
    return str(ObjectId())


def oid(text: str) -> ObjectId:
    """The ObjectId in 24 hex digits; `ValueError` for anything else."""
    try:
        return ObjectId(text)
    except InvalidId as error:
        raise ValueError("an id is 24 hexadecimal digits") from error


class Reads:
    """Reads by id, put together: whoever asks while a query is under way shares the next one.

    A query costs several hundred microseconds whether it brings one document or sixteen.
    """

    def __init__(self, collection: Collection, without: Sequence[str] = ()) -> None:
        """`without`: fields that nobody here wants."""
        self._collection = collection
        self._projection = dict.fromkeys(without, 0)
        self._wanted: dict[ObjectId, asyncio.Future[Document | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, identity: str) -> Document | None:
        """The document with this id, as a majority has it at some moment after the call."""
        future = self._wanted.get(oid(identity))
        if future is None:
            future = self._wanted[oid(identity)] = asyncio.get_running_loop().create_future()
            future.add_done_callback(_looked_at)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await asyncio.shield(future)  # one who leaves must not take the others' answer along

    async def _read(self) -> None:
        try:
            while self._wanted:
                wanted = dict(itertools.islice(self._wanted.items(), _TOGETHER))
                for identity in wanted:
                    del self._wanted[identity]
                await self._answer(wanted)
        finally:
            self._reading = None

    async def _answer(self, wanted: dict[ObjectId, "asyncio.Future[Document | None]"]) -> None:
        try:
            found = self._collection.find({"_id": {"$in": list(wanted)}}, self._projection or None)
            documents = {document["_id"]: document async for document in found}
        except BaseException as error:  # also when cancelled: those who wait have to hear of it
            for future in wanted.values():
                future.set_exception(error if isinstance(error, Exception) else AutoReconnect("closing"))
            if not isinstance(error, Exception):
                raise
        else:
            for identity, future in wanted.items():
                future.set_result(documents.get(identity))


def _looked_at(future: "asyncio.Future[Document | None]") -> None:
    """Where everybody who asked has left, nobody complains of an error that nobody saw."""
    if not future.cancelled():
        future.exception()


def newer(version: int) -> Document:
    """Matches a replica that this version replaces: one that is older, or any that is stale."""
    return {"$or": [{"version": {"$lt": version}}, {"stale": True}]}


async def take(
    replicas: Collection, identity: str, where: Document, fields: Document, first: Document | None = None
) -> bool:
    """Sets `fields` where the replica matches `where` (see `newer`), or where there is none, then `first` too.

    Whether it did.
    """
    query = {"_id": oid(identity), **where}
    update = {"$set": fields} | ({"$setOnInsert": first} if first else {})
    try:
        await replicas.update_one(query, update, upsert=True)
    except DuplicateKey:  # it is here: as new already, or put in by another process meanwhile, and perhaps older
        return bool((await replicas.update_one(query, {"$set": fields})).matched_count)
    return True


async def mark_stale(replicas: Collection) -> int:
    """Each replica takes the next state that it hears of, whatever its version; until then it stays. How many."""
    return int((await replicas.update_many({}, {"$set": {"stale": True}})).modified_count)


async def drop_stale(replicas: Collection) -> int:
    """What was marked and whose owner has not told of it since; how many."""
    return int((await replicas.delete_many({"stale": True})).deleted_count)


YOUNG = timedelta(seconds=10)
"""An unknown id younger than this may be an event that is still on its way."""
_WAITS = (0.02, 0.03, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6)
"""2 s in all."""


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
