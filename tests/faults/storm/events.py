"""What the streams know."""

import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nats
from nats.aio.client import Client

from common.events import ORDER_CANCELLED, STREAMS
from infra.local.testing import RunningStack

Json = dict[str, Any]
_SILENT_AFTER = 10.0


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as its stream keeps it."""

    stream: str
    sequence: int
    event: Json

    def names(self, identities: Collection[str]) -> bool:
        """Whether it tells of one of these."""
        text = json.dumps(self.event)
        return any(identity in text for identity in identities)

    def line(self) -> str:
        """For people."""
        said = json.dumps(self.event["data"], ensure_ascii=False)
        repeat = " (repeat)" if self.event.get("repeat") else ""
        return f"{self.event['time']}  {self.stream} {self.sequence}  {self.event['type']}{repeat}  {said}"

    def late(self) -> float:
        """Seconds from the deadline of a reservation to the event that first says that it has expired; else 0."""
        data = self.event["data"]
        if self.event["type"] != ORDER_CANCELLED.name or self.event.get("repeat") or data["reason"] != "expired":
            return 0.0
        said, due = (datetime.fromisoformat(text) for text in (self.event["time"], data["expiresAt"]))
        return (said - due).total_seconds()


async def all_events(stack: RunningStack) -> list[Stored]:
    """Every event of every stream, by the time when it was said."""
    secrets = json.loads(stack.layout.credentials.read_text())
    client = await nats.connect(stack.url("nats"), user="admin", password=secrets["nats"]["admin"])
    try:
        found = [event for stream in STREAMS.values() async for event in _events(client, stream.name)]
    finally:
        await client.close()
    return sorted(found, key=lambda one: one.event["time"])


async def _events(client: Client, stream: str) -> AsyncIterator[Stored]:
    jetstream = client.jetstream()
    left = (await jetstream.stream_info(stream)).state.messages
    subscription = await jetstream.subscribe("", stream=stream, ordered_consumer=True) if left else None
    while left and subscription is not None:
        message = await subscription.next_msg(timeout=_SILENT_AFTER)
        left -= 1
        yield Stored(stream, message.metadata.sequence.stream, json.loads(message.data))
