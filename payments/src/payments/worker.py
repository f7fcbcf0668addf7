"""Does what is due, at once when kicked and by sweeping, a few at a time; raises an alarm for what takes too long."""

import asyncio
import logging
from collections.abc import Set as AbstractSet
from datetime import timedelta
from functools import partial
from types import TracebackType

from prometheus_client import Counter, Gauge

from common.clock import Clock
from common.mongo import OUTAGES
from common.outbox import Sweeper

from .settling import Settling
from .store import PaymentStore

_AT_ONCE = 8
_PATIENCE = 2.0
"""Seconds that a step under way is given when the process leaves; what is cut off is taken up again."""
ALARM = timedelta(minutes=10)

_log = logging.getLogger(__name__)
_oldest = Gauge("payments_undecided_seconds", "How long Stripe has been asked about the payment that takes longest")
_failed = Counter("payments_settling_failed", "Steps of the worker that failed and are taken again")


class Worker(Sweeper):
    """One in each process; several side by side are safe. A slow answer holds up one place, not the others."""

    def __init__(self, store: PaymentStore, settling: Settling, clock: Clock, seconds: float) -> None:
        super().__init__("payments", self._look, seconds)
        self._store = store
        self._settling = settling
        self._clock = clock
        self._busy: dict[str, asyncio.Task[bool]] = {}

    async def run(self) -> None:
        """Everything that is due now and becomes so by it, to the end: for tests, which start nothing else."""
        seen: set[tuple[str, int]] = set()
        while started := await self._start(seen):
            seen.update(started)
            await asyncio.gather(*started.values())
        await self._raise_alarm()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if under_way := list(self._busy.values()):
            _, late = await asyncio.wait(under_way, timeout=_PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _look(self) -> None:
        await self._start(frozenset())
        await self._raise_alarm()

    async def _start(self, seen: AbstractSet[tuple[str, int]]) -> dict[tuple[str, int], asyncio.Task[bool]]:
        """Begins with what is due and was not seen in this version, as far as there is room."""
        room = _AT_ONCE - len(self._busy)
        due = await self._store.due(self._clock(), 4 * _AT_ONCE) if room else []
        fresh = [one for one in due if one.id not in self._busy and (one.id, one.version) not in seen]
        started = {}
        for one in fresh[:room]:
            task = asyncio.create_task(self._settle(one.id))
            task.add_done_callback(partial(self._done, one.id))
            self._busy[one.id] = started[one.id, one.version] = task
        return started

    def _done(self, payment_id: str, task: asyncio.Task[bool]) -> None:
        """There is room again. After a failure only the next sweep looks, or it would never rest."""
        del self._busy[payment_id]
        if not task.cancelled() and task.exception() is None and task.result():
            self.kick()

    async def _settle(self, payment_id: str) -> bool:
        try:
            await self._settling.settle(payment_id)
        except OUTAGES as error:
            _log.warning("a payment waits for the database", extra={"payment": payment_id, "error": str(error)[:200]})
            return False
        except Exception:  # noqa: BLE001 (one payment that cannot be settled must not keep the others waiting)
            _failed.inc()
            _log.exception("a payment could not be settled and is tried again", extra={"payment": payment_id})
            return False
        return True

    async def _raise_alarm(self) -> None:
        slowest = next(iter(await self._store.slowest(1)), None)
        began = None if slowest is None else slowest.asking_since
        age = timedelta() if began is None else self._clock() - began
        _oldest.set(age.total_seconds())
        if slowest is not None and age > ALARM:
            extra = {"payment": slowest.id, "status": slowest.status, "task": slowest.asking}
            _log.error("a payment stays undecided", extra=extra | {"seconds": age.total_seconds()})
