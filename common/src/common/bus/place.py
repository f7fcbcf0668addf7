"""Where a service listens: its durable consumer on one stream, and how it asks for messages."""

import json
from dataclasses import dataclass
from datetime import timedelta

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

BATCH = 64
MOST_PENDING = 1000
UNLIMITED_PENDING = frozenset({"EXPIRATION"})
"""Streams whose listeners put messages off until due: with a limit, a thousand early timers would block the rest."""
_BEATS_EXPIRY = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Which consumer: `subjects` is what the service hears of this stream."""

    service: str
    stream: str
    subjects: list[str]
    ack_wait: timedelta
    heartbeat: timedelta

    def request(self) -> bytes:
        """What is asked for, and how often the server gives a sign of life while it has nothing."""
        beat = nanoseconds(self.heartbeat)
        return json.dumps({"batch": BATCH, "expires": _BEATS_EXPIRY * beat, "idle_heartbeat": beat}).encode()

    def config(self) -> ConsumerConfig:
        return ConsumerConfig(
            name=self.service,
            durable_name=self.service,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait.total_seconds(),
            max_deliver=-1,
            max_ack_pending=-1 if self.stream in UNLIMITED_PENDING else MOST_PENDING,
            filter_subjects=self.subjects,
        )


def nanoseconds(time: timedelta) -> int:
    """As the server counts time."""
    return time // timedelta(microseconds=1) * 1000
