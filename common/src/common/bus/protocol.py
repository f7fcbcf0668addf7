"""What a bus is, whoever carries it: at-least-once delivery to one durable consumer for each service and stream."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Protocol, Self

from common.errors import AppError, Unavailable
from common.events import Event, EventType, stream_of

Handler = Callable[[Event[Any]], Awaitable[None]]
"""A listener bound to its service: saves and returns, or raises."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is published: `id` is the event's and deduplicates, `subject` is its type."""

    id: str
    subject: str
    payload: bytes


class BusUnavailable(Unavailable):
    """The message was not acknowledged; it stays in its outbox."""

    code, sentence = "bus-unavailable", "The message bus does not answer."


class NotYet(AppError):
    """A listener's refusal until something is due: delivered again after `delay`, and never counted as a failure."""

    code, sentence = "not-yet", "This comes too early."

    def __init__(self, delay: timedelta) -> None:
        super().__init__()
        self.delay = delay


class Failures(Protocol):
    """Counts how often a message failed, in the service's own database, so that the count survives the process."""

    outages: tuple[type[Exception], ...]
    """How that database says that it is out of reach: never the message's fault."""

    async def count(self, stream: str, sequence: int) -> int:
        """One more failure of this message; how many there are now."""
        ...


@dataclass(frozen=True, slots=True)
class Listener:
    """One service's ears: which event goes to which function."""

    service: str
    handlers: Mapping[EventType[Any], Handler]
    failures: Failures

    def subjects(self) -> dict[str, list[str]]:
        """The subjects it hears, by stream."""
        return _by_stream(self.handlers)


@dataclass(frozen=True, slots=True)
class Watcher:
    """One process's eyes, beside its service's ears: each process sees every event, whichever of them hears it.

    Nothing is counted or delivered again. `began` is called at the beginning and at each new one, after whatever
    trouble: what `service` had acknowledged by then may stay unseen; everything else will be seen, perhaps twice.
    """

    service: str
    handlers: Mapping[EventType[Any], Handler]
    began: Callable[[], None]

    def subjects(self) -> dict[str, list[str]]:
        """The subjects it watches, by stream."""
        return _by_stream(self.handlers)


def _by_stream(types: Iterable[EventType[Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event_type in types:
        found.setdefault(stream_of(event_type).name, []).append(event_type.name)
    return found


class Bus(Protocol):
    """An asynchronous context manager: entered it connects in the background, left it finishes what is in flight."""

    @property
    def connected(self) -> bool:
        """Whether a publish has a chance now."""
        ...

    async def publish(self, message: Message) -> None:
        """Returns when the stream has stored it; `BusUnavailable` after at most 5 s otherwise."""
        ...

    def listen(self, listener: Listener) -> None:
        """Hears from now on, on one durable consumer for each stream; before or after the bus is entered."""
        ...

    def watch(self, watcher: Watcher) -> None:
        """Sees from now on, in this process alone; before or after the bus is entered. The service listens too."""
        ...

    async def finish(self) -> None:
        """Fetches no more; returns when what is in hand is answered for, or after a while. It can still publish."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
