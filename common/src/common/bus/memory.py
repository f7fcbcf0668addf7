"""The bus within one process, for tests and the simulation: JetStream's promises without a server.

Nothing happens behind the caller's back: what was published is delivered when `drain` or `settle` is awaited.
"""

import logging
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

from common.clock import Clock, now
from common.events import STREAMS, Event, EventData, EventType, parse

from .deadletter import DeadLetter
from .delivery import TRIES, Ack, Again, Dead, Delivery, Pause
from .protocol import BusUnavailable, Listener, Message, Watcher

DUPLICATE_WINDOW = timedelta(minutes=2)
_MOST_DELIVERIES = 10_000
_log = logging.getLogger(__name__)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_STREAM_OF_PREFIX = {
    subject.removesuffix(">"): stream.name for stream in STREAMS.values() for subject in stream.subjects
}
D = TypeVar("D", bound=EventData)


@dataclass(frozen=True, slots=True, order=True)
class _PutOff:
    """Due again at `due`; or, after a failure, whenever somebody hurries."""

    due: datetime
    sequence: int
    failed: bool


@dataclass(slots=True)
class _Consumer:
    """How far one service has come in one stream. Its processes (`deliveries`) take turns."""

    service: str
    stream: str
    subjects: frozenset[str] = frozenset()
    deliveries: deque[Delivery] = field(default_factory=deque)
    next: int = 1
    put_off: list[_PutOff] = field(default_factory=list)
    paused_until: datetime = _LONG_AGO


@dataclass(slots=True)
class _Watch:
    """What one process has still to see."""

    watcher: Watcher
    coming: deque[Message] = field(default_factory=deque)

    async def show(self, message: Message) -> None:
        event_type = next((one for one in self.watcher.handlers if one.name == message.subject), None)
        if event_type is None:
            return
        try:
            await self.watcher.handlers[event_type](parse(event_type, message.payload))
        except Exception:  # noqa: BLE001 (whatever it was, it begins anew, as on the real one)
            _log.exception("watch begins anew", extra={"type": message.subject})
            self.watcher.began()


class MemoryBus:
    """One server and every service's connection to it. `connected = False` takes it down; what it stored stays."""

    def __init__(self, clock: Clock = now, *, tries: int = TRIES) -> None:
        self.connected = True
        self.published: list[Message] = []
        self.dead_letters: list[DeadLetter] = []
        self._clock = clock
        self._tries = tries
        self._streams: dict[str, list[Message]] = {name: [] for name in STREAMS}
        self._stored_at: dict[tuple[str, str], datetime] = {}
        self._consumers: dict[tuple[str, str], _Consumer] = {}
        self._watches: list[_Watch] = []

    async def publish(self, message: Message) -> None:
        """Stores it, unless its stream has taken this id within the last two minutes."""
        stream = next((name for prefix, name in _STREAM_OF_PREFIX.items() if message.subject.startswith(prefix)), None)
        if not self.connected or stream is None:
            raise BusUnavailable
        moment, key = self._clock(), (stream, message.id)
        before = self._stored_at.get(key)
        if before is None or moment - before >= DUPLICATE_WINDOW:
            self._stored_at[key] = moment
            self._streams[stream].append(message)
            self.published.append(message)
            for watch in self._watches:
                watch.coming.append(message)

    def events(self, event_type: EventType[D]) -> list[Event[D]]:
        """What was published of this type, in order."""
        return [parse(event_type, one.payload) for one in self.published if one.subject == event_type.name]

    def listen(self, listener: Listener) -> None:
        """One more process of `listener.service`; a service that is new to a stream hears all of it."""
        delivery = Delivery(listener, self._tries)
        for stream, subjects in listener.subjects().items():
            consumer = self._consumers.setdefault((listener.service, stream), _Consumer(listener.service, stream))
            consumer.subjects = frozenset(subjects)
            consumer.deliveries.append(delivery)

    def watch(self, watcher: Watcher) -> None:
        """One more process that looks; it sees what is published from now on."""
        self._watches.append(_Watch(watcher))
        watcher.began()

    def leave(self, service: str) -> None:
        """Its processes are gone; what it has not heard waits for the next one."""
        self._watches = [one for one in self._watches if one.watcher.service != service]
        for consumer in self._consumers.values():
            if consumer.service == service:
                consumer.deliveries.clear()

    async def drain(self) -> int:
        """Delivers what is due, and what is published meanwhile; how many deliveries that took."""
        return await self._deliver(hurried=False)

    async def settle(self) -> int:
        """As `drain`, and what failed is tried again without waiting; how many deliveries that took.

        What came too early, and a service without its database, still wait for the clock.
        """
        return await self._deliver(hurried=True)

    async def _deliver(self, *, hurried: bool) -> int:
        for count in range(_MOST_DELIVERIES):
            due = self._due(hurried=hurried)
            if due is not None:
                await self._hand_over(*due)
            elif not await self._show():
                return count
        raise RuntimeError(f"the bus has not come to rest after {_MOST_DELIVERIES} deliveries")

    async def _show(self) -> bool:
        """Shows one message to one process that has not seen it; whether there was any."""
        for watch in self._watches if self.connected else ():
            if watch.coming:
                await watch.show(watch.coming.popleft())
                return True
        return False

    def _due(self, *, hurried: bool) -> tuple[_Consumer, int] | None:
        moment = self._clock()
        for consumer in self._consumers.values() if self.connected else ():
            if not consumer.deliveries or consumer.paused_until > moment:
                continue
            if again := min(
                (one for one in consumer.put_off if one.due <= moment or (hurried and one.failed)), default=None
            ):
                consumer.put_off.remove(again)
                return consumer, again.sequence
            stored = self._streams[consumer.stream]
            while consumer.next <= len(stored):
                sequence, consumer.next = consumer.next, consumer.next + 1
                if stored[sequence - 1].subject in consumer.subjects:
                    return consumer, sequence
        return None

    async def _hand_over(self, consumer: _Consumer, sequence: int) -> None:
        message = self._streams[consumer.stream][sequence - 1]
        delivery = consumer.deliveries[0]
        consumer.deliveries.rotate(-1)
        try:
            verdict = await delivery.handle(consumer.stream, sequence, message.subject, message.payload)
        except BaseException:  # cancelled, as by a crash: it was not acknowledged
            consumer.put_off.append(_PutOff(self._clock(), sequence, failed=True))
            raise
        match verdict:
            case Again(delay, early):
                consumer.put_off.append(_PutOff(self._clock() + delay, sequence, failed=not early))
            case Pause(delay):
                consumer.paused_until = self._clock() + delay
                consumer.put_off.append(_PutOff(consumer.paused_until, sequence, failed=False))
            case Dead(reason, attempts):
                self._bury(consumer, sequence, message, reason, attempts)
            case Ack():
                pass

    def _bury(self, consumer: _Consumer, sequence: int, message: Message, reason: str, attempts: int) -> None:
        letter = DeadLetter(
            consumer.service,
            consumer.stream,
            sequence,
            message.id,
            message.subject,
            message.payload,
            reason,
            attempts,
            self._clock(),
        )
        self.dead_letters.append(letter)

    async def finish(self) -> None:
        """Nothing is ever in hand while nobody drains."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing runs, so nothing has to end; what was stored stays for the other services."""
