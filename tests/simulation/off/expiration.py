"""Guards of expiration."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from common.events import OrderState
from expiration.domain import Deadline, Pace
from expiration.schedule import Schedule

from .switch import Switch


def ends(switch: Switch) -> None:
    """A deadline that has fired is over."""

    def firing(fired: Any) -> Any:
        def off(self: Deadline, expires_at: datetime, moment: datetime, pace: Pace) -> Deadline | None:
            after: Deadline | None = fired(self, expires_at, moment, pace)
            switch.hit(after is not None)
            return None if after is None else replace(after, state="ended", repeat_at=None)

        return off

    switch.replace(Deadline, "fired", firing)


def newer_deadline(switch: Switch) -> None:
    """An older event arms a deadline as well as a newer one."""

    def hearing(heard: Any) -> Any:
        def off(self: Deadline, order: OrderState, *, repeat: bool) -> Any:
            switch.hit(order.version <= self.order_version and order.status == "created" and self.state != "ended")
            return heard(replace(self, order_version=-1), order, repeat=repeat)

        return off

    switch.replace(Deadline, "heard", hearing)


def say_expired(switch: Switch) -> None:
    """Nobody asks what became of an expiry."""

    def saying(said_again: Any) -> Any:
        def off(self: Deadline, moment: datetime, pace: Pace) -> Deadline | None:
            switch.hit(said_again(self, moment, pace) is not None)
            return None

        return off

    switch.replace(Deadline, "said_again", saying)


def reconciled(switch: Switch) -> None:
    """What the timer has forgotten stays forgotten."""

    def looking(_: Any) -> Any:
        async def off(self: Schedule) -> None:
            armed = await self._store.armed_until(self._clock(), 1)
            switch.hit(await self._timer.missing([one for one in armed if one.scheduled]))

        return off

    switch.replace(Schedule, "lost", looking)
