"""Time in the simulation: a few moments at which things are done, and the times in documents seen from there.

The scheduler does not trust clocks: whatever could be due may be done, at once or never. So a document keeps only
whether a time is over, and how far ahead it lies, not when it was written.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import bson

START = datetime(2100, 1, 1)  # noqa: DTZ001 (as Mongo keeps it)
RETRY = timedelta(seconds=2)
"""When what is due at once, or was tried in vain, is looked at."""
MINUTE = timedelta(seconds=61)
"""When what waits for an answer is said again, and what is undecided is read."""
LATE = timedelta(seconds=2000)
"""When every deadline is over, for whoever looks."""

Document = dict[str, Any]


def message(payload: str | bytes) -> str:
    """An event without what makes it this one: its id, its time."""
    event = json.loads(payload)
    event |= {"id": "0" * 32, "time": "2100-01-01T00:00:00.000Z"}
    event.pop("traceparent", None)
    return json.dumps(event, sort_keys=True)


def _waiting(entry: Document) -> Document:
    payload = message(entry["payload"])
    digest = hashlib.sha256(payload.encode()).hexdigest()[:32]
    return entry | {"id": digest, "at": START, "payload": payload}


def _order(document: Document, _moment: datetime) -> Document:
    repeat = document["repeat"] and {"at": START + timedelta(seconds=60), "delay": 60.0}
    return document | {"repeat": repeat}


def _payment(document: Document, moment: datetime) -> Document:
    asking = document["asking_since"]
    return document | {
        "since": START,
        "keyed_at": START,
        "due_at": _ahead(document["due_at"], moment),
        "asking_since": asking and START,
        "asks": min(document["asks"], 1),
        "repeats": 0,
        "repeated_at": None,
        "refund_at": _ahead(document["refund_at"], moment),
    }


def _ahead(due: datetime | None, moment: datetime) -> datetime | None:
    """Now, with the next try, in a minute, or when every deadline is over."""
    if due is None:
        return None
    wait = due - moment
    for most, kept in ((0, 0), (20, 1), (600, 60)):
        if wait <= timedelta(seconds=most):
            return START + timedelta(seconds=kept)
    return START + timedelta(seconds=1020)


def _deadline(document: Document, _moment: datetime) -> Document:
    repeat_at = document["repeat_at"] and START + timedelta(seconds=60)
    return document | {"repeats": 0, "repeat_at": repeat_at}


_SEEN: Mapping[str, Callable[[Document, datetime], Document]] = {
    "orders.orders": _order,
    "payments.payments": _payment,
    "expiration.deadlines": _deadline,
}


def seen_from(moment: datetime, collection: str, document: Document) -> Document:
    """A document with its times as they look from this moment, its fields in order."""
    if collection in _SEEN:
        document = _SEEN[collection](document, moment)
    if document.get("outbox"):
        document = document | {"outbox": [_waiting(one) for one in document["outbox"]]}
    return {name: document[name] for name in sorted(document)}


def at_ease(payment: Document, *, busy: bool) -> Document:
    """A payment without what nobody can see in its version; nobody `busy`, without a dead worker's claim as well.

    Whoever has read it before reads it again before writing, in the same step.
    """
    due = payment["due_at"]
    claim = {} if busy or due is None else {"asking": None, "asking_since": None, "asks": 0}
    soon = due is not None and due <= START + RETRY
    seen = {"version": payment["version"] - payment["unsaid"], "unsaid": 0, "due_at": START if soon else due}
    return payment | claim | seen


def remembered(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a process was answered, without what it needs no more once it has written."""
    match answer:
        case ("list", bytes(data)):
            return ("list", bson.encode({"all": [_remembered(one) for one in bson.decode(data)["all"]]}))
        case ("one", bytes(data)):
            return ("one", bson.encode(_remembered(bson.decode(data))))
    return answer


def _remembered(document: Document) -> Document:
    if "attempts" in document:
        due = document["due_at"] and START
        claim = {"asking": None, "asking_since": None, "asks": 0}
        document = document | claim | {"version": 0, "unsaid": 0, "due_at": due}
        document.pop("outbox", None)
        return document
    return document | {"version": 0}
