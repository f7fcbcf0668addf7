from collections.abc import Iterator
from pathlib import Path

import pytest

from common.bus.streams import create_streams
from common.testing.servers import NatsServer, nats_server

from .worlds import MemoryWorld, NatsWorld, World


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server without streams."""
    with nats_server(tmp_path) as running:
        yield running


@pytest.fixture(params=["memory", pytest.param("nats", marks=pytest.mark.real)])
async def world(request: pytest.FixtureRequest) -> World:
    """Each of the two in turn, with every stream."""
    if request.param == "memory":
        return MemoryWorld()
    running: NatsServer = request.getfixturevalue("server")
    await create_streams(running.url)
    return NatsWorld(running)
