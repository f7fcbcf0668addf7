"""What `python -m SERVICE.commands state` prints for the audit: a JSON line for each thing a service owns or has heard.

First `{"service", "at"}`, with `restored` where the database was ever put back from a backup, then the lines of each
kind by id, last `{"ends", "lines"}`: without it something is missing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from common.clock import rfc3339
from common.events import EventData
from common.mongo.whole import last_restore
from common.outbox import Stored

from .parts import Parts

Line = Mapping[str, Any]


def owned(
    kind: str,
    stored: Stored[Any],
    state: EventData,
    *,
    waiting: Sequence[str] = (),
    since: datetime | None = None,
    **private: Any,
) -> Line:
    """An aggregate. `waiting`: for whom or what, as far as that is saved; `since`: where it is not a person's turn."""
    line: dict[str, Any] = {
        "owns": kind,
        "id": stored.state.id,
        "version": stored.state.version,
        "outbox": stored.unpublished,
        "waiting": list(waiting),
    }
    if stored.since is not None:
        line["outboxSince"] = rfc3339(stored.since)
    return line | _since(since) | {"state": _public(state), "private": private}


def task(kind: str, identity: str, *, waiting: Sequence[str], since: datetime | None = None, **private: Any) -> Line:
    """Something to be done, that no event tells of."""
    line: dict[str, Any] = {"owns": kind, "id": identity, "version": 0, "outbox": 0, "waiting": list(waiting)}
    return line | _since(since) | {"state": {}, "private": private}


def heard(kind: str, identity: str, version: int, state: EventData | Mapping[str, Any], *, stale: bool = False) -> Line:
    """A replica: what it keeps of another's, in the words of the event. `stale`: marked by `rebuild`."""
    fields = _public(state) if isinstance(state, EventData) else dict(state)
    line: dict[str, Any] = {"heard": kind, "id": identity, "version": version, "state": fields}
    return line | ({"stale": True} if stale else {})


async def report(parts: Parts, *sections: AsyncIterator[Line]) -> AsyncIterator[Line]:
    """All that a service says: its sections, one after another, between the first line and the last."""
    restored = await last_restore(parts.database)
    first = {} if restored is None else {"restored": rfc3339(restored)}
    async for line in framed({"service": parts.name, "at": rfc3339(parts.clock())} | first, *sections):
        yield line


async def framed(first: Line, *sections: AsyncIterator[Line]) -> AsyncIterator[Line]:
    """Between a first line, which names the service, and a last, which tells how many there were."""
    yield first
    count = 0
    for section in sections:
        async for line in section:
            count += 1
            yield line
    yield {"ends": first["service"], "lines": count}


def _public(state: EventData) -> dict[str, Any]:
    return state.model_dump(mode="json", by_alias=True)


def _since(moment: datetime | None) -> dict[str, str]:
    return {} if moment is None else {"since": rfc3339(moment)}
