"""One service's durable pull consumer on one stream: asks for messages, handles each, answers for each."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import Header, StatusCode
from prometheus_client import Counter

from common.clock import now

from .connection import Connection, Link, Trouble, wait_after
from .deadletter import DeadLetter, is_for_another, redrives
from .delivery import Ack, Again, Dead, Delivery, Pause, Verdict
from .place import BATCH, Place, nanoseconds
from .protocol import BusUnavailable

AT_ONCE = 16
"""Messages of a stream that one process handles side by side, in any order, since listeners go by versions: while one
waits for the database the others use it, and the database writes them down together."""
_BEATS_SILENCE = 3
_RETRY_COPY = timedelta(seconds=2)
_DRAIN_SECONDS = 4
_MOST_OWED = 1000

_log = logging.getLogger(__name__)
_buried = Counter("bus_dead_letters", "Messages given up, by whether DEADLETTERS took the copy", ["outcome"])
_kept, _refused = map(_buried.labels, ("kept", "refused"))


class _RequestLostError(NatsError):
    """The server ended the request for messages, or has forgotten it: the consumer is looked after before the next."""


@dataclass(slots=True)
class _Desk:
    """What was delivered on one connection and is not answered yet: the messages in hand and those behind them."""

    link: Link
    inbox: str
    patience: float
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    held: deque[Msg] = field(default_factory=deque)
    in_hand: list[Msg] = field(default_factory=list)
    closed: bool = False
    pause: timedelta = timedelta()

    async def take(self, message: Msg) -> None:
        self.held.append(message)
        self.arrived.set()

    def close(self, pause: timedelta = timedelta()) -> None:
        """Nothing more is to be begun, for so long."""
        self.closed, self.pause = True, max(pause, self.pause)
        self.arrived.set()

    def unanswered(self) -> list[Msg]:
        return [one for one in (*self.in_hand, *self.held) if _is_message(one)]

    async def next(self) -> Msg | None:
        """The next thing the server said, be it a message or a word about the request; None once this is closed."""
        while not self.closed and (not self.held or self.link.closed):
            if self.link.closed:
                raise _RequestLostError("disconnected")
            self.arrived.clear()
            try:
                async with asyncio.timeout(self.patience):
                    await self.arrived.wait()
            except TimeoutError:
                raise _RequestLostError("the server is silent") from None
        return None if self.closed else self.held.popleft()


def _is_message(said: Msg) -> bool:
    return said.reply.startswith("$JS.ACK.")


def _ends_request(said: Msg) -> bool:
    """Whether this word about the request means that it is used up; raises where something is wrong with it."""
    headers = said.headers or {}
    status, description = headers.get(Header.STATUS, ""), headers.get(Header.DESCRIPTION, "")
    if status == StatusCode.CONTROL_MESSAGE:
        return False
    if status in (StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT) or description == "Batch Completed":
        return True
    raise _RequestLostError(f"{status} {description}".strip())


def _put_off(delay: timedelta) -> bytes:
    if not delay:
        return Msg.Ack.Nak
    return Msg.Ack.Nak + b" " + json.dumps({"delay": nanoseconds(delay)}).encode()


async def _end(subscription: Subscription, link: Link) -> None:
    """Takes in what is on its way, and no more."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            await subscription.drain()  # type: ignore[no-untyped-call]
    except TimeoutError:
        await link.close()  # the client reads no more once an answer comes that it has ceased to wait for
    except (NatsError, OSError):
        pass  # the connection is gone, and the subscription with it


