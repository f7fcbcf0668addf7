"""What ARQ loads: `arq expiration.worker.WorkerSettings`. Its job fires a deadline whose time is over."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from arq import Retry
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio.retry import Retry as Reconnect
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Silent

from common import logs
from common.mongo import OUTAGES
from common.web import Parts

from .domain import Pace
from .schedule import redis_pool, to_wire
from .service import Deadlines
from .settings import Settings
from .store import DeadlineStore

T = TypeVar("T")
_AGAIN = timedelta(seconds=5)
_settings = Settings()
_log = logging.getLogger(__name__)


class _UntilLeaving(Reconnect):
    """Asks Redis for ever; once the worker leaves, no more than once, or it would never get away."""

    leaving = False  # of the class, since each connection copies its own

    async def call_with_retry(self, do: Callable[[], Awaitable[T]], fail: Callable[[RedisError], Any]) -> T:
        """See redis-py's."""

        async def failed(error: RedisError) -> None:
            await fail(error)
            if _UntilLeaving.leaving:
                raise error

        return await super().call_with_retry(do, failed)


PATIENCE: dict[str, Any] = {
    "retry": _UntilLeaving(ExponentialBackoff(cap=1, base=0.05), -1),
    "retry_on_error": [Disconnected, Silent, OSError],
}
"""Without it the worker would end when Redis goes away."""


class _Pool(ArqRedis):
    """Lets the worker leave without Redis: its mark of health ends by itself."""

    async def delete(self, *names: Any) -> int:
        """See redis-py's; ARQ itself deletes nothing but that mark this way, and only when it leaves.

        A worker that never reached Redis has not called `open_parts`: it learns here that it leaves.
        """
        _leave()
        try:
            return int(await super().delete(*names))
        except RedisError as error:
            _log.warning("leaving without Redis", extra={"error": repr(error)})
            return 0


def create_service(settings: Settings, parts: Parts) -> Deadlines:
    """What the job needs, on these parts."""
    store = DeadlineStore(parts.database, parts.relay, parts.clock)
    parts.index(store.indexes)
    return Deadlines(store, Pace.of_seconds(settings.repeat_after_seconds, settings.repeat_limit_seconds), parts.clock)


async def fire(context: dict[str, Any], order_id: str, expires_at: str) -> None:
    """The job: reads the deadline again before it fires."""
    deadlines: Deadlines = context["deadlines"]
    try:
        await deadlines.fire(order_id, datetime.fromisoformat(expires_at))
    except OUTAGES as error:
        raise Retry(defer=_AGAIN) from error


async def open_parts(context: dict[str, Any]) -> None:
    """Before the first job; ARQ calls it within the task that it cancels when it leaves."""
    if (working := asyncio.current_task()) is not None:
        working.add_done_callback(_leave)
    logs.configure("expiration-worker", _settings.log_level)
    parts = Parts.real("expiration", _settings)
    context["deadlines"] = create_service(_settings, parts)
    context["parts"] = await parts.__aenter__()


def _leave(_: "asyncio.Task[None] | None" = None) -> None:
    _UntilLeaving.leaving = True


async def close_parts(context: dict[str, Any]) -> None:
    """After the last job; what waits in the outbox is published."""
    if parts := context.get("parts"):
        await parts.__aexit__(None, None, None)


class WorkerSettings:
    """ARQ reads this very class and nothing that it inherits."""

    functions = (fire,)
    on_startup = open_parts
    on_shutdown = close_parts
    redis_pool = redis_pool(_settings.redis_url.get_secret_value(), _Pool, **PATIENCE)
    redis_settings = RedisSettings.from_dsn(_settings.redis_url.get_secret_value())  # for `arq --check` alone
    job_serializer = to_wire
    job_deserializer = json.loads
    job_completion_wait = 5  # seconds for the jobs under way when it is asked to end
    job_timeout = 10  # a job whose worker was killed stays locked for this long and 10 s more
    keep_result = 0  # a kept result would block the next job of the same id
    max_jobs = 100
    poll_delay = 0.2
    health_check_interval = 10
    log_results = False
