"""Work that follows from saved state: done at once when kicked, and every so often for what nobody kicked."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from prometheus_client import Counter

from common.mongo import OUTAGES

_SLOWEST = 30.0
"""Seconds between tries while every try fails."""
_FINISH = 5.0
"""Seconds that work under way is given when the process leaves; what is cut off is taken up by the next."""

_log = logging.getLogger(__name__)
_failed = Counter("sweeps_failed", "Rounds of a sweeper that failed", ["sweeper"])


class Sweeper:
    """Calls `work` whenever kicked and every `seconds`; outlives its failures, each of which is logged and counted."""

    def __init__(self, name: str, work: Callable[[], Awaitable[object]], seconds: float) -> None:
        self.name = name
        self._work = work
        self._seconds = seconds
        self._kicked = asyncio.Event()
        self._leaving = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def kick(self) -> None:
        """There is something to do now."""
        self._kicked.set()

    async def finish(self) -> None:
        """Begins nothing more; returns when what is under way is done, or after a while."""
        self._leaving.set()
        self._kicked.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=_FINISH)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"sweeper {self.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while not self._leaving.is_set():
            self._kicked.clear()
            try:
                await self._work()
                failures = 0
            except OUTAGES as error:
                failures += 1
                _log.warning("sweep waits for the database", extra={"sweeper": self.name, "error": str(error)[:200]})
            except Exception:  # noqa: BLE001 (a sweeper that dies leaves work undone for good)
                failures += 1
                _failed.labels(self.name).inc()
                _log.exception("sweep failed and is tried again", extra={"sweeper": self.name})
            await self._pause(failures)

    async def _pause(self, failures: int) -> None:
        """Until kicked or due; after failures no kick shortens it, only leaving does."""
        seconds, awaited = self._seconds, self._kicked
        if failures:
            seconds, awaited = min(_SLOWEST, max(self._seconds, 2.0 ** (failures - 1))), self._leaving
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await awaited.wait()
