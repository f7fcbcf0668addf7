"""ARQ on a real redis-server: what it promises, and what it forgets."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from arq.connections import ArqRedis
from arq.worker import create_worker

from common.clock import now, rfc3339
from common.events import EXPIRATION_COMPLETE, ORDER_CREATED, OrderState
from common.testing import Kit, serving
from common.testing.servers import find_binary, free_port
from common.web import Parts
from expiration.app import create_app, create_service
from expiration.schedule import redis_pool
from expiration.settings import Settings

from .factories import make_order, until

pytestmark = pytest.mark.real
SOON = timedelta(seconds=0.5)


@dataclass
class RedisServer:
    """Keeps nothing over a restart."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(self.folder))
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen((find_binary("redis-server"), *options), stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[ArqRedis]:
    pool = redis_pool(server.url)
    yield pool
    await pool.aclose(close_connection_pool=True)


@pytest.fixture
def kit() -> Kit:
    kit = Kit("expiration")
    kit.parts = Parts("expiration", kit.database, kit.bus, now)
    return kit


@pytest.fixture
async def running(kit: Kit, server: RedisServer, worker: ModuleType) -> AsyncIterator[asyncio.Task[None]]:
    """The service and its worker, as two processes would share them; the worker's task."""
    settings = Settings(environment="local", redis_url=server.url, sweep_interval_seconds=0.1)
    app = create_app(settings, kit.parts)
    context = {"deadlines": create_service(settings, kit.parts)}
    pool = redis_pool(server.url, **worker.PATIENCE)
    arq = create_worker(
        worker.WorkerSettings, redis_pool=pool, ctx=context, on_startup=None, on_shutdown=None, handle_signals=False
    )
    async with serving(app):
        task = asyncio.create_task(arq.async_run())
        yield task
        task.cancel()
        await asyncio.gather(task, *arq.tasks.values(), return_exceptions=True)
        await pool.aclose(close_connection_pool=True)


def fired(kit: Kit) -> list[str]:
    return [event.data.order_id for event in kit.bus.events(EXPIRATION_COMPLETE)]


async def order_due(kit: Kit, after: timedelta = SOON) -> OrderState:
    order = make_order(now, expires_at=now() + after)
    await kit.hear(ORDER_CREATED, order)
    return order


async def test_a_deadline_fires_in_time(kit: Kit, running: asyncio.Task[None]) -> None:
    order = await order_due(kit)
    await until(lambda: fired(kit))
    assert fired(kit) == [order.id]
    assert timedelta() <= now() - order.expires_at < timedelta(seconds=1)
    assert not running.done()


@pytest.mark.usefixtures("running")
async def test_a_wiped_redis_loses_no_deadline(kit: Kit, redis: ArqRedis) -> None:
    order = await order_due(kit)
    while not await redis.zcard("arq:queue"):
        await asyncio.sleep(0.01)
    await redis.flushall()
    await until(lambda: fired(kit))
    assert fired(kit) == [order.id]


async def test_redis_may_crash_and_come_back_empty(kit: Kit, server: RedisServer, running: asyncio.Task[None]) -> None:
    before = await order_due(kit)
    await asyncio.sleep(0.1)
    server.kill()
    meanwhile = await order_due(kit)
    await asyncio.sleep(0.6)
    server.start()
    await until(lambda: len(fired(kit)) == 2)
    assert set(fired(kit)) == {before.id, meanwhile.id}
    assert not running.done()


@pytest.mark.usefixtures("running")
async def test_many_at_once_fire_once_each(kit: Kit, redis: ArqRedis) -> None:
    orders = [await order_due(kit, timedelta(seconds=1)) for _ in range(100)]
    began = time.monotonic()
    await until(lambda: len(fired(kit)) >= len(orders))
    assert time.monotonic() - began < 4
    await asyncio.sleep(0.5)
    assert sorted(fired(kit)) == sorted(order.id for order in orders)
    assert await redis.keys("arq:[jr]*") == []


async def test_a_second_job_of_the_same_time_is_dropped(kit: Kit, server: RedisServer, redis: ArqRedis) -> None:
    settings = Settings(environment="local", redis_url=server.url)
    async with serving(create_app(settings, kit.parts)):
        order = await order_due(kit, timedelta(minutes=1))
        await asyncio.sleep(0.1)
        await kit.database["deadlines"].update_many({}, {"$set": {"scheduled": False, "unscheduled": True}})
        async with serving(create_app(settings, Parts("expiration", kit.database, kit.bus, now))):
            await asyncio.sleep(0.1)
    assert await kit.database["deadlines"].count_documents({"scheduled": True}) == 1
    assert [job.args for job in await redis.queued_jobs()] == [[order.id, rfc3339(order.expires_at)]]


def test_a_worker_that_never_reached_redis_leaves_all_the_same(tmp_path: Path) -> None:
    settings = {
        "ENVIRONMENT": "local",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "PATH": os.environ["PATH"],  # noqa: TID251 (a program needs it)
    }
    command = (sys.executable, "-m", "arq", "expiration.worker.WorkerSettings")
    with subprocess.Popen(command, env=settings, cwd=tmp_path, stderr=subprocess.PIPE) as worker:
        try:
            assert worker.stderr is not None
            assert b"Starting worker" in worker.stderr.readline()
            worker.terminate()
            worker.wait(timeout=30)
        finally:
            worker.kill()
