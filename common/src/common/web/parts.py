"""What every service stands on: its database, the bus, the relay between them, a clock. Tests hand in fakes."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from common.bus import Bus, Listener, Watcher
from common.bus.nats import NatsBus
from common.clock import Clock, now
from common.events import EventType
from common.mongo import Collection, Database, FailureCounts, IndexModel, Mongo, create_indexes, ping
from common.outbox import Relay, Sweeper
from common.settings import ServiceSettings

from .health import Check

S = TypeVar("S")
Subscriptions = Mapping[EventType[Any], Callable[[S, Any], Awaitable[None]]]
"""Which event goes to which function of `listeners.py`; each takes the service and the event."""
Indexes = Mapping[Collection, Sequence[IndexModel]]


class Parts:
    """The parts of one service's process; an asynchronous context manager that opens and closes them in order."""

    def __init__(self, name: str, database: Database, bus: Bus, clock: Clock = now) -> None:
        self.name = name
        self.database = database
        self.bus = bus
        self.clock = clock
        self.relay = Relay(bus, name, clock)
        self.failures = FailureCounts(database, clock)
        self._indexes: list[Indexes] = []
        self._first: list[AbstractAsyncContextManager[Any]] = []
        self._then: list[AbstractAsyncContextManager[Any]] = []
        self._open = AsyncExitStack()
        self._serves = False
        self.others: Callable[[], Awaitable[list[str]]] = _nobody
        """Where else the database is in use."""

    @classmethod
    def real(cls, name: str, settings: ServiceSettings) -> Self:
        """What the settings name; nothing connects before it is entered."""
        mongo = Mongo(settings.mongo_url.get_secret_value())
        bus = NatsBus(
            settings.nats_url, service=name, user=settings.nats_user, password=settings.nats_password.get_secret_value()
        )
        parts = cls(name, mongo.database, bus)
        parts._first = [mongo]
        parts.others = mongo.others
        parts._serves = True
        return parts

    def index(self, *indexes: Indexes) -> None:
        """Creates these before anything else happens."""
        self._indexes += indexes

    async def create_indexes(self) -> None:
        """Creates those that the database lacks."""
        merged: dict[Collection, list[IndexModel]] = {}
        for indexes in self._indexes:
            for collection, models in indexes.items():
                merged.setdefault(collection, []).extend(models)
        await create_indexes(merged)

    def add(self, *parts: AbstractAsyncContextManager[Any]) -> None:
        """Sweepers and the like: entered last, left first."""
        self._then += parts

    def leave_asleep(self) -> None:
        """No sweeper works: a command does what it was asked to and nothing beside."""
        self._then = [one for one in self._then if not isinstance(one, Sweeper)]

    @asynccontextmanager
    async def database_alone(self) -> AsyncIterator[Self]:
        """Opened instead of the whole: the database as it is, without an index made or a message taken."""
        async with AsyncExitStack() as opening:
            for first in self._first:
                await opening.enter_async_context(first)
            yield self

    def listen(self, subscriptions: Subscriptions[S], service: S) -> None:
        """Hands each of these events to its function, with the service."""
        self._indexes.append(self.failures.indexes)
        handlers = {one: partial(function, service) for one, function in subscriptions.items()}
        self.bus.listen(Listener(self.name, handlers, self.failures))

    def watch(self, subscriptions: Subscriptions[S], service: S, began: Callable[[], None]) -> None:
        """Shows each of these events to its function in every process, whichever of them listened; see `Watcher`."""
        handlers = {one: partial(function, service) for one, function in subscriptions.items()}
        self.bus.watch(Watcher(self.name, handlers, began))

    @property
    def checks(self) -> Mapping[str, Check]:
        """What `/readyz` asks. Not the bus: without it we still serve, and events wait in their outboxes."""
        return {"mongo": partial(ping, self.database)}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for first in self._first:
                await opening.enter_async_context(first)
            await self.create_indexes()
            rest: list[AbstractAsyncContextManager[Any]] = [self.bus, self.relay, *self._then]
            for part in rest:
                await opening.enter_async_context(part)
            self._open = opening.pop_all()
        if self._serves:
            _spare_collector()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.finish()
        finally:
            await self._open.__aexit__(kind, error, trace)

    async def finish(self) -> None:
        """Hears nothing more and sweeps nothing more; what is under way, and what follows from it, is done first."""
        await self.bus.finish()
        await asyncio.gather(*(part.finish() for part in self._then if isinstance(part, Sweeper)))


async def _nobody() -> list[str]:
    return []


def _spare_collector() -> None:
    """What is loaded by now stays, so a full collection need not look at it again: p99 is a third of what it was."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
