"""The short storm, and what every storm promises: its seed gives the same again, and every kind of fault comes."""

from pathlib import Path

import pytest

from .storm.deck import kinds
from .storm.plan import make_plan
from .storm.storm import storm

SEED = 1
SECONDS = 30.0
PEOPLE = 16
BLOW_EVERY = 1.6
"""About one of each kind."""
SHORT = {"EXPIRATION_WINDOW_SECONDS": "8", "EXTENSION_SECONDS": "4", "REPEAT_LIMIT_SECONDS": "8"}


@pytest.mark.real
@pytest.mark.timeout(240)
async def test_a_short_storm_breaks_nothing(tmp_path: Path) -> None:
    plan = make_plan(SEED, SECONDS, people=PEOPLE, blow_every=BLOW_EVERY)
    async with storm(plan, tmp_path, SHORT) as run:
        report = await run.run()
    assert not report.violations, report.text()
    assert report.figures()["orders"] > 0, report.text()


def test_a_seed_gives_the_same_storm_again() -> None:
    assert make_plan(7, 600) == make_plan(7, 600)
    assert make_plan(7, 600) != make_plan(8, 600)


def test_one_persons_life_does_not_depend_on_how_many_others_there_are() -> None:
    few, many = (make_plan(3, 60, people=people) for people in (8, 16))
    alone = [[step for step in plan.steps if step.who == 0 and step.act != "rush"] for plan in (few, many)]
    assert alone[0] == alone[1]


@pytest.mark.parametrize("seed", range(1, 6))
def test_ten_minutes_bring_every_fault_and_sixty_kills(seed: int) -> None:
    blows = make_plan(seed, 600).blows
    assert {blow.kind for blow in blows} == kinds()
    assert sum(blow.kind in {"kill", "away", "wipe"} for blow in blows) >= 60


def test_the_short_storm_has_every_fault_too() -> None:
    assert {blow.kind for blow in make_plan(SEED, SECONDS, blow_every=BLOW_EVERY).blows} == kinds()


def test_nothing_is_broken_in_the_calm() -> None:
    plan = make_plan(1, 600)
    for begin, end in plan.calms:
        assert not [blow for blow in plan.blows if begin <= blow.at < end]
