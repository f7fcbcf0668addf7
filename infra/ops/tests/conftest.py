from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.testing.servers import nats_server

from .operated import Operated, users


@pytest.fixture
async def operated(tmp_path: Path) -> AsyncIterator[Operated]:
    """With every stream."""
    with nats_server(tmp_path, users()) as server:
        running = Operated(server)
        await running.prepare()
        yield running
