"""What waits in a document's `outbox`: an event that its write carried and that no stream has acknowledged yet."""

import secrets
from typing import Any

from common.clock import Clock
from common.events import Event, Said
from common.logs import traceparent
from common.mongo import Document

LIMIT = 100
"""Unpublished events that one document holds before the newest state stands for all of them."""


def entry(said: Said, source: str, clock: Clock) -> Document:
    """The event, ready to be sent, as the document keeps it."""
    moment = clock()
    event = Event[Any](
        id=secrets.token_hex(16),
        source=source,
        type=said.type.name,
        subject=said.data.subject,
        time=moment,
        traceparent=traceparent.get(),
        repeat=said.repeat,
        data=said.data,
    )
    return {
        "id": event.id,
        "at": moment,
        "type": event.type,
        "repeat": event.repeat,
        "state": said.data.subject == getattr(said.data, "id", None),
        "payload": event.wire().decode(),
    }


def added(waiting: list[Document], new: list[Document]) -> list[Document]:
    """Which of `new` are to be pushed: a repeat only where none of its type waits."""
    repeats = {one["type"] for one in waiting if one["repeat"]}
    return [one for one in new if not (one["repeat"] and one["type"] in repeats)]


def compacted(waiting: list[Document], new: list[Document]) -> list[Document]:
    """A full outbox after a write: of the states only the newest is kept (gaps in the versions are normal)."""
    every = waiting + new
    newest = next((one["id"] for one in reversed(every) if one["state"]), None)
    return [one for one in every if not one["state"] or one["id"] == newest]
