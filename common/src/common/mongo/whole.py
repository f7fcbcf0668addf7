"""A database as a whole: copied as it is at one moment, or filled anew."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import DESCENDING
from pymongo.errors import BulkWriteError

from common.errors import AppError, Unavailable

from .client import OUTAGES, Database, Document, Refusal

Renewals = Mapping[str, Callable[[Document], Document]]
"""By collection: what a restore makes of a document of it. Those of any other go in as they were."""
_AS_IT_LIES = CodecOptions(document_class=RawBSONDocument)
_RESTORES = "restores"
_MOST = 500
"""Documents that are put in together; they are small, and each such step has five seconds."""
_BROKEN_OFF: tuple[type[Exception], ...] = (*OUTAGES, BulkWriteError, AppError)
_MOMENT_GONE = frozenset({239, 246})
"""SnapshotTooOld, SnapshotUnavailable."""


class TooSlow(Unavailable):
    code, sentence = (
        "too-slow",
        "The copy took longer than MongoDB remembers a moment (minSnapshotHistoryWindowInSeconds), so there is none.",
    )


class Unfinished(Unavailable):
    code, sentence = "unfinished", "The database is filled in part only: give the command again, with `replace`."


async def every_document(database: Database) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    """Each document, undecoded, and its collection, all as they were at one and the same moment, whoever writes on.

    A replica set can do that, for the minutes that it remembers (five, unless it is told otherwise).
    """
    try:
        async with await database.client.start_session(snapshot=True) as moment:
            for name in await _collections(database):
                documents = database[name].with_options(codec_options=_AS_IT_LIES).find({}, session=moment)
                async for document in documents:
                    yield name, document
    except Refusal as error:
        if error.code in _MOMENT_GONE:
            raise TooSlow from error
        raise


async def is_empty(database: Database) -> bool:
    """Whether it holds no document; indexes do not count."""
    for name in await _collections(database):
        if await database[name].find_one({}, {"_id": 1}) is not None:
            return False
    return True


async def drop_all(database: Database) -> None:
    """Without any collection."""
    for name in await _collections(database):
        await database[name].drop()


async def fill(database: Database, documents: Iterable[tuple[str, Document]], renewals: Renewals) -> None:
    """Puts them in; `Unfinished` where the database does not take them all."""
    waiting: dict[str, list[Document]] = {}
    try:
        for name, document in documents:
            renewed = renewals.get(name)
            batch = waiting.setdefault(name, [])
            batch.append(document if renewed is None else renewed(document))
            if len(batch) == _MOST:
                await database[name].insert_many(waiting.pop(name), ordered=False)
        for name, batch in waiting.items():
            await database[name].insert_many(batch, ordered=False)
    except _BROKEN_OFF as error:
        raise Unfinished(f"{error} {Unfinished.sentence}") from error


async def note_restore(database: Database, moment: datetime, backup: datetime) -> None:
    """The database is since `moment` as it was at the time of the backup."""
    await database[_RESTORES].update_one({"_id": moment}, {"$set": {"backup": backup}}, upsert=True)


async def last_restore(database: Database) -> datetime | None:
    """When it was last put back; None if it never was."""
    document = await database[_RESTORES].find_one({}, sort=[("_id", DESCENDING)])
    return None if document is None else document["_id"]


async def _collections(database: Database) -> list[str]:
    names = await database.list_collection_names()
    return sorted(name for name in names if not name.startswith("system."))
