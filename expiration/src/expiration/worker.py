"""What ARQ loads: `arq expiration.worker.WorkerSettings`. Its job fires a deadline whose time is over."""

import json
from datetime import datetime, timedelta
from typing import Any

from arq import Retry
from arq.connections import RedisSettings
from redis.asyncio.retry import Retry as Reconnect
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import TimeoutError as Silent

from common import logs
from common.mongo import OUTAGES
from common.web import Parts

from .domain import Pace
from .schedule import redis_pool, to_wire
from .service import Deadlines
from .settings import Settings
from .store import DeadlineStore

_AGAIN = timedelta(seconds=5)
PATIENCE: dict[str, Any] = {
    "retry": Reconnect(ExponentialBackoff(cap=1, base=0.05), -1),
    "retry_on_error": [Disconnected, Silent, OSError],
}
"""Without it the worker would end when Redis goes away."""
_settings = Settings()


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
    """Before the first job."""
    logs.configure("expiration-worker", _settings.log_level)
    parts = Parts.real("expiration", _settings)
    context["deadlines"] = create_service(_settings, parts)
    context["parts"] = await parts.__aenter__()


async def close_parts(context: dict[str, Any]) -> None:
    """After the last job; what waits in the outbox is published."""
    if parts := context.get("parts"):
        await parts.__aexit__(None, None, None)


class WorkerSettings:
    """ARQ reads this very class and nothing that it inherits."""

    functions = (fire,)
    on_startup = open_parts
    on_shutdown = close_parts
    redis_pool = redis_pool(_settings.redis_url.get_secret_value(), **PATIENCE)
    redis_settings = RedisSettings.from_dsn(_settings.redis_url.get_secret_value())  # for `arq --check` alone
    job_serializer = to_wire
    job_deserializer = json.loads
    job_timeout = 10  # a job whose worker was killed stays locked for this long and 10 s more
    keep_result = 0  # a kept result would block the next job of the same id
    max_jobs = 100
    poll_delay = 0.2
    health_check_interval = 10
    log_results = False