class Consumer:
    """Runs until stopped. Messages of one stream are begun in order but for redeliveries, a few at a time."""

    def __init__(
        self,
        connection: Connection,
        place: Place,
        delivery: Delivery,
        bury: Callable[[DeadLetter], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._place = place
        self._delivery = delivery
        self._bury = bury
        self._trouble = Trouble("consumer in trouble", service=place.service, stream=place.stream)
        self._owed: deque[tuple[str, bytes]] = deque(maxlen=_MOST_OWED)
        self._created: object = None
        self._stopping = False
        self._desk: _Desk | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; does not wait for the server or the stream."""
        self._task = asyncio.create_task(self._run(), name=f"consumer {self._place.service} {self._place.stream}")

    def stop(self) -> asyncio.Task[None] | None:
        """Fetches no more, and ends after what is in hand: await the task for that, cancel it to give that up."""
        self._stopping = True
        if self._desk is not None:
            self._desk.close()
        if self._task is not None and not (self._desk and self._desk.in_hand):
            self._task.cancel()
        return self._task

    async def _run(self) -> None:
        failures = 0
        while not self._stopping:
            link = await self._connection.wait()
            try:
                await self._make(link)
                pause = await self._sit(link)
                failures = 0
                await asyncio.sleep(0 if self._stopping else pause.total_seconds())
            except Exception as error:  # noqa: BLE001 (a consumer that ended here would be deaf and nobody would know)
                if link.closed:
                    failures = 0
                    continue
                self._trouble.say(error, trace=not isinstance(error, NatsError | OSError))
                failures += 1
                await asyncio.sleep(wait_after(failures))

    async def _make(self, link: Link) -> None:
        """Creates the consumer or brings it up to date; fails until the stream exists."""
        await link.jetstream.add_consumer(self._place.stream, self._place.config())
        info = await link.jetstream.consumer_info(self._place.stream, self._place.service)
        if info.created != self._created:
            self._owed.clear()  # answers to a consumer that is gone would be taken for answers to this one
            self._created = info.created
        self._trouble.over()

    async def _sit(self, link: Link) -> timedelta:
        """Handles messages until it has to stop or pause; for how long to pause."""
        desk = _Desk(link, link.client.new_inbox(), _BEATS_SILENCE * self._place.heartbeat.total_seconds())
        self._desk = desk
        subscription = await link.client.subscribe(desk.inbox, cb=desk.take)
        link.on_lost.append(desk.arrived.set)
        keeping = asyncio.create_task(self._keep(desk))
        try:
            await self._pay(link)
            while not self._stopping and not desk.closed:
                await self._ask(desk)
                await self._work(desk)
        finally:
            keeping.cancel()
            link.on_lost.remove(desk.arrived.set)
            await _end(subscription, link)
            await self._give_back(desk)
            self._desk = None
        return desk.pause

    async def _ask(self, desk: _Desk) -> None:
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._place.stream}.{self._place.service}"
        await desk.link.client.publish(subject, self._place.request(), reply=desk.inbox)

    async def _work(self, desk: _Desk) -> None:
        """Works off one request. Where that is lost on the way, what is in hand is finished all the same."""
        lost: _RequestLostError | None = None
        async with asyncio.TaskGroup() as hands:
            try:
                await self._hand_out(desk, hands)
            except _RequestLostError as error:
                lost = error
        if lost is not None:
            raise lost

    async def _hand_out(self, desk: _Desk, hands: asyncio.TaskGroup) -> None:
        left, places = BATCH, asyncio.Semaphore(AT_ONCE)
        while left:
            await places.acquire()
            said = await desk.next()
            if said is None:
                return
            if _is_message(said):
                left -= 1
                desk.in_hand.append(said)
                hands.create_task(self._handle(desk, said)).add_done_callback(lambda _: places.release())
                continue
            places.release()
            if _ends_request(said):
                return

    async def _handle(self, desk: _Desk, message: Msg) -> None:
        """One message from its delivery to the answer."""
        sequence = message.metadata.sequence.stream
        verdict = await self._judge(message, sequence)
        answer = await self._carry_out(verdict, message, sequence)
        desk.in_hand = [one for one in desk.in_hand if one is not message]
        self._owed.append((message.reply, answer))
        if isinstance(verdict, Pause):
            desk.close(verdict.delay)
        with suppress(NatsError, OSError):
            await self._pay(desk.link)

    async def _judge(self, message: Msg, sequence: int) -> Verdict:
        if is_for_another(message.headers, self._place.service):
            return Ack()
        return await self._delivery.handle(self._place.stream, sequence, message.subject, message.data)

    async def _carry_out(self, verdict: Verdict, message: Msg, sequence: int) -> bytes:
        """Does what the verdict asks for; the answer that the server gets."""
        match verdict:
            case Ack():
                return Msg.Ack.Ack
            case Again() | Pause():
                return _put_off(verdict.delay)
            case Dead(reason, attempts):
                return await self._copy(message, sequence, reason, attempts)

    async def _copy(self, message: Msg, sequence: int, reason: str, attempts: int) -> bytes:
        letter = DeadLetter(
            self._place.service,
            self._place.stream,
            sequence,
            (message.headers or {}).get(Header.MSG_ID, ""),
            message.subject,
            message.data,
            reason,
            attempts,
            now(),
            redrives(message.headers),
        )
        extra = {"service": letter.service, "stream": letter.stream, "sequence": sequence, "reason": letter.reason}
        try:
            await self._bury(letter)
        except BusUnavailable:
            _refused.inc()
            _log.error("a dead letter could not be kept: its message stays and is tried again", extra=extra)
            return _put_off(_RETRY_COPY)
        _kept.inc()
        _log.error("a message was given up: `make deadletters` shows it", extra=extra)
        return Msg.Ack.Term

    async def _keep(self, desk: _Desk) -> None:
        """While messages wait here, the server is told so, or it would deliver them to somebody else as well."""
        while not desk.link.closed:
            await asyncio.sleep(self._place.ack_wait.total_seconds() / 3)
            with suppress(NatsError, OSError):
                for message in desk.unanswered():
                    await desk.link.client.publish(message.reply, Msg.Ack.Progress)

    async def _give_back(self, desk: _Desk) -> None:
        """What was delivered and not handled can go to another process now; after the pause, if there is one."""
        self._owed.extend((message.reply, _put_off(desk.pause)) for message in desk.unanswered())
        with suppress(NatsError, OSError):
            await self._pay(desk.link)

    async def _pay(self, link: Link) -> None:
        """Sends the answers that are due; what a lost connection kept back goes out on the next."""
        while self._owed and not link.closed:
            due = self._owed.popleft()
            try:
                await link.client.publish(*due)
            except BaseException:
                self._owed.appendleft(due)
                raise
