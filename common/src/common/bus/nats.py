"""The bus on NATS JetStream."""

import asyncio
from datetime import timedelta
from types import TracebackType
from typing import Self

from nats.errors import Error as NatsError
from nats.js.api import Header
from prometheus_client import Counter

from .connection import Connection, Trouble
from .consumer import Consumer
from .deadletter import DeadLetter
from .delivery import TRIES, Delivery
from .filling import LOOK_SECONDS, Filling
from .place import Place
from .protocol import BusUnavailable, Listener, Message, Watcher
from .watch import Watch

STOP_SECONDS = 5.0
_CANCEL_SECONDS = 2.0
ACK_WAIT = timedelta(seconds=5)
"""How long a message may be in hand without a sign of life before the server delivers it again.

A crash delays what was in hand by this; a process that only stalled handles it twice, which changes nothing.
"""
HEARTBEAT = timedelta(seconds=5)
"""How often the server says that it is there while it has no message for a consumer."""

_published = Counter("bus_messages_published", "Messages by what the stream said", ["outcome"])
_stored, _duplicate, _refused = map(_published.labels, ("stored", "duplicate", "refused"))


class NatsBus:
    """One process's connection; its user may be restricted to the service's own subjects and `_INBOX_<service>.>`."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        user: str = "",
        password: str = "",
        tries: int = TRIES,
        ack_wait: timedelta = ACK_WAIT,
        heartbeat: timedelta = HEARTBEAT,
        stop_seconds: float = STOP_SECONDS,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._connection = Connection(url, service=service, user=user, password=password)
        self._filling = Filling(self._connection, service, look_seconds)
        self._tries = tries
        self._ack_wait = ack_wait
        self._heartbeat = heartbeat
        self._stop_seconds = stop_seconds
        self._consumers: list[Consumer] = []
        self._watches: list[Watch] = []
        self._watching: list[asyncio.Task[None]] = []
        self._entered = False
        self._trouble = Trouble("publish refused")

    @property
    def connected(self) -> bool:
        return self._connection.connected

    async def publish(self, message: Message) -> None:
        """Returns when the stream has stored it, or already had; `BusUnavailable` after at most 5 s otherwise."""
        await self._store(message.subject, message.payload, {Header.MSG_ID: message.id})

    def listen(self, listener: Listener) -> None:
        """Hears from now on, on one durable consumer for each stream; before or after the bus is entered."""
        delivery = Delivery(listener, self._tries)
        for stream, subjects in listener.subjects().items():
            place = Place(listener.service, stream, subjects, self._ack_wait, self._heartbeat)
            consumer = Consumer(self._connection, place, delivery, self._bury)
            self._consumers.append(consumer)
            if self._entered:
                consumer.start()

    def watch(self, watcher: Watcher) -> None:
        """Sees from now on, on one ephemeral consumer for each stream; before or after the bus is entered."""
        for stream, subjects in watcher.subjects().items():
            watch = Watch(self._connection, stream, subjects, watcher, self._heartbeat)
            self._watches.append(watch)
            if self._entered:
                self._watching.append(watch.start())

    async def _bury(self, letter: DeadLetter) -> None:
        await self._store(letter.address, letter.payload, {Header.MSG_ID: letter.id} | letter.headers())

    async def _store(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        publisher = self._connection.now().publisher
        try:
            new = await publisher.publish(subject, payload, headers)
        except (NatsError, OSError) as error:
            _refused.inc()
            self._trouble.say(error)
            raise BusUnavailable from error
        self._trouble.over()
        (_stored if new else _duplicate).inc()

    async def finish(self) -> None:
        """See `Bus`; what is not begun goes to the service's other processes at once."""
        self._entered = False
        await _ended([task for consumer in self._consumers if (task := consumer.stop())], self._stop_seconds)

    async def __aenter__(self) -> Self:
        self._entered = True
        self._connection.open()
        self._filling.start()
        for consumer in self._consumers:
            consumer.start()
        self._watching = [watch.start() for watch in self._watches]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Fetches no more, lets what is in hand finish for a while, gives the rest back, and disconnects."""
        for watching in self._watching:
            watching.cancel()
        try:
            await self.finish()
        finally:
            tasks = [task for consumer in self._consumers if (task := consumer.stop()) is not None]
            for task in tasks:
                task.cancel()
            await _ended([*tasks, *self._watching, *self._filling.stop()], _CANCEL_SECONDS)
            await self._connection.close()


async def _ended(tasks: list[asyncio.Task[None]], within: float) -> None:
    if tasks:
        await asyncio.wait(tasks, timeout=within)
