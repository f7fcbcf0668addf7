"""A clock that stands still until it is turned."""

from datetime import datetime, timedelta

from common.clock import now


class FakeClock:
    """Called like `common.clock.now`; starts at the real time, since ObjectIds carry it."""

    def __init__(self, start: datetime | None = None) -> None:
        self._moment = start or now()

    def __call__(self) -> datetime:
        return self._moment

    def advance(self, seconds: float) -> datetime:
        """Turns it on; the new time."""
        self._moment += timedelta(seconds=seconds)
        return self._moment
