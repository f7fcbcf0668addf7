"""Aggregates after a restore."""

from collections.abc import Callable
from datetime import UTC, datetime

from common.mongo import Document

_ROOM = 1_000_000
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def raised(number: int, moment: datetime) -> int:
    """A version, or a number that counts as versions do, after a restore at this moment: greater than any before it.

    A backup moves versions back, and everybody else has heard of greater ones and ignores what is older. So a million
    is added for each second from 2026 to the restore, to the last six digits alone: what an earlier restore had added
    goes. That makes each restore greater than all before it, in whatever order backups are restored, also one that was
    made after a restore; a sum would not. It stays exact in JSON (below 2^53) for 285 years.
    """
    return int((moment - _BEGINNING).total_seconds()) * _ROOM + number % _ROOM


def set_back(moment: datetime) -> Callable[[Document], Document]:
    """What a restore at this moment makes of an aggregate.

    `set_back` stays, since no write names it: what others have done since can then be told from what cannot be. What
    its outbox holds is said as it was, and is no news to anybody who had heard it.
    """
    return lambda document: document | {"version": raised(document["version"], moment), "set_back": True}
