"""The timer: ARQ jobs in Redis, which may be away or wiped at any moment. The truth is in Mongo; this catches up."""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

from arq.connections import ArqRedis
from arq.constants import job_key_prefix
from prometheus_client import Gauge
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from common.clock import Clock, rfc3339
from common.outbox import Change

from .domain import Deadline
from .errors import TimerUnavailable
from .store import DeadlineStore

JOB = "fire"
"""The worker's function, by its name."""
BATCH = 200
NEAREST = 1000
HORIZON = timedelta(seconds=60)
"""A deadline this near is looked after: its job may be lost."""
LATE = timedelta(seconds=10)
_AT_ONCE = 20
_ANSWER_SECONDS = 2.0

_log = logging.getLogger(__name__)
_reachable = Gauge("timer_reachable", "Whether Redis took the last jobs")
_late = Gauge("deadlines_late", "Armed deadlines that are overdue by more than 10 s, of the 1,000 nearest")


class Timer(Protocol):
    """Rings `JOB` with a deadline's order and time; forgets everything when it is wiped."""

    async def set(self, deadlines: Sequence[Deadline]) -> None:
        """A job for each; one that is there already stays. `TimerUnavailable`: try again later."""
        ...

    async def missing(self, deadlines: Sequence[Deadline]) -> list[Deadline]:
        """Those without a job; `TimerUnavailable` as above."""
        ...


def job_id(deadline: Deadline) -> str:
    """Names the time as well as the order: ARQ drops a second job with the same id in silence."""
    return f"{deadline.id}:{rfc3339(deadline.expires_at)}"


def to_wire(job: dict[str, Any]) -> bytes:
    """Jobs are JSON: the default, pickle, would run whatever somebody puts into Redis."""
    return json.dumps(job, default=str).encode()


def redis_pool(url: str, kind: type[ArqRedis] = ArqRedis, **options: Any) -> ArqRedis:
    """Connections to Redis as they are needed; none yet. A server that says nothing for 2 s counts as away."""
    connections = ConnectionPool.from_url(
        url, socket_connect_timeout=_ANSWER_SECONDS, socket_timeout=_ANSWER_SECONDS, **options
    )
    return kind(connections, job_serializer=to_wire, job_deserializer=json.loads)


class ArqTimer:
    """The real one; an asynchronous context manager that closes its connections."""

    def __init__(self, url: str) -> None:
        self._redis = redis_pool(url)

    async def set(self, deadlines: Sequence[Deadline]) -> None:
        """See `Timer`."""
        with _answering():
            for start in range(0, len(deadlines), _AT_ONCE):
                await asyncio.gather(*(self._enqueue(one) for one in deadlines[start : start + _AT_ONCE]))

    async def _enqueue(self, deadline: Deadline) -> None:
        at = deadline.expires_at
        await self._redis.enqueue_job(JOB, deadline.id, rfc3339(at), _job_id=job_id(deadline), _defer_until=at)

    async def missing(self, deadlines: Sequence[Deadline]) -> list[Deadline]:
        """See `Timer`."""
        with _answering():
            async with self._redis.pipeline(transaction=False) as pipe:
                for one in deadlines:
                    pipe.exists(job_key_prefix + job_id(one))
                known = await pipe.execute()
        return [one for one, exists in zip(deadlines, known, strict=True) if not exists]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose(close_connection_pool=True)


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise TimerUnavailable from error


class MemoryTimer:
    """For tests: what was set stays in `jobs` until the test takes it out. `away`: as Redis can be."""

    def __init__(self) -> None:
        self.jobs: dict[str, tuple[str, str]] = {}
        self.away = False

    async def set(self, deadlines: Sequence[Deadline]) -> None:
        """See `Timer`."""
        for one in await self.missing(deadlines):
            self.jobs[job_id(one)] = (one.id, rfc3339(one.expires_at))

    async def missing(self, deadlines: Sequence[Deadline]) -> list[Deadline]:
        """See `Timer`."""
        if self.away:
            raise TimerUnavailable
        return [one for one in deadlines if job_id(one) not in self.jobs]


class Schedule:
    """Tells the timer of every armed deadline, and tells it again what it has forgotten."""

    def __init__(self, store: DeadlineStore, timer: Timer, clock: Clock) -> None:
        self._store = store
        self._timer = timer
        self._clock = clock
        self._away = False

    async def new(self) -> None:
        """Deadlines of which the timer has not been told."""
        batch = await self._store.unscheduled(BATCH)
        while batch and await self._set(batch):
            for start in range(0, len(batch), _AT_ONCE):
                await asyncio.gather(*map(self._timed, batch[start : start + _AT_ONCE]))
            batch = await self._store.unscheduled(BATCH) if len(batch) == BATCH else []

    async def _timed(self, deadline: Deadline) -> None:
        await self._store.deadlines.change(deadline.id, partial(_timed, deadline.expires_at))

    async def lost(self) -> None:
        """Deadlines that are due soon, or should have fired, and whose job is gone."""
        moment = self._clock()
        near = [one for one in await self._store.armed_until(moment + HORIZON, NEAREST) if one.scheduled]
        _late.set(sum(one.expires_at < moment - LATE for one in near))
        if near:
            await self._set(near, only_lost=True)

    async def _set(self, deadlines: Sequence[Deadline], *, only_lost: bool = False) -> bool:
        """Whether the timer took them; one that is away is asked again by the next sweep."""
        try:
            if only_lost and (deadlines := await self._timer.missing(deadlines)):
                _log.warning("jobs were lost and are scheduled again", extra={"count": len(deadlines)})
            await self._timer.set(deadlines)
        except TimerUnavailable as error:
            if not self._away:
                _log.warning("timer out of reach", extra={"error": repr(error.__cause__)})
            self._away = True
        else:
            self._away = False
        _reachable.set(not self._away)
        return not self._away


def _timed(expires_at: datetime, deadline: Deadline) -> Change[Deadline] | None:
    after = deadline.timed(expires_at)
    return None if after is None else Change(after)
