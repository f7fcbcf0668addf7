"""Asked to end while what it stands on is away, every process ends in order and in time all the same."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from bson import ObjectId
from httpx import AsyncClient

from infra.local.services import SERVICES, WORKER

from .shop import Shop, seconds_until

GRACE = 25.0
"""What the stack, and Kubernetes with a margin, gives a process before it is killed."""
EVERY = (*(f"{service}-2" for service in SERVICES), WORKER)
AWAY = {"nats": EVERY, "mongo": EVERY, "redis": ("expiration-2", WORKER)}

pytestmark = pytest.mark.timeout(240)


async def exits(shop: Shop) -> dict[str, int | None]:
    return {part["name"]: part["exit"] for part in await shop.stack.status()}


@asynccontextmanager
async def away(shop: Shop, name: str) -> AsyncIterator[None]:
    """The part does not run inside the block."""
    await shop.stack.stop(name, kill=True)
    try:
        yield
    finally:
        await shop.stack.start(name)


@pytest.mark.parametrize("part", AWAY)
async def test_every_process_ends_in_order(shop: Shop, part: str) -> None:
    names = AWAY[part]

    async def stop(name: str) -> float:
        began = time.monotonic()
        await shop.stack.stop(name)
        return time.monotonic() - began

    try:
        async with away(shop, part):
            await asyncio.sleep(0.5)
            took = dict(zip(names, await asyncio.gather(*map(stop, names)), strict=True))
            ended = await exits(shop)
    finally:
        await asyncio.gather(*map(shop.stack.start, names))
    assert {name: ended[name] for name in names} == dict.fromkeys(names, 0)
    assert max(took.values()) < GRACE
    slowest = max(took, key=lambda name: took[name])
    shop.reports(
        f"SIGTERM to {len(names)} processes without {part}: all ended with 0, the last "
        f"({slowest}) after {took[slowest]:.1f} s"
    )


async def test_it_serves_on_for_a_while_and_finishes_what_it_has_begun(shop: Shop) -> None:
    orders = shop.stack.addresses["orders"][1]
    person = shop.person()
    pid = shop.stack.pid("orders-2")
    async with AsyncClient(base_url=orders, timeout=20, headers=person.headers) as http:
        assert (await http.get("/readyz")).status_code == 200
        os.kill(pid, signal.SIGTERM)
        await seconds_until(lambda: http.get("/readyz"), lambda answer: answer.status_code == 503, within=2)
        assert (await http.get("/api/orders")).status_code == 200, "it is leaving, and still serves"
        # An id this young may be an event on its way: the answer takes two seconds, longer than it serves on.
        assert (await http.get(f"/api/orders/{ObjectId()}")).status_code == 404
    await seconds_until(shop.stack.status, lambda parts: _is_new(parts, "orders-2", pid), within=60)


def _is_new(parts: list[dict[str, object]], name: str, pid: int) -> bool:
    return any(one["name"] == name and one["state"] == "ready" and one["pid"] not in (None, pid) for one in parts)
