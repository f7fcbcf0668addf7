"""What only NATS can go through: servers that die, consumers and streams that go, users who may not."""

import asyncio
import logging
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js import JetStreamContext

from common.bus import Bus, BusUnavailable, Listener, Message, Watcher
from common.bus.consumer import AT_ONCE
from common.bus.nats import NatsBus
from common.bus.streams import create_streams
from common.events import DEADLETTERS, EXPIRATION_COMPLETE, STREAMS, TICKET_CREATED, TICKET_UPDATED, USER_CREATED, Event
from common.testing.servers import NatsServer, free_port, nats_server

from .worlds import Handlers, Heard, Tally, connected, dead_letters, eventually, make_user

pytestmark = pytest.mark.real


@pytest.fixture
async def streams(server: NatsServer) -> NatsServer:
    """A server with every stream."""
    await create_streams(server.url)
    return server


@asynccontextmanager
async def process(server: NatsServer, service: str, handlers: Handlers, **options: Any) -> AsyncIterator[NatsBus]:
    async with NatsBus(server.url, service=service, **options) as bus:
        if handlers:
            bus.listen(Listener(service, handlers, Tally()))
        await connected(bus)
        yield bus


@asynccontextmanager
async def administering(server: NatsServer, **options: Any) -> AsyncIterator[JetStreamContext]:
    client = await nats.connect(server.url, **options)
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def publish_patiently(bus: Bus, message: Message) -> None:
    """As the relay does: until it is acknowledged."""
    while True:
        try:
            return await bus.publish(message)
        except BusUnavailable:
            await asyncio.sleep(0.05)


