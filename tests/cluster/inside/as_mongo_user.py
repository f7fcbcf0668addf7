"""Runs in a service's pod: tries each of these at a mongod and says what it answered. Says JSON.

On standard input a list of `[name, url, database, command]`; an empty url is the service's own. The answer to each is
`ok`, the code of the refusal, or the kind of error.
"""

# ruff: noqa: TID251, T201 (in a pod: its settings are in the environment, and it says what it found)

import json
import os
import sys

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

_PATIENCE = 8000


def tried(url: str, database: str, command: dict[str, object]) -> str:
    """What comes of it."""
    with MongoClient(url, serverSelectionTimeoutMS=_PATIENCE) as client:
        try:
            client[database].command(command)
        except OperationFailure as error:
            return str(error.code)
        except PyMongoError as error:
            return type(error).__name__
    return "ok"


answers = {name: tried(url or os.environ["MONGO_URL"], *rest) for name, url, *rest in json.load(sys.stdin)}
print(json.dumps(answers))
