"""A service's own database: the connection, reads by id, what is kept of others'. (Aggregates: `common.outbox`.)"""

from pymongo import ASCENDING, DESCENDING, IndexModel

from .client import (
    OUTAGES,
    Collection,
    Database,
    Document,
    DuplicateKey,
    Mongo,
    Refusal,
    create_indexes,
    has_just_started,
    new_id,
    oid,
    ping,
    words,
)
from .failures import FailureCounts
from .reads import Reads, eventually
from .replicas import Replicas, newer, staled
from .whole import Renewals

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "OUTAGES",
    "Collection",
    "Database",
    "Document",
    "DuplicateKey",
    "FailureCounts",
    "IndexModel",
    "Mongo",
    "Reads",
    "Refusal",
    "Renewals",
    "Replicas",
    "create_indexes",
    "eventually",
    "has_just_started",
    "new_id",
    "newer",
    "oid",
    "ping",
    "staled",
    "words",
]
