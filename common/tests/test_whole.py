"""A database as a whole, on a real mongod."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from common.mongo import Database, Document, IndexModel, Mongo
from common.mongo.whole import TooSlow, Unfinished, drop_all, every_document, fill, is_empty
from common.testing import Kit
from common.testing.servers import mongo_server

real = pytest.mark.real
MANY = 1000


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mongo_server(tmp_path_factory.mktemp("mongo")) as address:
        yield address


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with Mongo(url) as mongo:
        await mongo.database.client.drop_database("things")
        yield mongo.database


async def everything(database: Database) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    async for name, document in every_document(database):
        found.setdefault(name, []).append(bson.decode(document.raw))  # type: ignore[attr-defined]
    return found


@real
async def test_a_copy_is_of_one_moment_whoever_writes_on(database: Database) -> None:
    """While it is at the first collection both are changed; without the snapshot it would have half of that."""
    for name in ("left", "right"):
        await database[name].insert_many([{"_id": number, "count": 0} for number in range(MANY)])
    found: dict[str, list[Document]] = {"left": [], "right": []}
    async for name, document in every_document(database):
        if not found["left"]:
            for changed in ("left", "right"):
                await database[changed].update_many({}, {"$inc": {"count": 1}})
                await database[changed].delete_one({"_id": 7})
                await database[changed].insert_one({"_id": MANY, "count": 1})
            await database["new"].insert_one({"_id": 1})
        found[name].append(bson.decode(document.raw))  # type: ignore[attr-defined]
    expected = [{"_id": number, "count": 0} for number in range(MANY)]
    assert found == {"left": expected, "right": expected}


@real
async def test_one_that_takes_too_long_says_so(database: Database, url: str) -> None:
    await database["things"].insert_many([{"_id": number, "text": "x" * 20_000} for number in range(2000)])
    with MongoClient[dict[str, Any]](url) as admin:
        admin.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=0)
        copying = every_document(database)
        await anext(copying)
        for number in range(20):
            await database["things"].update_many({"_id": {"$lt": 50}}, {"$set": {"number": number}})
            await asyncio.sleep(0.2)
        try:
            with pytest.raises(TooSlow, match="minSnapshotHistoryWindowInSeconds"):
                async for _ in copying:
                    pass
        finally:
            admin.admin.command("setParameter", 1, minSnapshotHistoryWindowInSeconds=300)


@real
async def test_emptied_and_filled_it_is_as_it_was(database: Database) -> None:
    one = {"_id": 1, "long": bson.Int64(5), "at": None, "raw": b"\x00", "nested": {"b": 1, "a": [1.5, {"c": ""}]}}
    await database["things"].insert_many([one, *({"_id": number} for number in range(2, 1300))])
    await database["others"].insert_one({"_id": "x", "version": 1})
    before = await everything(database)
    await drop_all(database)
    assert await is_empty(database)
    assert await database.list_collection_names() == []
    documents = [(name, document) for name, those in before.items() for document in those]
    await fill(database, documents, {"others": lambda document: document | {"version": 2}})
    after = await everything(database)
    assert after == before | {"others": [{"_id": "x", "version": 2}]}
    assert [bson.encode(document) for document in after["things"]] == [bson.encode(one) for one in before["things"]]


@real
async def test_indexes_alone_are_no_document(database: Database) -> None:
    await database["things"].create_indexes([IndexModel([("name", 1)])])
    assert await is_empty(database)
    await database["things"].insert_one({"_id": 1})
    assert not await is_empty(database)


@real
async def test_nobody_else_is_seen_where_there_are_no_users(database: Database, url: str) -> None:
    async with Mongo(url) as mongo:
        await database["things"].find_one()
        assert await mongo.others() == []


async def test_one_that_goes_away_meanwhile_is_told_so() -> None:
    class Away:
        async def insert_many(self, *_: object, **__: object) -> None:
            raise AutoReconnect("no primary")

    with pytest.raises(Unfinished, match=r"no primary .*give the command again, with `replace`"):
        await fill({"things": Away()}, [("things", {"_id": 1})], {})  # type: ignore[arg-type]


async def test_what_its_indexes_refuse_is_told_so() -> None:
    database = Kit("things").database
    await database["things"].insert_one({"_id": 1})
    with pytest.raises(Unfinished, match="give the command again"):
        await fill(database, [("things", {"_id": 1})], {})
