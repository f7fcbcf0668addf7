"""Every stream with its publisher and its events: read by the streams step, the bus, the docs and the checks."""

from dataclasses import dataclass
from typing import Any

from . import expiration, orders, payments, tickets, users
from .envelope import EventType


@dataclass(frozen=True, slots=True)
class Stream:
    """A JetStream stream: who publishes into it, under which subjects, which events."""

    name: str
    publisher: str
    subjects: tuple[str, ...]
    types: tuple[EventType[Any], ...]


def _stream(name: str, publisher: str, *types: EventType[Any]) -> Stream:
    subjects = dict.fromkeys(one.name.split(".")[0] + ".>" for one in types)
    return Stream(name, publisher, tuple(subjects), types)


STREAMS: dict[str, Stream] = {
    stream.name: stream
    for stream in (
        _stream("USERS", "auth", users.USER_CREATED),
        _stream(
            "TICKETS",
            "tickets",
            tickets.TICKET_CREATED,
            tickets.TICKET_UPDATED,
            tickets.TICKET_DELETED,
            tickets.RESERVATION_REJECTED,
        ),
        _stream(
            "ORDERS",
            "orders",
            *orders.ORDER_EVENTS,
        ),
        _stream(
            "PAYMENTS",
            "payments",
            payments.PAYMENT_AUTHORIZED,
            payments.PAYMENT_DECLINED,
            payments.PAYMENT_CREATED,
            payments.PAYMENT_FAILED,
            payments.PAYMENT_REFUNDED,
        ),
        _stream("EXPIRATION", "expiration", expiration.EXPIRATION_COMPLETE),
    )
}
DEADLETTERS = Stream("DEADLETTERS", "", ("deadletter.>",), ())
_STREAM_OF = {one.name: stream for stream in STREAMS.values() for one in stream.types}


def stream_of(event_type: EventType[Any]) -> Stream:
    """The stream that carries this event."""
    return _STREAM_OF[event_type.name]
