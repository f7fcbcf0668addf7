"""Time as we keep it and write it."""

from datetime import UTC, datetime, timedelta, timezone

from common.clock import cut, now, rfc3339


def test_now_is_in_utc_and_whole_milliseconds() -> None:
    moment = now()
    assert moment.tzinfo is UTC
    assert moment == cut(moment)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    there = datetime(2026, 11, 21, 20, 42, 10, 7_900, timezone(timedelta(hours=2)))
    assert rfc3339(there) == "2026-11-21T18:42:10.007Z"
