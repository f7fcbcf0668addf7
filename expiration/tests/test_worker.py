"""The job, called as ARQ calls it, and what ARQ reads."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from arq import Retry
from arq.worker import create_worker, func
from httpx import AsyncClient
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Silent

from common.clock import rfc3339
from common.events import EXPIRATION_COMPLETE, ORDER_CANCELLED, ORDER_CREATED
from common.mongo import OUTAGES
from common.testing import Kit
from expiration.app import create_service
from expiration.schedule import JOB, MemoryTimer

from .conftest import SETTINGS, Ring
from .factories import WINDOW, a_few_sweeps, later, make_order, until


@pytest.fixture
async def context(api: AsyncClient, kit: Kit) -> dict[str, Any]:  # noqa: ARG001 (the service runs)
    return {"deadlines": create_service(SETTINGS, kit.parts)}


async def test_the_job_rings_twice_and_fires_once(kit: Kit, worker: ModuleType, context: dict[str, Any]) -> None:
    order = make_order(kit.clock)
    await kit.hear(ORDER_CREATED, order)
    kit.clock.advance(WINDOW.total_seconds())
    for _ in range(2):
        await worker.fire(context, order.id, rfc3339(order.expires_at))
    await kit.settle()
    (event,) = kit.bus.events(EXPIRATION_COMPLETE)
    assert (event.subject, event.data.expires_at, event.repeat) == (order.id, order.expires_at, False)


@pytest.mark.parametrize(("early", "other"), [(1, 0), (0, 1)])
async def test_too_early_or_another_time_fires_nothing(
    kit: Kit, worker: ModuleType, context: dict[str, Any], early: int, other: int
) -> None:
    order = make_order(kit.clock)
    await kit.hear(ORDER_CREATED, order)
    kit.clock.advance(WINDOW.total_seconds() - early)
    await worker.fire(context, order.id, rfc3339(order.expires_at - timedelta(seconds=other)))
    await kit.settle()
    assert kit.bus.events(EXPIRATION_COMPLETE) == []


async def test_a_job_of_an_unknown_order_is_nothing(kit: Kit, worker: ModuleType, context: dict[str, Any]) -> None:
    order = make_order(kit.clock)
    await worker.fire(context, order.id, rfc3339(kit.clock()))
    await kit.settle()
    assert kit.bus.events(EXPIRATION_COMPLETE) == []


async def test_a_job_without_its_database_is_tried_again(worker: ModuleType) -> None:
    class Away:
        async def fire(self, *_: object) -> None:
            raise OUTAGES[0]("gone")

    with pytest.raises(Retry):
        await worker.fire({"deadlines": Away()}, "0" * 24, "2026-11-21T18:42:10.000Z")


@pytest.mark.usefixtures("api")
async def test_what_has_fired_is_said_until_its_order_moves(kit: Kit, timer: MemoryTimer, ring: Ring) -> None:
    order = make_order(kit.clock)
    await kit.hear(ORDER_CREATED, order)
    await until(lambda: timer.jobs)
    kit.clock.advance(WINDOW.total_seconds())
    await ring()

    def said() -> int:
        return len(kit.bus.events(EXPIRATION_COMPLETE))

    for count, wait in enumerate((60, 120, 240, 480, 600, 600), start=1):
        kit.clock.advance(wait - 1)
        await a_few_sweeps()
        assert said() == count
        kit.clock.advance(1)
        await until(lambda: said() > count)  # noqa: B023 (awaited within the turn)
    assert {event.repeat for event in kit.bus.events(EXPIRATION_COMPLETE)[1:]} == {True}
    await kit.hear(ORDER_CANCELLED, later(order, status="cancelled"))
    kit.clock.advance(3600)
    await a_few_sweeps()
    assert said() == 7


async def test_announcing_says_what_has_fired(
    kit: Kit, timer: MemoryTimer, ring: Ring, context: dict[str, Any]
) -> None:
    fired, armed = make_order(kit.clock), make_order(kit.clock, expires_at=kit.clock() + 2 * WINDOW)
    for order in (fired, armed):
        await kit.hear(ORDER_CREATED, order)
    await until(lambda: len(timer.jobs) == 2)
    kit.clock.advance(WINDOW.total_seconds())
    await ring()
    assert await context["deadlines"].announce() == 1
    await kit.settle()
    events = kit.bus.events(EXPIRATION_COMPLETE)
    assert [(one.data.order_id, one.repeat) for one in events] == [(fired.id, False)] * 2


async def test_arq_reads_what_the_worker_needs(worker: ModuleType) -> None:
    made = create_worker(worker.WorkerSettings, handle_signals=False)
    assert list(made.functions) == [JOB] == [func(worker.fire).name]
    assert (made.keep_result_s, made.in_progress_timeout_s, made.max_jobs) == (0, 20, 100)
    assert made.on_startup is worker.open_parts
    assert made.on_shutdown is worker.close_parts
    assert made.job_serializer is not None
    assert (worker.WorkerSettings.redis_settings.host, worker.WorkerSettings.redis_settings.port) == ("127.0.0.1", 6379)
    connection = made.pool.connection_pool.make_connection()
    assert not connection.is_connected
    assert connection.socket_timeout == 2
    assert {Disconnected, Silent} <= set(connection.retry_on_error)
