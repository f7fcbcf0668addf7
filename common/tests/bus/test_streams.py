"""The step that makes the streams."""

import asyncio
import sys
import time
from pathlib import Path

import nats
import pytest
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from common.bus.streams import create_streams
from common.events import DEADLETTERS, STREAMS
from common.testing.servers import NatsServer, free_port

pytestmark = pytest.mark.real


async def configurations(server: NatsServer) -> dict[str, StreamConfig]:
    client = await nats.connect(server.url)
    try:
        return {stream.config.name or "": stream.config for stream in await client.jetstream().streams_info()}
    finally:
        await client.close()


async def test_every_stream_is_made_as_designed(server: NatsServer) -> None:
    await create_streams(server.url, max_bytes=1_000_000)
    made = await configurations(server)
    assert made.keys() == {*STREAMS, DEADLETTERS.name}
    for name, config in made.items():
        assert tuple(config.subjects or ()) == (STREAMS | {DEADLETTERS.name: DEADLETTERS})[name].subjects
        assert (config.storage, config.retention) == (StorageType.FILE, RetentionPolicy.LIMITS)
        assert (config.discard, config.max_bytes, config.max_age) == (DiscardPolicy.NEW, 1_000_000, 0)
        assert (config.duplicate_window, config.num_replicas) == (120, 1)


async def test_run_again_it_updates_and_keeps_what_is_stored(server: NatsServer) -> None:
    await create_streams(server.url, max_bytes=1_000_000)
    client = await nats.connect(server.url)
    await client.jetstream().publish("user.created.v1", b"kept")
    await create_streams(server.url, max_bytes=2_000_000)
    stream = await client.jetstream().stream_info("USERS")
    await client.close()
    assert stream.config.max_bytes == 2_000_000
    assert stream.state.messages == 1


async def test_it_waits_for_the_server_and_not_for_ever(tmp_path: Path) -> None:
    server = NatsServer(tmp_path, free_port())
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        await create_streams(server.url, wait_seconds=0.3)
    assert time.monotonic() - start < 1
    making = asyncio.create_task(create_streams(server.url))
    await asyncio.sleep(0.3)
    server.start()
    try:
        await making
        assert len(await configurations(server)) == len(STREAMS) + 1
    finally:
        server.stop()


@pytest.mark.parametrize(("replicas", "code"), [("1", 0), ("3", 1)])
async def test_the_command_reads_its_environment_and_says_what_is_wrong(
    server: NatsServer, replicas: str, code: int
) -> None:
    environment = {"NATS_URL": server.url, "STREAM_REPLICAS": replicas, "STREAM_MAX_BYTES": "1000000"}
    command = (sys.executable, "-m", "common.bus.streams")
    step = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    _, errors = await asyncio.wait_for(step.communicate(), 20)
    assert step.returncode == code
    assert errors.decode().count("\n") == code
    assert len(await configurations(server)) == (0 if code else len(STREAMS) + 1)
