"""The only place that asks what time it is.

Times are aware, in UTC, in whole milliseconds: what Mongo stores comes back equal.
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """The present moment, in UTC, cut to milliseconds."""
    return cut(datetime.now(UTC))  # noqa: TID251


def cut(moment: datetime) -> datetime:
    """The same moment in whole milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def rfc3339(moment: datetime) -> str:
    """`2026-11-21T18:42:10.000Z` (RFC 3339, UTC, milliseconds)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
