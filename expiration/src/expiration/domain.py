"""A deadline: armed while its order is unpaid, fired when its time is over, ended when the order has moved on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from common.events import EXPIRATION_COMPLETE, ExpirationComplete, OrderState, Said

State = Literal["armed", "fired", "ended"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long an expiry waits for its answer: `after` at first, twice as long each time, `limit` at most."""

    after: timedelta
    limit: timedelta

    @classmethod
    def of_seconds(cls, after: float, limit: float) -> "Pace":
        """As settings give it."""
        return cls(timedelta(seconds=after), timedelta(seconds=limit))

    def wait(self, repeats: int) -> timedelta:
        """Until the next repeat, after so many."""
        return min(self.limit, self.after * 2.0 ** min(repeats, 20))


@dataclass(frozen=True, slots=True)
class Deadline:
    """One for each order, under the order's id. `order_version`: the latest in which it was heard to be unpaid."""

    id: str
    expires_at: datetime
    order_version: int
    state: State
    scheduled: bool = False
    """Whether the timer was given a job for this `expires_at`."""
    repeats: int = 0
    repeat_at: datetime | None = None
    version: int = 0

    @classmethod
    def of(cls, order: OrderState) -> "Deadline":
        """The first that is heard of an order; one that has moved on already leaves a tombstone."""
        state: State = "armed" if order.status == "created" else "ended"
        return cls(order.id, order.expires_at, order.version, state)

    @property
    def unscheduled(self) -> bool:
        """Whether the timer still has to be told."""
        return self.state == "armed" and not self.scheduled

    def heard(self, order: OrderState, *, repeat: bool) -> tuple["Deadline", Sequence[Said]] | None:
        """What follows from an order in this state; None where nothing does.

        An unpaid order that is newer arms again even what has fired: it was extended. What has ended stays so.
        """
        if self.state == "ended":
            return None
        if order.status != "created":
            return self._moved(state="ended"), ()
        if order.version > self.order_version:
            return self._armed(order), ()
        return (self, (self.said(),)) if repeat and self.state == "fired" else None

    def _armed(self, order: OrderState) -> "Deadline":
        kept = self.scheduled and self.state == "armed" and order.expires_at == self.expires_at
        armed = self._moved(state="armed")
        return replace(armed, expires_at=order.expires_at, order_version=order.version, scheduled=kept)

    def timed(self, expires_at: datetime) -> "Deadline | None":
        """With a job for this moment; None where it is no longer the one."""
        waits = self.unscheduled and self.expires_at == expires_at
        return replace(self, scheduled=True, version=self.version + 1) if waits else None

    def fired(self, expires_at: datetime, moment: datetime, pace: Pace) -> "Deadline | None":
        """Its time is over; None where it is not, or where the job belongs to another `expires_at`."""
        if self.state != "armed" or self.expires_at != expires_at or moment < expires_at:
            return None
        return replace(self._moved(state="fired"), repeat_at=moment + pace.wait(0))

    def said_again(self, moment: datetime, pace: Pace) -> "Deadline | None":
        """Fired, and its order still not heard to have moved; None where nothing is to be said yet."""
        if self.state != "fired" or self.repeat_at is None or moment < self.repeat_at:
            return None
        repeats = self.repeats + 1
        return replace(self, repeats=repeats, repeat_at=moment + pace.wait(repeats), version=self.version + 1)

    def _moved(self, state: State) -> "Deadline":
        return replace(self, state=state, repeats=0, repeat_at=None, version=self.version + 1)

    def said(self, *, repeat: bool = False) -> Said:
        """The event of a deadline that has fired."""
        return Said(EXPIRATION_COMPLETE, ExpirationComplete(order_id=self.id, expires_at=self.expires_at), repeat)
