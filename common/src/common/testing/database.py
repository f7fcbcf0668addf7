"""A Mongo in memory, mended where mongomock differs from mongod in what we rest on."""

from typing import Any

import mongomock
from mongomock_motor import AsyncMongoMockClient

from common.mongo import Database, IndexModel, new_id


def _create_indexes(collection: Any, models: list[IndexModel], session: Any = None) -> list[str]:
    """mongomock's own forgets partial filters, so a unique index would hold for every document."""
    documents = [dict(model.document) for model in models]
    return [collection.create_index(list(one.pop("key").items()), session=session, **one) for one in documents]


setattr(mongomock.Collection, "create_indexes", _create_indexes)  # noqa: B010 (its stubs are those of a method)


def fake_database(service: str) -> Database:
    """An empty database of the service's own."""
    database: Database = AsyncMongoMockClient(tz_aware=True)[f"{service}-{new_id()}"]
    return database
