"""Every event has a publisher and a listener, and both say so on their page."""

import re
from collections.abc import Iterable
from typing import Any

import pytest

from common.events import STREAMS, EventType, stream_of

from .services import SERVICES, Service

TYPES: list[EventType[Any]] = [one for stream in STREAMS.values() for one in stream.types]


def short(event: EventType[Any]) -> str:
    """Its name without the version of its schema."""
    return event.name.rpartition(".v")[0]


def unnamed(service: Service, events: Iterable[EventType[Any]]) -> list[str]:
    """Those that its page does not name."""
    words = set(re.findall(r"\b[a-z]+\.(?:[a-z]+|\*)", service.readme))
    names = [short(one) for one in events]
    return [name for name in names if words.isdisjoint({name, f"{name.partition('.')[0]}.*"})]


@pytest.mark.parametrize("event", TYPES, ids=short)
def test_somebody_hears_it(event: EventType[Any]) -> None:
    assert [service.name for service in SERVICES if event in service.subscriptions]


def test_every_publisher_is_a_service() -> None:
    assert {stream.publisher for stream in STREAMS.values()} <= {service.name for service in SERVICES}


def test_nobody_hears_itself_or_what_nobody_says(service: Service) -> None:
    assert set(service.subscriptions) <= set(TYPES)
    assert service.name not in {stream_of(event).publisher for event in service.subscriptions}


def test_its_page_names_what_it_publishes(service: Service) -> None:
    assert unnamed(service, (one for one in TYPES if stream_of(one).publisher == service.name)) == []


def test_its_page_names_what_it_hears(service: Service) -> None:
    assert unnamed(service, service.subscriptions) == []
