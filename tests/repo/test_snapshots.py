"""A public contract moves on purpose only: what the code says is what lies in docs."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.events import STREAMS, EventType, parse
from infra.ops.snapshots import APIS, LISTENERS, ROOT, snapshots

from .services import SERVICES

FILES = snapshots()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_is_as_it_was(path: Path) -> None:
    """`python -m infra.ops.snapshots` writes it anew where it moved on purpose."""
    assert path.exists(), "run: python -m infra.ops.snapshots"
    assert path.read_text() == FILES[path], "run: python -m infra.ops.snapshots, and look at the difference"


@pytest.mark.parametrize("room", ["openapi", "events"])
def test_nothing_is_left_of_what_is_gone(room: str) -> None:
    assert set((ROOT / "docs" / room).glob("*.json")) <= set(FILES)


@pytest.mark.parametrize(
    "event", [one for stream in STREAMS.values() for one in stream.types], ids=lambda one: one.name
)
def test_the_example_of_an_event_is_one(event: EventType[Any]) -> None:
    example = json.loads((ROOT / f"docs/events/{event.name}.json").read_text())["example"]
    assert parse(event, json.dumps(example).encode()).type == event.name


def test_every_service_is_looked_at() -> None:
    assert {service.name for service in SERVICES if any(not route.is_page for route in service.routes())} == set(APIS)
    assert {service.name for service in SERVICES if service.subscriptions} == set(LISTENERS)
