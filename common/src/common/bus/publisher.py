"""Publishes on one connection and pairs each PubAck with its message.

The client's own `publish` waits its whole time-out for answers that a lost connection can no longer bring, and costs
twice as much.
"""

import asyncio
import json
from itertools import count

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.js.api import Header, StatusCode
from nats.js.errors import APIError

ANSWER_SECONDS = 4.0
"""With the second that a full send buffer may take, the five that `Bus.publish` promises."""


class Publisher:
    """Lives as long as its connection: when that is lost, nobody waits any longer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = ""
        self._tokens = count()
        self._waiting: dict[str, asyncio.Future[Msg]] = {}

    async def open(self) -> None:
        """Listens for the answers; once, before the first `publish`."""
        self._inbox = self._client.new_inbox()
        await self._client.subscribe(f"{self._inbox}.*", cb=self._answered)

    async def publish(self, subject: str, payload: bytes, headers: dict[str, str]) -> bool:
        """Whether it was stored now, and not before. Raises nats-py's errors, and `TimeoutError`."""
        token = str(next(self._tokens))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Msg] = loop.create_future()
        self._waiting[token] = future
        timer = loop.call_later(ANSWER_SECONDS, _expire, future)
        try:
            await self._client.publish(subject, payload, reply=f"{self._inbox}.{token}", headers=headers)
            return _stored(await future)
        finally:
            timer.cancel()
            del self._waiting[token]

    async def _answered(self, message: Msg) -> None:
        future = self._waiting.get(message.subject.rpartition(".")[2])
        if future is not None and not future.done():
            future.set_result(message)

    def give_up(self) -> None:
        """The connection is lost, and with it every answer."""
        for future in self._waiting.values():
            _expire(future)


def _expire(future: asyncio.Future[Msg]) -> None:
    if not future.done():
        future.set_exception(TimeoutError("no answer"))


def _stored(answer: Msg) -> bool:
    if answer.headers and answer.headers.get(Header.STATUS) == StatusCode.SERVICE_UNAVAILABLE:
        raise NoRespondersError
    told = json.loads(answer.data)
    if "error" in told:
        APIError.from_error(told["error"])
    return not told.get("duplicate", False)
