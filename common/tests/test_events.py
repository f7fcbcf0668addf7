"""The envelope, and the catalogue of everything that is said."""

import json
import re

import pytest
from pydantic import ValidationError

from common.events import STREAMS, TICKET_UPDATED, Event, TicketState, parse, stream_of
from common.testing import FakeClock

STATE = TicketState(id="t1", version=3, title="Hozier", price_cents=7500, currency="usd", user_id="u1")


def make_event(clock: FakeClock, **overrides: object) -> Event[TicketState]:
    fields = {"id": "e1", "source": "tickets", "type": TICKET_UPDATED.name, "subject": "t1", "time": clock()}
    return Event[TicketState](data=STATE, **(fields | overrides))  # type: ignore[arg-type]


def test_an_event_travels_as_cloudevents_json(clock: FakeClock) -> None:
    wire = json.loads(make_event(clock).wire())
    assert wire == {
        "specversion": "1.0",
        "id": "e1",
        "source": "tickets",
        "type": "ticket.updated.v1",
        "subject": "t1",
        "time": wire["time"],
        "datacontenttype": "application/json",
        "data": {
            "id": "t1", "version": 3, "title": "Hozier", "priceCents": 7500, "currency": "usd", "userId": "u1",
            "orderId": None, "deleted": False,
        },
    }  # fmt: skip


def test_what_was_sent_is_what_is_read(clock: FakeClock) -> None:
    event = make_event(clock, repeat=True, traceparent="00-x")
    assert parse(TICKET_UPDATED, event.wire()) == event


def test_members_of_a_later_version_are_ignored(clock: FakeClock) -> None:
    wire = json.loads(make_event(clock).wire())
    wire["data"]["venue"] = "Red Rocks"
    wire["partitionkey"] = "x"
    assert parse(TICKET_UPDATED, json.dumps(wire).encode()).data == STATE


@pytest.mark.parametrize("payload", [b"", b"{}", b"\xff", b'{"specversion": "0.3"}'])
def test_what_is_no_event_is_refused(payload: bytes) -> None:
    with pytest.raises(ValidationError):
        parse(TICKET_UPDATED, payload)


def test_an_event_cannot_be_changed(clock: FakeClock) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_event(clock).data.title = "Another"  # type: ignore[misc]


def test_every_event_has_one_stream_that_takes_its_subject_and_a_version() -> None:
    names = [one.name for stream in STREAMS.values() for one in stream.types]
    assert len(names) == len(set(names))
    for stream in STREAMS.values():
        for one in stream.types:
            assert stream_of(one) is stream
            assert re.fullmatch(r"[a-z]+\.[a-z]+\.v\d+", one.name)
            taking = [name for name, other in STREAMS.items() for subject in other.subjects
                      if one.name.startswith(subject.removesuffix(">"))]  # fmt: skip
            assert taking == [stream.name]
