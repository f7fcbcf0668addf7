"""Everything a service's tests need besides the service."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from common.bus import Message
from common.bus.memory import MemoryBus
from common.events import Event, EventData, EventType
from common.identity import Signer, Verifier, encode_key
from common.web import Parts

from .clock import FakeClock
from .database import fake_database


class Kit:
    """One service's fakes. `parts` go into its `create_app`; `settle` lets every event arrive."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.clock = FakeClock()
        self.bus = MemoryBus(self.clock)
        self.private_key = encode_key(secrets.token_bytes(32))
        self.signer = Signer(self.private_key, timedelta(days=7))
        self.verifier = Verifier(self.signer.public_key, self.clock)
        self.database = fake_database(service)
        self.parts = Parts(service, self.database, self.bus, self.clock)

    def token(self, user_id: str, email: str = "somebody@example.com") -> str:
        """A good session token."""
        return self.signer.sign(user_id, email, self.clock())

    def signed_in(self, user_id: str, email: str = "somebody@example.com") -> dict[str, str]:
        """Headers of a request by this user."""
        return {"Authorization": f"Bearer {self.token(user_id, email)}"}

    async def hear(self, kind: EventType[Any], data: EventData, *, source: str = "test", repeat: bool = False) -> None:
        """Somebody publishes this, and it is delivered together with all that follows from it."""
        event = Event[Any](
            id=secrets.token_hex(16),
            source=source,
            type=kind.name,
            subject=data.subject,
            time=self.clock(),
            repeat=repeat,
            data=data,
        )
        await self.bus.publish(Message(event.id, kind.name, event.wire()))
        await self.settle()

    async def settle(self) -> None:
        """Publishes what waits in outboxes and delivers it, until nothing is left to do."""
        while True:
            await self.parts.relay.flush()
            if not await self.bus.settle():
                return


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A client of the running app: its lifespan entered, no socket opened."""
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://ticketing.test") as client:
            yield client
