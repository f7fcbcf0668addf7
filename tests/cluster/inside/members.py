"""Runs in a service's pod: what each member of its database's replica set says that it is. Says JSON."""

# ruff: noqa: TID251, T201 (in a pod: its settings are in the environment, and it says what it found)

import json
import os

from pymongo import MongoClient
from pymongo.errors import PyMongoError

_PATIENCE = 4000


def state(host: str) -> str:
    """In a word; nobody needs a password to ask for that."""
    with MongoClient(f"mongodb://{host}/?directConnection=true", serverSelectionTimeoutMS=_PATIENCE) as client:
        try:
            hello = client.admin.command("hello")
        except PyMongoError as error:
            return type(error).__name__
    return "primary" if hello.get("isWritablePrimary") else "secondary" if hello.get("secondary") else "neither"


with MongoClient(os.environ["MONGO_URL"], serverSelectionTimeoutMS=_PATIENCE) as own:
    hosts = own.admin.command("hello")["hosts"]
print(json.dumps({host: state(host) for host in hosts}))
