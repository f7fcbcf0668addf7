"""A nats-server with the stack's own users, services that listen to it, and the operator."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import nats
from nats.js import JetStreamContext
from pydantic import SecretStr

from common.bus import Listener, Message
from common.bus.nats import NatsBus
from common.bus.streams import create_streams
from common.clock import now
from common.events import TICKET_CREATED, Event, TicketState
from common.testing.servers import NatsServer
from infra.local import nats as local
from infra.local.services import SERVICES
from infra.ops.operator import OperatorSettings, operating

PASSWORDS = {user: f"p-{user}" for user in ("admin", "operator", "auditor", *SERVICES)}
TRIES = 2
"""Failures before a message is given up: a second in all."""


def users() -> str:
    """For the server's configuration."""
    config = json.loads(local.render(4222, "/data", PASSWORDS, 2**20))
    return f"authorization: {json.dumps(config['authorization'])}"


def make_ticket(number: int, **overrides: Any) -> Message:
    """A ticket.created; its event's id is `ticket-<number>`."""
    identity = f"{number:024x}"
    state = TicketState(
        id=identity,
        version=0,
        title="Hozier",
        price_cents=7500,
        currency="usd",
        user_id="0" * 24,
        order_id=None,
        deleted=False,
    )
    event = Event[TicketState](
        id=f"ticket-{number}", source="tickets", type=TICKET_CREATED.name, subject=identity, time=now(), data=state
    )
    return Message(**{"id": event.id, "subject": event.type, "payload": event.wire()} | overrides)


class Tally:
    """Counts failures as a service's database would."""

    outages: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        self.counts: dict[tuple[str, int], int] = {}

    async def count(self, stream: str, sequence: int) -> int:
        self.counts[stream, sequence] = self.counts.get((stream, sequence), 0) + 1
        return self.counts[stream, sequence]


class Ears:
    """Keeps what it hears, and fails on the ids in `broken`."""

    def __init__(self, *broken: str) -> None:
        self.heard: list[str] = []
        self.broken = set(broken)

    async def __call__(self, event: Event[Any]) -> None:
        if event.id in self.broken:
            raise RuntimeError(f"«{event.id}» is too much")
        self.heard.append(event.id)


@dataclass(frozen=True, slots=True)
class Operated:
    """The server, and ways to it."""

    server: NatsServer

    @property
    def settings(self) -> OperatorSettings:
        return OperatorSettings(
            nats_url=self.server.url, nats_user="operator", nats_password=SecretStr(PASSWORDS["operator"])
        )

    async def prepare(self, **options: Any) -> None:
        await create_streams(self.server.url, "admin", PASSWORDS["admin"], **options)

    @asynccontextmanager
    async def service(self, name: str, ears: Ears | None = None) -> AsyncIterator[NatsBus]:
        """A process of this service; with `ears` it listens to new tickets."""
        bus = NatsBus(self.server.url, service=name, user=name, password=PASSWORDS[name], tries=TRIES)
        if ears is not None:
            bus.listen(Listener(name, {TICKET_CREATED: ears}, Tally()))
        async with bus:
            await eventually(lambda: bus.connected)
            yield bus

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[JetStreamContext]:
        async with operating(self.settings) as jetstream:
            yield jetstream

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[JetStreamContext]:
        client = await nats.connect(self.server.url, user="admin", password=PASSWORDS["admin"])
        try:
            yield client.jetstream()
        finally:
            await client.close()


async def eventually(look: Callable[[], Any], within: float = 10) -> Any:
    """What `look` (or what it awaits) finds, once it is true."""
    limit = time.monotonic() + within
    while True:
        found = look()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        assert time.monotonic() < limit, "it has not come true in time"
        await asyncio.sleep(0.02)
