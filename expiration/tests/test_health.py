"""Its HTTP side answers the platform and nobody else."""

import pytest
from httpx import AsyncClient

from common.testing import Kit
from expiration.schedule import MemoryTimer


async def test_it_is_ready_without_its_timer_and_its_bus(api: AsyncClient, kit: Kit, timer: MemoryTimer) -> None:
    timer.away, kit.bus.connected = True, False
    assert (await api.get("/livez")).status_code == 200
    answer = await api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "parts": {"mongo": "ok"}})


@pytest.mark.parametrize("path", ["/", "/api/expiration", "/openapi.json", "/docs"])
async def test_there_is_nothing_else(api: AsyncClient, path: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
