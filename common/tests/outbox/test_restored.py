"""Versions after a restore."""

import itertools
from datetime import UTC, datetime, timedelta

from common.outbox import raised, set_back

MOMENT = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)


def test_it_is_greater_than_all_before() -> None:
    assert raised(999_999, MOMENT) < raised(0, MOMENT + timedelta(seconds=1))
    assert raised(0, MOMENT) > 10_000_000


def test_what_was_before_what_stays_so() -> None:
    versions = [0, 1, 7, 999_999]
    assert sorted(versions) == versions
    assert [raised(one, MOMENT) for one in versions] == sorted(raised(one, MOMENT) for one in versions)


def test_each_restore_is_above_every_other_in_whatever_order_backups_are_restored() -> None:
    """A sum would fail: a backup made after a restore, restored, is above an older one that is restored after it."""
    backups = [3, raised(4, MOMENT), raised(raised(9, MOMENT), MOMENT + timedelta(hours=1))]
    for order in itertools.product(backups, repeat=3):
        moments = [MOMENT + timedelta(days=1, seconds=number) for number in range(3)]
        restored = [raised(version, moment) for version, moment in zip(order, moments, strict=True)]
        lived = [version + 50_000 for version in restored]
        assert lived[0] < restored[1]
        assert lived[1] < restored[2]


def test_it_stays_exact_in_json_for_two_centuries() -> None:
    assert raised(999_999, datetime(2226, 1, 1, tzinfo=UTC)) < 2**53


def test_of_an_aggregate_nothing_else_changes() -> None:
    document = {"_id": 1, "version": 7, "name": "x", "outbox": [{"id": "1"}]}
    assert set_back(MOMENT)(document) == document | {"version": raised(7, MOMENT), "set_back": True}
    assert document["version"] == 7
