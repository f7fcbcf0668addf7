"""Asked to end, a process serves on, then finishes what it has begun, and publishes what follows from it."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from common.bus.memory import MemoryBus
from common.events import USER_CREATED, Said, UserState
from common.mongo import Document, new_id
from common.outbox import Aggregates, Sweeper
from common.testing import Kit
from common.web import Parts
from common.web.draining import Draining

Signals = list[tuple[int, float]]


@pytest.fixture
def server() -> Iterator[Callable[[], Signals]]:
    """Waits for SIGTERM as uvicorn does; what it was told, and when."""
    told: Signals = []

    def handle(number: int, _frame: FrameType | None) -> None:
        told.append((number, time.monotonic()))

    before = signal.signal(signal.SIGTERM, handle)
    yield lambda: told
    signal.signal(signal.SIGTERM, before)


async def test_it_serves_on_for_a_while(server: Callable[[], Signals]) -> None:
    draining = Draining(0.1)
    with draining.on_signal():
        assert not draining.active
        began = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.02)
        assert draining.active
        assert server() == []
        await asyncio.sleep(0.15)
    ((number, moment),) = server()
    assert number == signal.SIGINT, "after which a server ends with status 0"
    assert moment - began >= 0.1
    os.kill(os.getpid(), signal.SIGTERM)
    assert [number for number, _ in server()] == [signal.SIGINT, signal.SIGTERM], "it is the server's again"


async def test_asked_twice_it_waits_no_longer(server: Callable[[], Signals]) -> None:
    with Draining(60).on_signal():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.02)
        assert len(server()) == 1


async def test_without_a_server_the_signal_is_left_alone() -> None:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with Draining(60).on_signal():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_a_sweeper_finishes_what_it_has_begun_and_begins_no_more() -> None:
    begun, done = asyncio.Event(), list[int]()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.append(1)

    async with Sweeper("test", work, 3600) as sweeping:
        await begun.wait()
        sweeping.kick()
        await sweeping.finish()
        assert done == [1]


@pytest.mark.parametrize("error", [None, RuntimeError("broken")])
async def test_an_idle_sweeper_leaves_at_once(error: Exception | None) -> None:
    async def work() -> None:
        if error is not None:
            raise error

    async with Sweeper("test", work, 3600) as sweeping:
        await asyncio.sleep(0.01)
        async with asyncio.timeout(0.5):
            await sweeping.finish()


class InHand(MemoryBus):
    """Has a message in hand when it is told to fetch no more."""

    def __init__(self, handle: Callable[[], "asyncio.Future[None]"]) -> None:
        super().__init__()
        self._handle = handle

    async def finish(self) -> None:
        await self._handle()


async def test_what_the_last_message_led_to_is_published() -> None:
    kit = Kit("auth")

    async def handle() -> None:
        user = UserState(id=new_id(), email="a@example.com", version=0)
        await users.insert(user, [Said(USER_CREATED, user)])

    bus = InHand(lambda: asyncio.ensure_future(handle()))
    parts = Parts("auth", kit.database, bus, kit.clock)
    users = Aggregates[UserState](
        kit.database["users"], parts.relay, kit.clock, encode=lambda user: {"email": user.email}, decode=_decode
    )
    async with parts:
        pass
    assert len(bus.published) == 1


def _decode(document: Document) -> UserState:
    return UserState(id=str(document["_id"]), email=document["email"], version=document["version"])
