"""Does what is due, at once when kicked and by sweeping, a few at a time; raises an alarm for what takes too long."""

import asyncio
import logging
from datetime import timedelta

from prometheus_client import Counter, Gauge

from common.clock import Clock
from common.mongo import OUTAGES
from common.outbox import Sweeper

from .settling import Settling
from .store import PaymentStore

_AT_ONCE = 8
_BATCH = 32
_MOST_BATCHES = 100
ALARM = timedelta(minutes=10)

_log = logging.getLogger(__name__)
_oldest = Gauge("payments_undecided_seconds", "How long Stripe has been asked about the payment that takes longest")
_failed = Counter("payments_settling_failed", "Steps of the worker that failed and are taken again")


class Worker(Sweeper):
    """One in each process; several side by side are safe."""

    def __init__(self, store: PaymentStore, settling: Settling, clock: Clock, seconds: float) -> None:
        super().__init__("payments", self.run, seconds)
        self._store = store
        self._settling = settling
        self._clock = clock
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Everything that is due now, and what becomes due by it."""
        seen: set[tuple[str, int]] = set()
        for _ in range(_MOST_BATCHES):
            due = await self._store.due(self._clock(), _BATCH)
            fresh = [one for one in due if (one.id, one.version) not in seen]
            if not fresh:
                break
            seen.update((one.id, one.version) for one in fresh)
            await asyncio.gather(*(self._settle(one.id) for one in fresh))
        await self._raise_alarm()

    async def _settle(self, payment_id: str) -> None:
        async with self._places:
            try:
                await self._settling.settle(payment_id)
            except OUTAGES:
                raise
            except Exception:  # noqa: BLE001 (one payment that cannot be settled must not keep the others waiting)
                _failed.inc()
                _log.exception("a payment could not be settled and is tried again", extra={"payment": payment_id})

    async def _raise_alarm(self) -> None:
        slowest = await self._store.slowest()
        began = None if slowest is None else slowest.asking_since
        age = timedelta() if began is None else self._clock() - began
        _oldest.set(age.total_seconds())
        if slowest is not None and age > ALARM:
            extra = {"payment": slowest.id, "status": slowest.status, "task": slowest.asking}
            _log.error("a payment stays undecided", extra=extra | {"seconds": age.total_seconds()})
