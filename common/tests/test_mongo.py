"""What stores share: ids, words, and waiting for an event that is on its way."""

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

from common.mongo import FailureCounts, eventually, new_id, oid, words
from common.testing import FakeClock, Kit


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cécile McLorin  Salvant!", ["cecile", "mclorin", "salvant"]),
        ("ΟΔΟΣ Straße", ["οδοσ", "strasse"]),
        ("the the_THE", ["the"]),
        ("(.*) $where", ["where"]),
        ("", []),
    ],
)
def test_words_without_accents_and_case(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("text", ["", "x", "z" * 24, "a" * 23, "a" * 25])
def test_an_id_is_24_hex_digits(text: str) -> None:
    with pytest.raises(ValueError, match="24 hexadecimal digits"):
        oid(text)


async def test_what_was_just_made_elsewhere_is_waited_for() -> None:
    answers = [None, None, "here"]

    async def load() -> str | None:
        return answers.pop(0)

    assert await eventually(load, new_id()) == "here"


async def test_an_old_unknown_id_costs_one_look(clock: FakeClock) -> None:
    looks = []

    async def load() -> None:
        looks.append(1)

    old = str(ObjectId.from_datetime(clock() - timedelta(seconds=15)))
    assert await eventually(load, old, clock) is None
    assert len(looks) == 1


async def test_a_young_unknown_id_is_given_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def load() -> None:
        return None

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert await eventually(load, new_id()) is None
    assert sum(slept) == pytest.approx(2)


async def test_failures_are_counted_by_message() -> None:
    kit = Kit("orders")
    failures = FailureCounts(kit.database, kit.clock)
    assert [await failures.count("TICKETS", 7) for _ in range(3)] == [1, 2, 3]
    assert await failures.count("TICKETS", 8) == 1
    assert await FailureCounts(kit.database, kit.clock).count("TICKETS", 7) == 4
