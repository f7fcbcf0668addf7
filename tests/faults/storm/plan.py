"""What will happen in a storm, as data that a seed gives again: who does what when, and what is broken when."""

import random  # noqa: TID251 (no secrets: a seed has to give the same again)
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .deck import Card, deal

PEOPLE = 48
PAUSE = 2.0
"""Seconds between two things that one person does, on average."""
RUSH_EVERY = 6.0
RUSH_OF = (3, 6)
"""How many reach for one ticket at the same moment."""
CALM_EVERY = 75.0
CALM_SHARE = 0.2
"""Of each such time, its last part is calm: nothing is broken, and what had been is mended."""
BLOW_EVERY = 3.2
FIRST_BLOW = 1.0

_ACTS: Mapping[str, int] = {
    "list": 24,
    "edit": 6,
    "edit_this_version": 2,
    "delete": 3,
    "reserve": 36,
    "reserve_twice": 3,
    "cancel": 7,
    "extend": 5,
    "pay": 22,
    "pay_twice": 3,
    "pay_with_key": 3,
    "open": 3,
    "open_and_confirm": 4,
    "look_at_order": 6,
    "look_at_orders": 3,
    "look_at_ticket": 4,
    "browse": 4,
    "shop": 2,
    "sign_in": 2,
    "trespass": 4,
}
_CARDS: Mapping[str, int] = {"good": 60, "declined": 14, "slow": 8, "secure": 12, "secure_failed": 3, "processing": 3}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does. `pick`, from 0 to 1, chooses among what there is to do it to."""

    at: float
    who: int
    act: str
    pick: float
    card: str = "good"


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that breaks at `at`, for `seconds` where it does not mend by itself. `order`: for the stand-in."""

    at: float
    kind: str
    part: str
    seconds: float = 0.0
    order: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole schedule of one storm."""

    seed: int
    seconds: float
    people: int
    steps: tuple[Step, ...]
    blows: tuple[Blow, ...]
    calms: tuple[tuple[float, float], ...]


def make_plan(seed: int, seconds: float, *, people: int = PEOPLE, blow_every: float = BLOW_EVERY) -> Plan:
    """The schedule for this seed."""
    calms = tuple(_calms(seconds))
    steps = [step for who in range(people) for step in _life(_generator(seed, f"person {who}"), who, seconds)]
    steps += _rushes(_generator(seed, "rushes"), people, seconds)
    blows = _blows(_generator(seed, "nemesis"), seconds, calms, blow_every)
    return Plan(seed, seconds, people, tuple(sorted(steps, key=lambda step: (step.at, step.who))), tuple(blows), calms)


def _generator(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed} {name}")  # noqa: S311 (no secrets)


def _calms(seconds: float) -> Iterator[tuple[float, float]]:
    rounds = max(1, round(seconds / CALM_EVERY))
    length = seconds / rounds
    for number in range(1, rounds + 1):
        yield length * (number - CALM_SHARE), length * number


def _life(chance: random.Random, who: int, seconds: float) -> Iterator[Step]:
    at = chance.uniform(0, PAUSE)
    while at < seconds:
        (act,) = chance.choices(list(_ACTS), list(_ACTS.values()))
        (card,) = chance.choices(list(_CARDS), list(_CARDS.values()))
        yield Step(at, who, act, chance.random(), card)
        at += chance.expovariate(1 / PAUSE)


def _rushes(chance: random.Random, people: int, seconds: float) -> Iterator[Step]:
    at = chance.expovariate(1 / RUSH_EVERY)
    while at < seconds:
        pick = chance.random()
        for who in chance.sample(range(people), min(people, chance.randint(*RUSH_OF))):
            yield Step(at, who, "rush", pick)
        at += chance.expovariate(1 / RUSH_EVERY)


def _blows(
    chance: random.Random, seconds: float, calms: tuple[tuple[float, float], ...], every: float
) -> Iterator[Blow]:
    cards = deal(chance)
    at = FIRST_BLOW
    while at < seconds:
        card = next(cards)
        length = chance.uniform(*card.seconds)
        until = next((end for begin, end in calms if begin - length <= at < end), None)
        if until is None:
            yield _blow(at, card, length)
            at += chance.uniform(0.2 * every, 1.8 * every)
        else:
            at = until + chance.uniform(0, every)


def _blow(at: float, card: Card, length: float) -> Blow:
    return Blow(at, card.kind, card.part, round(length, 2), card.order)
