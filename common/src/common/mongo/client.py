"""The only module that knows motor (its successor is PyMongo's AsyncMongoClient: docs/adr/0002-motor.md).

Writes are acknowledged by a majority and journaled, reads are of what a majority has: what was read cannot be undone.
"""

import asyncio
import logging
import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from bson import ObjectId
from bson.errors import InvalidId
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import IndexModel
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    WriteConcernError,
)
from pymongo.read_concern import ReadConcern

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
CONNECT_WITHIN = timedelta(seconds=2)
"""How long the driver calls at an address where a member may have been. Much less than the above, so that a member that
has come back under another address is found while an operation still waits for it.
"""

_log = logging.getLogger(__name__)


class Mongo:
    """A service's own database; an asynchronous context manager that closes its connections."""

    def __init__(self, url: str) -> None:
        """`url` names the database in its path."""
        limit = _milliseconds(ANSWER_WITHIN)
        self._name = f"ticketing-{secrets.token_hex(4)}"
        self._client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(
            url,
            appname=self._name,
            tz_aware=True,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            serverSelectionTimeoutMS=limit,
            timeoutMS=limit,
            connectTimeoutMS=_milliseconds(CONNECT_WITHIN),
            maxPoolSize=50,
        )
        self.database: Database = self._client.get_default_database()

    async def others(self) -> list[str]:
        """Where else somebody is connected as the same user; nobody, where the database knows no users."""
        admin = self._client.get_database("admin", read_concern=ReadConcern("local"))
        everybody = admin.aggregate([{"$currentOp": {"allUsers": False, "idleConnections": True}}])
        theirs = {one["client"] async for one in everybody if "client" in one and self._is_other(one)}
        return sorted(theirs)

    def _is_other(self, operation: Document) -> bool:
        return bool(operation.get("effectiveUsers")) and operation.get("appName") != self._name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


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
