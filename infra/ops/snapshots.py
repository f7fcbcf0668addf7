"""The public contracts as files, so that none moves by accident: `python -m infra.ops.snapshots` writes them anew.

`docs/openapi/SERVICE.json` is what each service answers, `docs/events/TYPE.json` what each event carries, with an
example; `docs/events.md` is the list of events for people, `infra/k8s/nats/users.conf` who may publish and hear them.
"""

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from common.events import STREAMS, Event, EventType, Stream
from infra.local import nats

from .examples import EXAMPLES, TIME

ROOT = Path(__file__).resolve().parents[2]
APIS = ("auth", "tickets", "orders", "payments")
LISTENERS = ("tickets", "orders", "payments", "expiration", "client", "emails")
_TABLE = """# Events

CloudEvents 1.0 in structured JSON over NATS JetStream; the subject is the `type`, which ends in the version of its
schema. Each carries the whole public state of its aggregate and its version, so a listener takes what is newer than
what it has, and gaps are normal. `repeat` marks what is said again because an answer is missing. Written by
`python -m infra.ops.snapshots`.

| event | stream | published by | heard by |
|---|---|---|---|
"""


def snapshots() -> dict[Path, str]:
    """Every file with its content."""
    written = {ROOT / "docs/events.md": _table(), ROOT / "infra/k8s/nats/users.conf": nats.render_users()}
    return dict(_openapi()) | dict(_events()) | written


def write() -> list[Path]:
    """Brings the files up to date; those that were not."""
    wanted = snapshots()
    stale = {path for room in ("openapi", "events") for path in (ROOT / "docs" / room).glob("*.json")} - set(wanted)
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        path.unlink()
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path])
    return [*sorted(stale), *changed]


def _openapi() -> Iterator[tuple[Path, str]]:
    for name in APIS:
        settings = importlib.import_module(f"{name}.settings").Settings(environment="local")
        create: Callable[..., FastAPI] = importlib.import_module(f"{name}.app").create_app
        yield ROOT / f"docs/openapi/{name}.json", _json(create(settings).openapi())


def _events() -> Iterator[tuple[Path, str]]:
    for stream, event in _all():
        kind: Any = Event[event.data]  # type: ignore[name-defined]
        content = {"example": _example(stream, event), "schema": kind.model_json_schema(by_alias=True)}
        yield ROOT / f"docs/events/{event.name}.json", _json(content)


def _example(stream: Stream, event: EventType[Any]) -> Mapping[str, Any]:
    data = EXAMPLES[event]
    said = Event[Any](
        id="5f0c2f6d2b7e4f0f9c1a4be7a1d2c3e4",
        source=stream.publisher,
        type=event.name,
        subject=data.subject,
        time=TIME,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        data=data,
    )
    example: Mapping[str, Any] = json.loads(said.wire())
    return example


def _table() -> str:
    heard = {name: importlib.import_module(f"{name}.listeners").SUBSCRIPTIONS for name in LISTENERS}
    rows = [
        f"| [`{event.name}`](events/{event.name}.json) | {stream.name} | {stream.publisher} "
        f"| {', '.join(name for name in LISTENERS if event in heard[name])} |\n"
        for stream, event in _all()
    ]
    return _TABLE + "".join(rows)


def _all() -> Iterator[tuple[Stream, EventType[Any]]]:
    for stream in STREAMS.values():
        for event in stream.types:
            yield stream, event


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for changed in write():
        sys.stdout.write(f"{changed.relative_to(ROOT)}\n")
