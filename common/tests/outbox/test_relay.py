"""Whatever was written is published, whoever died in between."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from common.bus import BusUnavailable, Message
from common.events import USER_CREATED
from common.outbox import Relay, Sweeper, sweeper
from common.testing import Kit

from .things import counters, make_counter


@pytest.fixture
def kit() -> Kit:
    return Kit("auth")


async def soon(check: Callable[[], bool]) -> None:
    """Waits until it is so, 5 s at most."""
    async with asyncio.timeout(5):
        while not check():
            await asyncio.sleep(0.005)


async def test_a_kick_publishes_without_waiting_for_the_sweep(kit: Kit) -> None:
    relay = Relay(kit.bus, "auth", kit.clock, sweep_seconds=3600)
    kit.parts.relay = relay
    things = counters(kit)
    async with relay:
        await asyncio.sleep(0.01)
        await make_counter(things)
        await soon(lambda: len(kit.bus.published) == 1)


async def test_a_sweep_publishes_what_a_dead_process_left(kit: Kit) -> None:
    await make_counter(counters(kit))
    kit.clock.advance(10)
    survivor = Relay(kit.bus, "auth", kit.clock, sweep_seconds=0.01)
    survivor.watch(kit.database["counters"])
    async with survivor:
        await soon(lambda: len(kit.bus.published) == 1)


async def test_events_wait_while_the_bus_is_away(kit: Kit) -> None:
    relay = Relay(kit.bus, "auth", kit.clock, sweep_seconds=0.01)
    kit.parts.relay = relay
    things = counters(kit)
    kit.bus.connected = False
    async with relay:
        for _ in range(3):
            await make_counter(things)
        await asyncio.sleep(0.05)
        assert kit.bus.published == []
        kit.bus.connected = True
        kit.clock.advance(10)
        await soon(lambda: len(kit.bus.published) == 3)


async def test_what_the_bus_refuses_stays_and_the_rest_goes(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    things = counters(kit)
    refused, taken = await make_counter(things), await make_counter(things)
    publish = kit.bus.publish

    async def picky(message: Message) -> None:
        if refused.id.encode() in message.payload:
            raise BusUnavailable
        await publish(message)

    monkeypatch.setattr(kit.bus, "publish", picky)
    await kit.parts.relay.flush()
    assert [event.subject for event in kit.bus.events(USER_CREATED)] == [taken.id]
    monkeypatch.undo()
    await kit.parts.relay.flush()
    assert [event.subject for event in kit.bus.events(USER_CREATED)] == [taken.id, refused.id]


async def test_a_relay_outlives_a_fault_of_the_bus(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Relay(kit.bus, "auth", kit.clock, sweep_seconds=3600)
    kit.parts.relay = relay
    things = counters(kit)
    failed: list[int] = []

    async def faulty(_: Message) -> None:
        failed.append(1)
        raise RuntimeError

    async with relay:
        await asyncio.sleep(0.01)
        monkeypatch.setattr(kit.bus, "publish", faulty)
        await make_counter(things)
        await soon(lambda: len(failed) == 1)
        monkeypatch.undo()
        await make_counter(things)
        await soon(lambda: len(kit.bus.published) == 1)


async def test_two_relays_side_by_side_publish_once(kit: Kit) -> None:
    things = counters(kit)
    other = Relay(kit.bus, "auth", kit.clock)
    other.watch(things.collection)
    for _ in range(20):
        await make_counter(things)
    await asyncio.gather(kit.parts.relay.flush(), other.flush())
    assert len(kit.bus.published) == 20


async def test_leaving_publishes_what_waits(kit: Kit) -> None:
    relay = Relay(kit.bus, "auth", kit.clock, sweep_seconds=3600)
    kit.parts.relay = relay
    things = counters(kit)
    kit.bus.connected = False
    async with relay:
        await make_counter(things)
        await asyncio.sleep(0.01)
        kit.bus.connected = True
    assert len(kit.bus.published) == 1


async def test_old_events_raise_an_alarm(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    kit.bus.connected = False
    await make_counter(counters(kit))
    kit.clock.advance(timedelta(minutes=2).total_seconds())
    waiting = Relay(kit.bus, "auth", kit.clock, sweep_seconds=0.01)
    waiting.watch(kit.database["counters"])
    async with waiting:
        await soon(lambda: "events wait unpublished" in caplog.text)


@pytest.mark.parametrize("error", [RuntimeError("a fault"), AutoReconnect("no primary")])
async def test_a_sweeper_outlives_its_failures(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(sweeper, "_SLOWEST", 0.01)
    rounds = []

    async def work() -> None:
        rounds.append(1)
        if len(rounds) < 3:
            raise error

    async with Sweeper("test", work, 3600) as sweeping:
        await soon(lambda: len(rounds) == 3)
        sweeping.kick()
        await soon(lambda: len(rounds) == 4)


async def test_a_sweeper_comes_round_by_itself() -> None:
    rounds: list[int] = []

    async def work() -> None:
        rounds.append(1)

    async with Sweeper("test", work, 0.01):
        await soon(lambda: len(rounds) > 2)


async def test_a_kick_during_the_work_is_not_forgotten() -> None:
    rounds: list[int] = []

    async def work() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            sweeping.kick()

    async with Sweeper("test", work, 3600) as sweeping:
        await soon(lambda: len(rounds) == 2)
