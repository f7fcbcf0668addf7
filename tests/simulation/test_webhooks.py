"""A thousand schedules of webhooks: dropped, sent up to three times, late, in any order: one of two ends.

Unlike in the searches, one clock goes on for everybody, and each bus, timer and worker is as it is.
"""

import random  # noqa: TID251 (a seed makes each story one that can be told again)
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from common.errors import AppError

from .effects import ON_STRIPE
from .world import World

SEEDS = 1000
SHARES = 4
CARDS = ("tok_visa", "tok_visa", "tok_action", "tok_other")


class Post:
    """Stripe's events on their way. Each is lost, or comes up to three times, each time at a turn of its own."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._seen = 0
        self._on_their_way: list[tuple[int, str, str, str]] = []

    async def turn(self, turn: int) -> None:
        """Takes what Stripe has sent since, and delivers what has come by now, in no order."""
        chance = self._chance
        for number, (kind, intent_id) in enumerate(self._world.bank.sent[self._seen :], self._seen):
            event_id = f"evt_{intent_id}_{number}"
            copies = 0 if chance.random() < 0.25 else chance.randint(1, 3)
            self._on_their_way += [(turn + chance.randint(0, 6), kind, intent_id, event_id) for _ in range(copies)]
        self._seen = len(self._world.bank.sent)
        due = [one for one in self._on_their_way if one[0] <= turn]
        self._on_their_way = [one for one in self._on_their_way if one[0] > turn]
        chance.shuffle(due)
        for _, kind, intent_id, event_id in due:
            await self._world.tell(kind, intent_id, event_id)
        if chance.random() < 0.7:
            await self._world.webhooks.run()


async def answered(world: World, chance: random.Random) -> None:
    """The buyer answers the bank, in a page that tells us nothing."""
    for intent in world.bank.intents.values():
        if intent.state == "action":
            world.bank.become(intent, chance.choice(["held", "declined"]))


async def opened(world: World) -> None:
    """The buyer looks at the payment page."""
    try:
        await world.payments.open(world.order.id, world.order.user_id, None)
    except AppError:
        return


async def worked(world: World) -> None:
    await world.settle()
    await world.worker.run()


def deeds(world: World, chance: random.Random) -> list[Callable[[], Awaitable[None]]]:
    """What happens at a turn, each as likely as the others."""
    return [
        partial(world.pay, chance.choice(CARDS)),
        partial(world.pay, "tok_visa"),
        partial(answered, world, chance),
        partial(opened, world),
        partial(worked, world),
        partial(worked, world),
        world.settle,
        world.cancel if chance.random() < 0.3 else world.settle,
        world.expire if chance.random() < 0.3 else world.settle,
        partial(world.wait, 61),
    ]


async def story(world: World, seed: int) -> str:
    chance = random.Random(seed)  # noqa: S311 (nothing here is a secret)
    await world.begin()
    post = Post(world, chance)
    trouble = chance.choice([mode for mode in ON_STRIPE if not mode.startswith("crash")])
    world.effects.plan = (chance.randint(1, 12), trouble) if chance.random() < 0.5 else None
    for turn in range(10):
        world.effects.watching = True
        await chance.choice(deeds(world, chance))()
        world.effects.watching = False
        await post.turn(turn)
    for turn in range(10, 18):
        await world.rest()
        await post.turn(turn)
    await world.until_quiet()
    return await world.check(f"seed {seed}")


@pytest.mark.parametrize("share", range(SHARES))
async def test_a_thousand_schedules(share: int) -> None:
    world = World()
    await world.open()
    ends = [await story(world, seed) for seed in range(share, SEEDS, SHARES)]
    assert min(ends.count("complete"), ends.count("cancelled")) > 20
