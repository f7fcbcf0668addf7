"""A Mongo in memory, mended where mongomock differs from mongod in what we rest on."""

from datetime import datetime
from pathlib import Path
from typing import Any

import mongomock
from mongomock_motor import AsyncMongoMockClient
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure

from common.mongo import Database, IndexModel, new_id
from common.mongo.archive import new_archive


def _create_indexes(collection: Any, models: list[IndexModel], session: Any = None) -> list[str]:
    """mongomock's own forgets partial filters, so a unique index would hold for every document."""
    documents = [dict(model.document) for model in models]
    return [collection.create_index(list(one.pop("key").items()), session=session, **one) for one in documents]


def _bulk_write(collection: Any, requests: list[UpdateOne], ordered: bool, session: Any = None) -> None:
    """mongomock's own does not know today's driver. Of updates; in order it ends at the first error."""
    errors = []
    for index, one in enumerate(requests):
        try:
            collection.update_one(one._filter, one._doc, upsert=bool(one._upsert), session=session)
        except OperationFailure as error:
            errors.append({"index": index, "code": error.code or 0, "errmsg": str(error)})
            if ordered:
                break
    if errors:
        raise BulkWriteError({"writeErrors": errors, "writeConcernErrors": []})


setattr(mongomock.Collection, "create_indexes", _create_indexes)  # noqa: B010 (its stubs are those of a method)
setattr(mongomock.Collection, "bulk_write", _bulk_write)  # noqa: B010


def fake_database(service: str) -> Database:
    """An empty database of the service's own."""
    database: Database = AsyncMongoMockClient(tz_aware=True)[f"{service}-{new_id()}"]
    return database


async def fake_backup(database: Database, service: str, folder: Path, moment: datetime) -> Path:
    """A backup as the command makes it of a real one, which alone can be copied as it is at one moment."""
    with new_archive(folder, service, moment) as (path, archive):
        for name in await database.list_collection_names():
            async for document in database[name].find():
                archive.add(name, document)
    return path
