"""The use cases of expiration."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from common.clock import Clock
from common.events import OrderState
from common.mongo import DuplicateKey
from common.outbox import Change

from .domain import Deadline, Pace
from .store import DeadlineStore

BATCH = 200


class Deadlines:
    """Orders arm and end them; the timer's job fires them; what has fired is said until its order moves."""

    def __init__(self, store: DeadlineStore, pace: Pace, clock: Clock) -> None:
        self.store = store
        self._pace = pace
        self._clock = clock
        self._tell: Callable[[], None] | None = None

    def on_armed(self, tell: Callable[[], None]) -> None:
        """Calls this whenever the timer has something to be told."""
        self._tell = tell

    async def hear_order(self, order: OrderState, *, repeat: bool) -> None:
        """Arms, ends or answers, as the order says."""

        def decide(deadline: Deadline) -> Change[Deadline] | None:
            heard = deadline.heard(order, repeat=repeat)
            return None if heard is None else Change(*heard)

        deadline = await self.store.deadlines.change(order.id, decide)
        if deadline is None:
            deadline = Deadline.of(order)
            try:
                await self.store.deadlines.insert(deadline, ())
            except DuplicateKey:  # another process heard of the order at the same moment
                deadline = await self.store.deadlines.change(order.id, decide)
        if deadline is not None and deadline.unscheduled and self._tell is not None:
            self._tell()

    async def fire(self, order_id: str, expires_at: datetime) -> None:
        """The job for this moment rings: the order's time is over, if the deadline still says so."""

        def decide(deadline: Deadline) -> Change[Deadline] | None:
            after = deadline.fired(expires_at, self._clock(), self._pace)
            return None if after is None else Change(after, [after.said()])

        await self.store.deadlines.change(order_id, decide)

    async def say_again(self) -> None:
        """Repeats what has fired and whose order is not heard to have moved for too long."""
        moment = self._clock()
        for deadline in await self.store.to_say_again(moment, BATCH):
            await self.store.deadlines.change(deadline.id, partial(self._repeated, moment))

    def _repeated(self, moment: datetime, deadline: Deadline) -> Change[Deadline] | None:
        after = deadline.said_again(moment, self._pace)
        return None if after is None else Change(after, [after.said(repeat=True)])

    async def announce(self) -> int:
        """Says everything that has fired and whose order is not heard to have moved; how many."""
        count, page = 0, await self.store.fired(None, BATCH)
        while page:
            for deadline in page:
                await self.store.deadlines.change(deadline.id, _announced)
            count += len(page)
            page = await self.store.fired(page[-1].id, BATCH)
        return count


def _announced(deadline: Deadline) -> Change[Deadline] | None:
    return Change(deadline, [deadline.said()]) if deadline.state == "fired" else None
