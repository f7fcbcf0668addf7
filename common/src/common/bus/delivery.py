"""What becomes of one delivered message: the same rules whatever bus carries it."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import Counter
from pydantic import ValidationError

from common.errors import Unavailable
from common.events import parse
from common.logs import traceparent

from .protocol import Listener, NotYet

TRIES = 10
"""Failures of one message before it becomes a dead letter; with the delays below, about six minutes."""

_log = logging.getLogger(__name__)
_handled = Counter("bus_messages_handled", "Messages by what became of them", ["type", "outcome"])


@dataclass(frozen=True, slots=True)
class Ack:
    """Handled and saved."""


@dataclass(frozen=True, slots=True)
class Again:
    """Not handled; deliver it again after `delay`. `early`: it did not fail, its time has not come."""

    delay: timedelta
    early: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """The service's own database is out of reach: deliver again after `delay`, and fetch nothing else until then."""

    delay: timedelta


@dataclass(frozen=True, slots=True)
class Dead:
    """Can never succeed, or has failed to the end: copy to DEADLETTERS with `reason`, then terminate."""

    reason: str
    attempts: int


Verdict = Ack | Again | Pause | Dead


def backoff(failures: int) -> timedelta:
    """1 s, doubling, at most a minute."""
    return timedelta(seconds=min(60.0, 2.0 ** min(failures - 1, 6)))


class Delivery:
    """Hands each message to its listener and says what the bus has to do with it. Never raises."""

    def __init__(self, listener: Listener, tries: int = TRIES) -> None:
        self._failures = listener.failures
        self._outages: tuple[type[Exception], ...] = (Unavailable, *listener.failures.outages)
        self._handlers = {one.name: (one, handler) for one, handler in listener.handlers.items()}
        self._tries = tries

    async def handle(self, stream: str, sequence: int, subject: str, payload: bytes) -> Verdict:
        """One delivery of the message at `sequence` of `stream`."""
        verdict = await self._verdict(stream, sequence, subject, payload)
        _handled.labels(subject, type(verdict).__name__.lower()).inc()
        return verdict

    async def _verdict(self, stream: str, sequence: int, subject: str, payload: bytes) -> Verdict:
        if subject not in self._handlers:
            return Ack()
        event_type, handler = self._handlers[subject]
        try:
            event = parse(event_type, payload)
        except ValidationError as error:
            return Dead(f"not a {subject}: {error.errors(include_input=False, include_url=False)[:3]}", 1)
        traceparent.set(event.traceparent)
        try:
            await handler(event)
        except NotYet as early:
            return Again(early.delay, early=True)
        except self._outages as error:
            _log.warning("listener pauses", extra={"event": event.id, "type": subject, "error": str(error)})
            return Pause(timedelta(seconds=2))
        except Exception as error:  # noqa: BLE001 (whatever it was, it is counted and ends as a dead letter)
            _log.exception("listener failed", extra={"event": event.id, "type": subject})
            return await self._failed(stream, sequence, error)
        return Ack()

    async def _failed(self, stream: str, sequence: int, error: Exception) -> Verdict:
        try:
            failures = await self._failures.count(stream, sequence)
        except Exception as uncounted:  # noqa: BLE001 (without its count it is neither given up nor passed over)
            _log.warning("failure not counted", extra={"stream": stream, "sequence": sequence, "error": str(uncounted)})
            return Pause(timedelta(seconds=2))
        if failures >= self._tries:
            return Dead(f"{type(error).__name__}: {error}", failures)
        return Again(backoff(failures))
