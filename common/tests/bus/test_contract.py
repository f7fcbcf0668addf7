"""What every bus promises, tried on each of them."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from common.bus import BusUnavailable, NotYet, Watcher
from common.events import ORDER_CREATED, USER_CREATED, Event

from .worlds import TRIES, DatabaseDownError, Heard, Tally, World, make_user, until


async def test_each_service_hears_each_message_once_in_order(world: World) -> None:
    emails, client = Heard(), Heard()
    one, another = world.process("emails", {USER_CREATED: emails}), world.process("client", {USER_CREATED: client})
    async with world.publisher() as bus, one, another:
        for number in range(5):
            await bus.publish(make_user(number))
        await until(world, lambda: len(emails) >= 5 and len(client) >= 5)
        await world.passing(0.3)
    assert emails == client == [f"user-{number}" for number in range(5)]


async def test_what_failed_once_is_delivered_again(world: World) -> None:
    tries, heard, tally = Heard(), Heard(), Tally()

    async def fails_once(event: Event[Any]) -> None:
        await tries(event)
        if len(tries) < 2:
            raise RuntimeError("not this time")
        await heard(event)

    async with world.publisher() as bus, world.process("emails", {USER_CREATED: fails_once}, tally):
        await bus.publish(make_user())
        await until(world, lambda: bool(heard))
        await world.passing(0.1)
    assert len(tries) == 2
    assert tally.counts == {("USERS", 1): 1}
    assert await world.dead_letters() == []


async def test_a_refusal_until_due_is_delivered_again_and_never_counted(world: World) -> None:
    tally, heard, due = Tally(), Heard(), world.now() + timedelta(seconds=0.8)
    tries: list[str] = []

    async def waits(event: Event[Any]) -> None:
        tries.append(event.id)
        if world.now() < due:
            raise NotYet(timedelta(seconds=0.1))
        await heard(event)

    async with world.publisher() as bus, world.process("emails", {USER_CREATED: waits}, tally):
        await bus.publish(make_user())
        await until(world, lambda: bool(heard))
    assert len(tries) > TRIES
    assert tally.counts == {}
    assert await world.dead_letters() == []


async def test_without_its_database_a_service_pauses_and_nothing_is_counted(world: World) -> None:
    tally, heard = Tally(), Heard()
    tally.down = True
    tries: list[str] = []

    async def saves(event: Event[Any]) -> None:
        tries.append(event.id)
        if tally.down:
            raise DatabaseDownError
        await heard(event)

    async with world.publisher() as bus, world.process("emails", {USER_CREATED: saves}, tally):
        for number in range(3):
            await bus.publish(make_user(number))
        await until(world, lambda: bool(tries))
        await world.passing(0.2)
        under_way = len(tries)
        await world.passing(1)
        assert len(tries) == under_way <= 3, "it fetches nothing and tries nothing meanwhile"
        tally.down = False
        await until(world, lambda: len(heard) >= 3)
    assert sorted(heard) == ["user-0", "user-1", "user-2"]
    assert tally.counts == {}
    assert await world.dead_letters() == []


async def test_what_cannot_be_read_becomes_a_dead_letter_at_once_and_blocks_nothing(world: World) -> None:
    heard = Heard()
    async with world.publisher() as bus, world.process("emails", {USER_CREATED: heard}):
        await bus.publish(make_user(0, payload=b"\xff not json"))
        await bus.publish(make_user(1))
        await until(world, lambda: bool(heard), within=0.9)
        [letter] = await world.dead_letters()
    assert heard == ["user-1"]
    assert (letter.service, letter.stream, letter.sequence, letter.attempts) == ("emails", "USERS", 1, 1)
    assert (letter.message_id, letter.subject, letter.payload) == ("user-0", "user.created.v1", b"\xff not json")
    assert letter.reason.startswith("not a user.created.v1")


async def test_what_fails_to_the_end_is_tried_ever_more_rarely_and_becomes_a_dead_letter(world: World) -> None:
    tally, heard = Tally(), Heard()
    tries: list[datetime] = []
    start, doomed = world.now(), make_user(0)

    async def refuses_the_first(event: Event[Any]) -> None:
        if event.id == "user-0":
            tries.append(world.now())
            raise ValueError("a bad\r\nday: ü \x00" + "x" * 5000)
        await heard(event)

    async with world.publisher() as bus, world.process("emails", {USER_CREATED: refuses_the_first}, tally):
        await bus.publish(doomed)
        await bus.publish(make_user(1))
        await until(world, lambda: len(tries) >= TRIES)
        await world.passing(0.3)
        [letter] = await world.dead_letters()
    assert heard == ["user-1"]
    first, second = (after - before for before, after in pairwise(tries))
    assert timedelta(seconds=0.95) <= first < timedelta(seconds=1.9)
    assert timedelta(seconds=1.95) <= second < timedelta(seconds=3)
    assert tally.counts == {("USERS", 1): TRIES}
    assert (letter.service, letter.stream, letter.sequence, letter.attempts) == ("emails", "USERS", 1, TRIES)
    assert (letter.message_id, letter.payload) == ("user-0", doomed.payload)
    assert letter.reason.startswith("ValueError: a bad  day: ü")
    assert len(letter.reason.encode()) <= 1000
    assert start <= letter.time <= world.now()


async def test_a_second_copy_under_the_same_id_is_dropped(world: World) -> None:
    heard = Heard()
    async with world.publisher() as bus, world.process("emails", {USER_CREATED: heard}):
        await bus.publish(make_user(1))
        await bus.publish(make_user(1))
        await bus.publish(make_user(2))
        await until(world, lambda: "user-2" in heard)
    assert heard == ["user-1", "user-2"]


async def test_a_new_service_hears_history(world: World) -> None:
    heard = Heard()
    async with world.publisher() as bus:
        await bus.publish(make_user(1))
        await bus.publish(make_user(2))
    async with world.process("emails", {USER_CREATED: heard}):
        await until(world, lambda: len(heard) >= 2)
    assert heard == ["user-1", "user-2"]


async def test_a_service_that_was_away_catches_up_where_it_left(world: World) -> None:
    heard = Heard()
    async with world.publisher() as bus:
        async with world.process("emails", {USER_CREATED: heard}):
            await bus.publish(make_user(1))
            await until(world, lambda: bool(heard))
        await bus.publish(make_user(2))
        await world.passing(0.3)
        assert heard == ["user-1"]
        async with world.process("emails", {USER_CREATED: heard}):
            await until(world, lambda: len(heard) >= 2)
            await world.passing(0.3)
    assert heard == ["user-1", "user-2"]


async def test_while_the_bus_is_down_a_publish_is_refused_and_works_again_after(world: World) -> None:
    heard = Heard()
    async with world.publisher() as bus, world.process("emails", {USER_CREATED: heard}):
        await bus.publish(make_user(1))
        await until(world, lambda: bool(heard))
        await world.down()
        await until(world, lambda: not bus.connected)
        with pytest.raises(BusUnavailable):
            await bus.publish(make_user(2))
        await world.up()
        await until(world, lambda: bus.connected)
        await bus.publish(make_user(2))
        await until(world, lambda: "user-2" in heard)


async def test_a_subject_that_no_stream_takes_is_refused(world: World) -> None:
    async with world.publisher() as bus:
        with pytest.raises(BusUnavailable):
            await bus.publish(make_user(1, subject="nobody.knows.v1"))


async def test_a_service_that_fails_does_not_hold_up_another(world: World) -> None:
    heard = Heard()

    async def fails(event: Event[Any]) -> None:
        raise DatabaseDownError if event.id == "user-0" else RuntimeError

    ill, well = world.process("client", {USER_CREATED: fails}), world.process("emails", {USER_CREATED: heard})
    async with world.publisher() as bus, ill, well:
        for number in range(3):
            await bus.publish(make_user(number))
        await until(world, lambda: len(heard) >= 3, within=0.9)
    assert heard == ["user-0", "user-1", "user-2"]


async def test_events_that_a_service_does_not_know_pass_it_by(world: World) -> None:
    heard, tally = Heard(), Tally()
    async with world.publisher() as bus, world.process("emails", {USER_CREATED: heard, ORDER_CREATED: heard}, tally):
        await bus.publish(make_user(1, subject="user.vanished.v9", payload=b"from the future"))
        await bus.publish(make_user(2, subject="order.cancelled.v1", payload=b"not ours"))
        await bus.publish(make_user(3))
        await until(world, lambda: bool(heard))
    assert heard == ["user-3"]
    assert tally.counts == {}
    assert await world.dead_letters() == []


async def test_processes_of_one_service_share_the_work(world: World) -> None:
    heard, more = Heard(), Heard()
    one, other = world.process("emails", {USER_CREATED: heard}), world.process("emails", {USER_CREATED: more})
    async with world.publisher() as bus, one, other:
        await world.passing(0.3)
        await asyncio.gather(*(bus.publish(make_user(number)) for number in range(200)))
        await until(world, lambda: len(heard) + len(more) >= 200)
        await world.passing(0.3)
    assert sorted([*heard, *more]) == sorted(f"user-{number}" for number in range(200))
    assert heard
    assert more


class Eyes(Heard):
    """A watcher of user.created that counts how often it began."""

    def __init__(self, failing: int = 0) -> None:
        super().__init__()
        self.beginnings = 0
        self._failing = failing

    async def __call__(self, event: Event[Any]) -> None:
        if self._failing:
            self._failing -= 1
            raise RuntimeError("not this time")
        await super().__call__(event)

    def began(self) -> None:
        self.beginnings += 1

    def watcher(self, service: str = "client") -> Watcher:
        return Watcher(service, {USER_CREATED: self}, self.began)


async def test_every_process_sees_what_one_of_them_hears(world: World) -> None:
    heard, one, another = Heard(), Eyes(), Eyes()
    first, second = (world.process("client", {USER_CREATED: heard}) for _ in range(2))
    async with world.publisher() as bus, first as here, second as there:
        here.watch(one.watcher())
        there.watch(another.watcher())
        await until(world, lambda: bool(one.beginnings and another.beginnings))
        for number in range(5):
            await bus.publish(make_user(number))
        await until(world, lambda: len(heard) == len(one) == len(another) == 5)
    assert sorted(heard) == one == another == [f"user-{number}" for number in range(5)]


async def test_what_the_service_has_acknowledged_is_not_shown_again(world: World) -> None:
    heard, eyes = Heard(), Eyes()
    async with world.publisher() as bus, world.process("client", {USER_CREATED: heard}) as here:
        await bus.publish(make_user(1))
        await until(world, lambda: len(heard) == 1)
        await world.passing(0.2)
        here.watch(eyes.watcher())
        await until(world, lambda: eyes.beginnings == 1)
        await bus.publish(make_user(2))
        await until(world, lambda: bool(eyes))
    assert eyes == ["user-2"]


async def test_a_watch_that_fails_begins_anew_and_sees_what_follows(world: World) -> None:
    heard, eyes = Heard(), Eyes(failing=1)
    async with world.publisher() as bus, world.process("client", {USER_CREATED: heard}) as here:
        here.watch(eyes.watcher())
        await until(world, lambda: eyes.beginnings == 1)
        await bus.publish(make_user(1))
        await until(world, lambda: eyes.beginnings == 2)
        await bus.publish(make_user(2))
        await until(world, lambda: "user-2" in eyes)