async def test_it_starts_without_a_server_and_refuses_quickly(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server, heard = NatsServer(tmp_path, free_port()), Heard()
    async with NatsBus(server.url, service="emails") as bus:
        bus.listen(Listener("emails", {USER_CREATED: heard}, Tally()))
        start = time.monotonic()
        with pytest.raises(BusUnavailable):
            await bus.publish(make_user(1))
        assert time.monotonic() - start < 0.1
        await asyncio.sleep(0.3)
        assert not bus.connected
        said = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert 1 <= len(said) <= 2
        assert not any(record.exc_info for record in said)
        server.start()
        try:
            await connected(bus)
            await asyncio.sleep(0.1)
            await create_streams(server.url)
            await bus.publish(make_user(1))
            await eventually(lambda: heard == ["user-1"])
        finally:
            server.stop()


async def test_a_server_killed_on_the_way_loses_nothing(streams: NatsServer) -> None:
    heard = Heard()

    async def slowly(event: Event[Any]) -> None:
        await asyncio.sleep(0.005)
        await heard(event)

    options = {"ack_wait": timedelta(seconds=2)}
    async with process(streams, "emails", {USER_CREATED: slowly}, **options), process(streams, "auth", {}) as bus:
        publishing = asyncio.gather(*(publish_patiently(bus, make_user(number)) for number in range(300)))
        await eventually(lambda: len(heard) > 20)
        for how in (signal.SIGKILL, signal.SIGTERM):
            await asyncio.to_thread(streams.stop, how)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(streams.start)
            await asyncio.sleep(0.3)
        await publishing
        await eventually(lambda: len(set(heard)) == 300)
        async with administering(streams) as jetstream:
            while (left := await jetstream.consumer_info("USERS", "emails")).num_ack_pending:
                await asyncio.sleep(0.1)  # what was answered as the server died is delivered once more
    assert left.num_pending == 0


async def test_work_that_ended_while_the_server_was_away_is_acknowledged_after(streams: NatsServer) -> None:
    begun, release, heard = asyncio.Event(), asyncio.Event(), Heard()

    async def waits(event: Event[Any]) -> None:
        await heard(event)
        begun.set()
        await release.wait()

    async with process(streams, "emails", {USER_CREATED: waits}) as bus:
        await bus.publish(make_user(1))
        await begun.wait()
        await asyncio.to_thread(streams.stop)
        await eventually(lambda: not bus.connected)
        release.set()
        await asyncio.to_thread(streams.start)
        await connected(bus)
        async with administering(streams) as jetstream:
            async with asyncio.timeout(5):
                while (await jetstream.consumer_info("USERS", "emails")).num_ack_pending:
                    await asyncio.sleep(0.05)
    assert heard == ["user-1"]


async def test_an_answer_to_a_consumer_that_is_gone_is_not_given_to_its_successor(streams: NatsServer) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def waits(_: Event[Any]) -> None:
        begun.set()
        await release.wait()

    async with process(streams, "emails", {USER_CREATED: waits}) as old:
        await old.publish(make_user(1))
        await begun.wait()
        await asyncio.to_thread(streams.stop)
        shutil.rmtree(streams.folder / "jetstream")
        await asyncio.to_thread(streams.start)
        await create_streams(streams.url)
        begun.clear()
        never = asyncio.Event()

        async def hangs(_: Event[Any]) -> None:
            begun.set()
            await never.wait()

        async with process(streams, "emails", {USER_CREATED: hangs}, stop_seconds=0.1) as new:
            await new.publish(make_user(2))
            await begun.wait()
            release.set()
            await asyncio.sleep(1)
            async with administering(streams) as jetstream:
                assert (await jetstream.consumer_info("USERS", "emails")).num_ack_pending == 1


async def test_a_publish_whose_server_dies_is_refused_at_once(streams: NatsServer) -> None:
    async with process(streams, "auth", {}) as bus:
        streams.freeze()
        publishing = asyncio.create_task(bus.publish(make_user(1)))
        await asyncio.sleep(0.1)
        start = time.monotonic()
        streams.stop(signal.SIGKILL)
        with pytest.raises(BusUnavailable):
            await publishing
        assert time.monotonic() - start < 1


async def test_a_server_that_hangs_is_given_up_after_five_seconds_and_heard_when_it_goes_on(
    streams: NatsServer,
) -> None:
    heard = Heard()
    async with process(streams, "emails", {USER_CREATED: heard}, heartbeat=timedelta(seconds=0.1)) as bus:
        await asyncio.sleep(0.3)
        streams.freeze()
        start = time.monotonic()
        with pytest.raises(BusUnavailable):
            await bus.publish(make_user(1))
        assert time.monotonic() - start < 5.5
        await eventually(lambda: not bus.connected)
        streams.thaw()
        await connected(bus)
        await bus.publish(make_user(2))
        await eventually(lambda: "user-2" in heard)


async def test_a_quiet_stream_is_listened_to_all_the_same(streams: NatsServer) -> None:
    heard, beat = Heard(), timedelta(seconds=0.1)
    async with process(streams, "emails", {USER_CREATED: heard}, heartbeat=beat) as bus:
        await asyncio.sleep(10 * beat.total_seconds())
        await bus.publish(make_user(1))
        await eventually(lambda: heard == ["user-1"], within=0.1)


async def test_a_deleted_consumer_is_made_again(streams: NatsServer) -> None:
    heard = Heard()
    async with process(streams, "emails", {USER_CREATED: heard}) as bus, administering(streams) as jetstream:
        await bus.publish(make_user(1))
        await eventually(lambda: bool(heard))
        await jetstream.delete_consumer("USERS", "emails")
        await bus.publish(make_user(2))
        await eventually(lambda: "user-2" in heard)


async def test_a_deleted_stream_is_heard_again_once_it_is_back(streams: NatsServer) -> None:
    heard = Heard()
    async with process(streams, "emails", {USER_CREATED: heard}) as bus, administering(streams) as jetstream:
        await bus.publish(make_user(1))
        await eventually(lambda: bool(heard))
        await jetstream.delete_stream("USERS")
        with pytest.raises(BusUnavailable):
            await bus.publish(make_user(2))
        await create_streams(streams.url)
        await bus.publish(make_user(2))
        await eventually(lambda: "user-2" in heard)


async def test_a_full_stream_refuses_and_takes_again_after_a_purge(server: NatsServer) -> None:
    await create_streams(server.url, max_bytes=2000)
    async with process(server, "auth", {}) as bus, administering(server) as jetstream:
        together = await asyncio.gather(
            *(bus.publish(make_user(number)) for number in range(20)), return_exceptions=True
        )
        assert {type(outcome) for outcome in together} == {type(None), BusUnavailable}
        await jetstream.purge_stream("USERS")
        await bus.publish(make_user(99))


async def test_a_stream_that_is_nearly_full_raises_an_alarm(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    def alarms() -> list[str]:
        return [one.__dict__["stream"] for one in caplog.records if one.message.startswith("a stream is nearly full")]

    await create_streams(server.url, max_bytes=4000)
    async with process(server, "auth", {}, look_seconds=0.05) as bus:
        await bus.publish(make_user(1))
        await asyncio.sleep(0.2)
        assert alarms() == []
        await asyncio.gather(*(bus.publish(make_user(number)) for number in range(2, 20)), return_exceptions=True)
        await eventually(lambda: "USERS" in alarms(), within=2)
    async with process(server, "tickets", {}, look_seconds=0.05):
        caplog.clear()
        await asyncio.sleep(0.2)
        assert alarms() == [], "each looks at its own"


async def test_a_dead_letter_that_cannot_be_copied_stays(streams: NatsServer) -> None:
    async with process(streams, "emails", {USER_CREATED: Heard()}) as bus, administering(streams) as jetstream:
        await jetstream.delete_stream(DEADLETTERS.name)
        await bus.publish(make_user(1, payload=b"?"))
        await asyncio.sleep(0.5)
        assert (await jetstream.consumer_info("USERS", "emails")).num_ack_pending == 1
        await create_streams(streams.url)
        await asyncio.sleep(2)
        assert [letter.message_id for letter in await dead_letters(streams)] == ["user-1"]
        assert (await jetstream.consumer_info("USERS", "emails")).num_ack_pending == 0


async def test_leaving_gives_back_at_once_what_was_not_begun(streams: NatsServer) -> None:
    begun, release, first, second = asyncio.Event(), asyncio.Event(), Heard(), Heard()

    async def waits(event: Event[Any]) -> None:
        begun.set()
        await release.wait()
        await first(event)

    async with process(streams, "emails", {USER_CREATED: waits}) as bus:
        for number in range(AT_ONCE + 9):
            await bus.publish(make_user(number))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.3, release.set)
        start = time.monotonic()
    assert time.monotonic() - start < 2
    assert first == [f"user-{number}" for number in range(AT_ONCE)]
    async with process(streams, "emails", {USER_CREATED: second}):
        await eventually(lambda: len(second) == 9, within=2)


async def test_one_message_that_takes_long_holds_up_nobody(streams: NatsServer) -> None:
    release, heard = asyncio.Event(), Heard()

    async def waits_for_the_first(event: Event[Any]) -> None:
        if event.id == "user-0":
            await release.wait()
        await heard(event)

    async with process(streams, "emails", {USER_CREATED: waits_for_the_first}) as bus:
        for number in range(20):
            await bus.publish(make_user(number))
        await eventually(lambda: len(heard) == 19, within=2)
        release.set()
        await eventually(lambda: heard[-1] == "user-0", within=2)


async def test_leaving_does_not_wait_for_ever(streams: NatsServer) -> None:
    begun, heard = asyncio.Event(), Heard()

    async def hangs(_: Event[Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with process(streams, "emails", {USER_CREATED: hangs}, stop_seconds=0.2) as bus:
        await bus.publish(make_user(1))
        await begun.wait()
        start = time.monotonic()
    assert time.monotonic() - start < 1
    async with process(streams, "emails", {USER_CREATED: heard}):
        await eventually(lambda: heard == ["user-1"], within=2)


async def test_leaving_while_it_connects_takes_no_time(server: NatsServer) -> None:
    for turns in range(0, 800, 4):
        async with asyncio.timeout(2):
            async with NatsBus(server.url, service="emails"):
                for _ in range(turns % 400):
                    await asyncio.sleep(0)


async def test_work_that_takes_long_is_not_given_to_another_process(streams: NatsServer) -> None:
    heard = Heard()

    async def slowly(event: Event[Any]) -> None:
        await asyncio.sleep(0.5)
        await heard(event)

    options = {"ack_wait": timedelta(seconds=1)}
    async with process(streams, "emails", {USER_CREATED: slowly}, **options) as bus:
        for number in range(4):
            await bus.publish(make_user(number))
        await eventually(lambda: bool(heard))
        async with process(streams, "emails", {USER_CREATED: heard}, **options):
            await eventually(lambda: len(heard) >= 4)
            await asyncio.sleep(0.3)
    assert sorted(heard) == [f"user-{number}" for number in range(4)]


async def test_consumers_are_made_as_designed_and_brought_up_to_date(streams: NatsServer) -> None:
    async with administering(streams) as jetstream:
        for handlers in ({TICKET_CREATED: Heard()}, {TICKET_CREATED: Heard(), TICKET_UPDATED: Heard()}):
            async with process(streams, "orders", {**handlers, EXPIRATION_COMPLETE: Heard()}):
                await asyncio.sleep(0.3)
            tickets = (await jetstream.consumer_info("TICKETS", "orders")).config
            assert tickets.filter_subjects == [event_type.name for event_type in handlers]
        assert (tickets.durable_name, tickets.ack_wait, tickets.max_deliver, tickets.max_ack_pending) == (
            *("orders", 5, -1),
            1000,
        )
        expiration = (await jetstream.consumer_info("EXPIRATION", "orders")).config
        assert expiration.max_ack_pending == -1
        assert [stream.config.name for stream in await jetstream.streams_info() if stream.state.consumer_count] == [
            "EXPIRATION",
            "TICKETS",
        ]


def restricted(service: str, publishes: list[str], hears: list[str], password: str) -> str:
    """A server's configuration in which this service may do what the design gives it, and nothing else."""
    api = "$JS.API.CONSUMER"
    allowed = [*publishes, f"deadletter.{service}.>", "$JS.API.STREAM.INFO.USERS", "$JS.API.STREAM.INFO.DEADLETTERS"]
    for stream in hears:
        allowed += [f"{api}.{verb}.{stream}.{service}" for verb in ("CREATE", "INFO", "MSG.NEXT")]
        allowed += [f"$JS.ACK.{stream}.{service}.>"]
    rules = f"publish: {{ allow: {allowed} }}, subscribe: {{ allow: ['_INBOX_{service}.>'] }}".replace("'", '"')
    return f"""authorization {{ users: [
        {{ user: admin, password: {password} }},
        {{ user: {service}, password: {password}, permissions: {{ {rules} }} }}
    ] }}"""


async def refusal(server: NatsServer, subject: str, **options: Any) -> str:
    """What the server says to this user about this subject, if anything."""
    said: list[str] = []

    async def refused(error: Exception) -> None:
        said.append(str(error))

    client = await nats.connect(server.url, error_cb=refused, **options)
    await client.publish(subject, b"?")
    await asyncio.sleep(0.1)
    await client.close()
    return " ".join(said)


async def test_a_service_needs_no_more_than_its_own_subjects(tmp_path: Path) -> None:
    password, heard = "p" + secrets.token_hex(8), Heard()
    rules = restricted("auth", [USER_CREATED.name], ["USERS"], password)
    with nats_server(tmp_path, rules) as server:
        await create_streams(server.url, "admin", password)
        async with process(server, "auth", {USER_CREATED: heard}, user="auth", password=password) as bus:
            await bus.publish(make_user(1))
            await bus.publish(make_user(2, payload=b"?"))
            await eventually(lambda: heard == ["user-1"])
            assert await refusal(server, TICKET_CREATED.name, user="auth", password=password)
        async with administering(server, user="admin", password=password) as jetstream:
            left = await jetstream.consumer_info("USERS", "auth")
            assert (left.num_pending, left.num_ack_pending) == (0, 0)
            assert (await jetstream.stream_info(DEADLETTERS.name)).state.messages == 1
            assert (await jetstream.stream_info(STREAMS["TICKETS"].name)).state.messages == 0


async def test_a_refused_password_is_tried_again(tmp_path: Path) -> None:
    right, wrong = ("p" + secrets.token_hex(8) for _ in range(2))
    with nats_server(tmp_path, f"authorization {{ user: auth, password: {wrong} }}") as server:
        async with NatsBus(server.url, service="auth", user="auth", password=right) as bus:
            await asyncio.sleep(0.3)
            assert not bus.connected
            server.stop()
            server.extra = f"authorization {{ user: auth, password: {right} }}"
            server.start()
            await connected(bus)


async def test_a_watch_comes_back_with_the_streams_and_says_so(streams: NatsServer) -> None:
    heard, seen, began = Heard(), Heard(), Heard()
    watcher = Watcher("client", {USER_CREATED: seen}, lambda: began.append("began"))
    async with process(streams, "client", {USER_CREATED: heard}) as bus:
        bus.watch(watcher)
        await eventually(lambda: len(began) == 1)
        await asyncio.to_thread(streams.stop)
        await eventually(lambda: not bus.connected)
        await asyncio.to_thread(streams.start)
        await eventually(lambda: len(began) == 2, within=15)
        await bus.publish(make_user(1))
        await eventually(lambda: len(seen) == 1)


async def test_a_watch_whose_consumer_is_gone_begins_anew(streams: NatsServer) -> None:
    """The server says nothing of it: only its heartbeat stays away."""
    seen, began = Heard(), Heard()
    watcher = Watcher("client", {USER_CREATED: seen}, lambda: began.append("began"))
    async with process(streams, "client", {USER_CREATED: Heard()}, heartbeat=timedelta(seconds=0.2)) as bus:
        bus.watch(watcher)
        await eventually(lambda: len(began) == 1)
        async with administering(streams) as jetstream:
            for name in await watches(jetstream):
                await jetstream.delete_consumer("USERS", name)
        await eventually(lambda: len(began) == 2)
        await bus.publish(make_user(1))
        await eventually(lambda: len(seen) == 1)
        async with administering(streams) as jetstream:
            assert len(await watches(jetstream)) == 1


async def watches(jetstream: JetStreamContext) -> list[str]:
    """The consumers of USERS that have no lasting name."""
    return [one.name for one in await jetstream.consumers_info("USERS") if not one.config.durable_name]
