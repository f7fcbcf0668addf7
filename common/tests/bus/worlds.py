"""The two servers on which the contract is tried, behind one face: the in-memory one and a real nats-server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

import nats
from nats.errors import TimeoutError as NothingYetError

from common.bus import Bus, Failures, Listener, Message
from common.bus.deadletter import DeadLetter
from common.bus.memory import MemoryBus
from common.bus.nats import NatsBus
from common.clock import now
from common.events import USER_CREATED, Event, EventType, UserState
from common.testing import FakeClock
from common.testing.servers import NatsServer

TRIES = 3
"""Failures before a message is given up, in both worlds: with their delays, three seconds."""
Handlers = Mapping[EventType[Any], Callable[[Event[Any]], Awaitable[None]]]

Process = AbstractAsyncContextManager[Bus]


class DatabaseDownError(Exception):
    """How the tests' database says that it is out of reach."""


class Tally(Failures):
    """Counts failures as a service's database would."""

    outages = (DatabaseDownError,)

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}
        self.down = False

    async def count(self, stream: str, sequence: int) -> int:
        if self.down:
            raise DatabaseDownError
        self.counts[stream, sequence] = self.counts.get((stream, sequence), 0) + 1
        return self.counts[stream, sequence]


class Heard(list[str]):
    """A handler that keeps the ids of what it heard."""

    async def __call__(self, event: Event[Any]) -> None:
        self.append(event.id)


def raising(error: BaseException) -> Callable[[Event[Any]], Awaitable[None]]:
    """A handler that always fails like this."""

    async def handler(_: Event[Any]) -> None:
        raise error

    return handler


def make_user(number: int = 0, **overrides: Any) -> Message:
    """A user.created as it is published; its event's id is `user-<number>`."""
    user_id = f"{number:024x}"
    data = UserState(id=user_id, email=f"{number}@example.com", version=0)
    event = Event[UserState](
        id=f"user-{number}", source="auth", type=USER_CREATED.name, subject=user_id, time=now(), data=data
    )
    return Message(**{"id": event.id, "subject": event.type, "payload": event.wire()} | overrides)


class World(Protocol):
    """A server with its streams, and time that passes."""

    def now(self) -> datetime: ...

    def process(self, service: str, handlers: Handlers, failures: Tally | None = None, *, tries: int = TRIES) -> Any:
        """An asynchronous context: a process of this service listens."""
        ...

    def publisher(self) -> Process:
        """An asynchronous context: a bus to publish on, connected."""
        ...

    async def passing(self, seconds: float) -> None:
        """Lets so much time pass."""
        ...

    async def down(self) -> None: ...

    async def up(self) -> None: ...

    async def dead_letters(self) -> list[DeadLetter]: ...


async def until(world: World, condition: Callable[[], bool], *, within: float = 10, step: float = 0.02) -> None:
    """Lets time pass until it holds."""
    limit = world.now() + timedelta(seconds=within)
    while not condition():
        assert world.now() < limit, "it has not come true in time"
        await world.passing(step)


class MemoryWorld:
    """All in this process; its clock is turned by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.server = MemoryBus(self.clock, tries=TRIES)

    def now(self) -> datetime:
        return self.clock()

    @asynccontextmanager
    async def process(self, service: str, handlers: Handlers, failures: Tally | None = None) -> AsyncIterator[Bus]:
        async with self.server as bus:
            bus.listen(Listener(service, handlers, failures or Tally()))
            await bus.drain()
            yield bus
        self.server.leave(service)

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Bus]:
        async with self.server as bus:
            yield bus

    async def passing(self, seconds: float) -> None:
        await self.server.drain()
        self.clock.advance(seconds)
        await self.server.drain()

    async def down(self) -> None:
        self.server.connected = False

    async def up(self) -> None:
        self.server.connected = True

    async def dead_letters(self) -> list[DeadLetter]:
        return self.server.dead_letters


class NatsWorld:
    """A nats-server of this test's own."""

    def __init__(self, server: NatsServer) -> None:
        self.server = server

    def now(self) -> datetime:
        return now()

    @asynccontextmanager
    async def process(self, service: str, handlers: Handlers, failures: Tally | None = None) -> AsyncIterator[Bus]:
        async with NatsBus(self.server.url, service=service, tries=TRIES) as bus:
            bus.listen(Listener(service, handlers, failures or Tally()))
            yield bus

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Bus]:
        async with NatsBus(self.server.url, service="publisher") as bus:
            await connected(bus)
            yield bus

    async def passing(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def down(self) -> None:
        await asyncio.to_thread(self.server.stop)

    async def up(self) -> None:
        await asyncio.to_thread(self.server.start)

    async def dead_letters(self) -> list[DeadLetter]:
        return await dead_letters(self.server)


async def eventually(condition: Callable[[], bool], *, within: float = 10) -> None:
    """Waits in real time until it holds."""
    limit = time.monotonic() + within
    while not condition():
        assert time.monotonic() < limit, "it has not come true in time"
        await asyncio.sleep(0.01)


async def connected(bus: Bus, *, within: float = 10) -> None:
    """Returns when it is."""
    await eventually(lambda: bus.connected, within=within)


async def dead_letters(server: NatsServer) -> list[DeadLetter]:
    """What lies in DEADLETTERS, read by its headers as an operator would."""
    client = await nats.connect(server.url)
    letters = []
    try:
        subscription = await client.jetstream().subscribe("deadletter.>", ordered_consumer=True)
        while True:
            copy = await subscription.next_msg(timeout=0.3)
            headers = copy.headers or {}
            letter = DeadLetter.of(headers, copy.data)
            assert (copy.subject, headers["Nats-Msg-Id"]) == (letter.address, letter.id)
            letters.append(letter)
    except NothingYetError:
        return letters
    finally:
        await client.close()
