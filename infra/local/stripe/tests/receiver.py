"""A webhook endpoint that notes what it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import stripe


@dataclass
class Receiver:
    """`answers` are the statuses to come; after them it is always 200."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    deliveries: list[tuple[str, str]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/payments/webhook"

    def events(self) -> list[stripe.Event]:
        return [stripe.Webhook.construct_event(body, header, "whsec_test") for body, header in self.deliveries]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]

    async def wait(self, number: int) -> None:
        async with asyncio.timeout(3), self.changed:
            await self.changed.wait_for(lambda: len(self.deliveries) >= number)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
        body = (await reader.readexactly(int(headers["content-length"]))).decode()
        async with self.changed:
            self.deliveries.append((body, headers["stripe-signature"]))
            self.changed.notify_all()
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
