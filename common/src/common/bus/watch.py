"""One process's own sight of a stream: an ephemeral push consumer, gone when the process is.

It begins behind what the service's durable consumer has acknowledged, so what it does not show is saved already.
Whenever anything goes wrong, a lost connection, a gap, a silent server, a handler that fails, it begins anew.
"""

import asyncio
import logging
from datetime import timedelta

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header, StatusCode
from pydantic import ValidationError

from common.events import parse

from .connection import Connection, Link, Trouble, wait_after
from .protocol import Watcher

_WAITING = 256
_MOST_PENDING = 20_000
_BEATS_SILENCE = 3
_FORGOTTEN_AFTER = timedelta(seconds=30)
"""How long the server keeps the consumer of a process that is gone."""

_log = logging.getLogger(__name__)


class _BrokenOffError(NatsError):
    """What follows would not be all there is."""


class Watch:
    """Runs until its task is cancelled."""

    def __init__(
        self, connection: Connection, stream: str, subjects: list[str], watcher: Watcher, heartbeat: timedelta
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._subjects = subjects
        self._watcher = watcher
        self._heartbeat = heartbeat.total_seconds()
        self._types = {one.name: one for one in watcher.handlers}
        self._trouble = Trouble("watch in trouble", service=watcher.service, stream=stream)

    def start(self) -> asyncio.Task[None]:
        """Begins; does not wait for the server or the stream."""
        return asyncio.create_task(self._run(), name=f"watch {self._watcher.service} {self._stream}")

    async def _run(self) -> None:
        failures = 0
        while True:
            link = await self._connection.wait()
            began = asyncio.get_running_loop().time()
            try:
                await self._look(link)
            except Exception as error:  # noqa: BLE001 (a watch that ended here would be blind and nobody would know)
                if link.closed:
                    failures = 0
                    continue
                self._trouble.say(error, trace=not isinstance(error, NatsError | OSError))
                if asyncio.get_running_loop().time() - began > _BEATS_SILENCE * self._heartbeat:
                    failures = 0
                failures += 1
                await asyncio.sleep(wait_after(failures))

    async def _look(self, link: Link) -> None:
        """Shows what comes, until it cannot be sure any more that this is everything."""
        said: asyncio.Queue[Msg | None] = asyncio.Queue(_WAITING)
        inbox = link.client.new_inbox()
        subscription = await link.client.subscribe(inbox, cb=said.put, pending_msgs_limit=_MOST_PENDING)

        def lost() -> None:
            if not said.full():  # otherwise the one who reads it finds out by what follows
                said.put_nowait(None)

        link.on_lost.append(lost)
        try:
            await self._begin(link, inbox)
            await self._read(said, link)
        finally:
            link.on_lost.remove(lost)
            if not link.closed:
                await subscription.unsubscribe()

    async def _begin(self, link: Link, inbox: str) -> None:
        durable = await link.jetstream.consumer_info(self._stream, self._watcher.service)
        floor = durable.ack_floor.stream_seq if durable.ack_floor else 0
        config = ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=floor + 1,
            ack_policy=AckPolicy.NONE,
            filter_subjects=self._subjects,
            idle_heartbeat=self._heartbeat,
            inactive_threshold=_FORGOTTEN_AFTER.total_seconds(),
            num_replicas=1,
            mem_storage=True,
        )
        await link.jetstream.add_consumer(self._stream, config)
        self._trouble.over()
        self._watcher.began()

    async def _read(self, said: asyncio.Queue[Msg | None], link: Link) -> None:
        expected = 1
        while True:
            async with asyncio.timeout(_BEATS_SILENCE * self._heartbeat):
                message = await said.get()
            if message is None or link.closed:
                raise _BrokenOffError("disconnected")
            if _is_heartbeat(message):
                continue
            if message.metadata.sequence.consumer != expected:
                raise _BrokenOffError("something was left out")
            expected += 1
            await self._show(message)

    async def _show(self, message: Msg) -> None:
        event_type = self._types[message.subject]
        try:
            event = parse(event_type, message.data)
        except ValidationError:
            return  # the service's own consumer finds it too, and keeps it as a dead letter
        await self._watcher.handlers[event_type](event)


def _is_heartbeat(message: Msg) -> bool:
    return (message.headers or {}).get(Header.STATUS) == StatusCode.CONTROL_MESSAGE
