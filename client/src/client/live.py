"""Live pages: who is looking, what is told to them, and the stream on which they are told (server-sent events).

Nobody is sent anything but names: which tickets have changed, which of one's own orders has moved. The page asks for
what it shows of them, as for any other page, so language, colours and whose eyes they are come out right.
"""

import asyncio
import json
import secrets
from collections import deque
from types import TracebackType
from typing import Self

from prometheus_client import Counter, Gauge
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .errors import Crowded

GATHER_SECONDS = 0.05
"""What changes within this time is told together."""
HEARTBEAT_SECONDS = 15.0
SEND_SECONDS = 10.0
"""A browser that takes nothing for this long is given up; it comes back by itself."""
LONGEST_SECONDS = 3600.0
"""A stream ends after this time, so that nobody is told anything long after their session is over."""
_QUEUE = 64
_REMEMBERED = 512
_MOST_NAMES = 200
_SOONEST_RETRY, _RETRY_SPREAD = 1000, 3000
"""Milliseconds, chosen for each stream, so that those who were cut off together do not come back together."""

_open = Gauge("live_streams", "Browsers that are told what changes")
_dropped = Counter("live_streams_dropped", "Streams ended because their reader was too slow")


class Reader:
    """One browser's stream."""

    def __init__(self, viewer: str | None) -> None:
        self.viewer = viewer
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)

    def put(self, chunk: bytes) -> None:
        """Says this next; a reader with too much before it is dropped."""
        if self._waiting.full():
            _dropped.inc()
            self.end()
        else:
            self._waiting.put_nowait(chunk)

    def end(self) -> None:
        """Says nothing any more."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def next(self, within: float) -> bytes | None:
        """What to say next, if only that we are here; None at the end."""
        try:
            async with asyncio.timeout(within):
                return await self._waiting.get()
        except TimeoutError:
            return b":\n\n"


class Hub:
    """All streams of this process; an asynchronous context manager whose end is the end of them all."""

    def __init__(self, most: int) -> None:
        """`most`: streams at a time."""
        self._most = most
        self._life = secrets.token_hex(4)
        self._number = 0
        self._told: deque[tuple[int, bytes]] = deque(maxlen=_REMEMBERED)
        self._changed: dict[str, bool] = {}
        self._readers: set[Reader] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def mark(self) -> str:
        """Up to where a page knows everything that reads the catalogue from now on."""
        return f"{self._life}-{self._number}"

    def ticket_changed(self, ticket_id: str, *, may_be_free: bool) -> None:
        """Tells everybody, soon."""
        self._changed[ticket_id] = may_be_free
        if len(self._changed) >= _MOST_NAMES:
            self._tell()
        elif self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._tell)

    def order_moved(self, order_id: str, user_id: str) -> None:
        """Tells whose order it is, at once, and nobody else."""
        chunk = _message("order", {"id": order_id})
        for reader in self._readers:
            if reader.viewer == user_id:
                reader.put(chunk)

    def again(self) -> None:
        """Anything may have changed: everybody looks at everything again."""
        self._life, self._number = secrets.token_hex(4), 0
        self._told.clear()
        chunk = self._say_again()
        for reader in self._readers:
            reader.put(chunk)

    def join(self, viewer: str | None, since: str) -> Reader:
        """A new stream that begins with what was missed after the mark `since`; `Crowded` where there are enough."""
        if self._closed or len(self._readers) >= self._most:
            raise Crowded
        reader = Reader(viewer)
        reader.put(f"retry: {_SOONEST_RETRY + secrets.randbelow(_RETRY_SPREAD)}\n\n".encode())
        reader.put(self._missed(since))
        self._readers.add(reader)
        _open.set(len(self._readers))
        return reader

    def leave(self, reader: Reader) -> None:
        """It is over."""
        self._readers.discard(reader)
        _open.set(len(self._readers))

    def close(self) -> None:
        """Ends every stream, and takes no more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for reader in self._readers:
            reader.end()

    def _missed(self, since: str) -> bytes:
        life, _, number = since.partition("-")
        if life != self._life or not number.isdecimal() or len(number) > len(str(self._number)):
            return self._say_again()
        oldest = self._told[0][0] if self._told else self._number + 1
        if int(number) + 1 < oldest:
            return self._say_again()
        later = b"".join(chunk for place, chunk in self._told if place > int(number))
        return later or _message("here", {}, self.mark)

    def _say_again(self) -> bytes:
        return _message("again", {}, self.mark)

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        changed, self._changed = self._changed, {}
        self._number += 1
        news = {"changed": list(changed), "free": [one for one, free in changed.items() if free]}
        chunk = _message("tickets", news, self.mark)
        self._told.append((self._number, chunk))
        for reader in self._readers:
            reader.put(chunk)

    async def __aenter__(self) -> Self:
        self._closed = False
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LiveStream(Response):
    """Tells one browser what changes, until either side goes."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, viewer: str | None, since: str) -> None:
        self._hub = hub
        self._reader = hub.join(viewer, since)
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(self._gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await self._say(send)
        finally:
            gone.cancel()
            self._hub.leave(self._reader)

    async def _say(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST_SECONDS
        while loop.time() < end:
            chunk = await self._reader.next(HEARTBEAT_SECONDS)
            if chunk is None:
                break
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._reader.end()


def _message(event: str, data: object, mark: str = "") -> bytes:
    """`mark` is what a browser that comes back shows us."""
    identity = f"id: {mark}\n" if mark else ""
    return f"{identity}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
