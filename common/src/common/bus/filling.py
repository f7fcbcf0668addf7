"""How full the streams are that a service writes to: a full one refuses events, so an alarm comes first."""

import asyncio
import logging

from nats.errors import Error as NatsError
from prometheus_client import Gauge

from common.events import DEADLETTERS, STREAMS

from .connection import Connection, Link, Trouble

ALARM = 0.8
LOOK_SECONDS = 60.0

_log = logging.getLogger(__name__)
_filled = Gauge("bus_stream_filled", "How much of the room of a stream is taken, from 0 to 1", ["stream"])
_dead = Gauge("bus_dead_letters_waiting", "Messages of all services that were given up and wait for the operator")


class Filling:
    """Looks once a minute; `make purge` makes room."""

    def __init__(self, connection: Connection, service: str, every: float = LOOK_SECONDS) -> None:
        own = [stream.name for stream in STREAMS.values() if stream.publisher == service]
        self._streams = [*own, DEADLETTERS.name]
        self._connection = connection
        self._every = every
        self._trouble = Trouble("streams cannot be looked at")
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; does not wait for the server."""
        self._task = asyncio.create_task(self._run(), name="filling of streams")

    def stop(self) -> list[asyncio.Task[None]]:
        """Ends; the task to wait for, if there is one."""
        if self._task is None:
            return []
        self._stopping = True
        self._task.cancel()
        return [self._task]

    async def _run(self) -> None:
        """The flag is asked too: see `Connection`, a cancellation can be swallowed by the client."""
        while not self._stopping:
            link = await self._connection.wait()
            try:
                for stream in self._streams:
                    await self._look(link, stream)
                self._trouble.over()
            except (NatsError, OSError, TimeoutError) as error:
                self._trouble.say(error)
            await asyncio.sleep(0 if self._stopping else self._every)

    async def _look(self, link: Link, stream: str) -> None:
        info = await link.jetstream.stream_info(stream)
        if stream == DEADLETTERS.name:
            _dead.set(info.state.messages)
        room = info.config.max_bytes or 0
        if room <= 0:
            return
        filled = info.state.bytes / room
        _filled.labels(stream).set(filled)
        if filled >= ALARM:
            _log.error("a stream is nearly full: `make purge` makes room", extra={"stream": stream, "filled": filled})
