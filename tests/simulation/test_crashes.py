"""Every step that payments takes fails in every way, while somebody else acts at every moment: one of two ends.

The steps are counted in a run where nothing fails, and then each of them fails in turn: nothing is sampled.
"""

from functools import partial

import pytest

from .effects import modes
from .world import Moment, World


async def nothing(_world: World) -> None:
    """Nobody else does anything."""


async def bought(world: World) -> None:
    """A buyer pays, and whatever follows from it happens."""
    await world.pay()
    await world.rest()


async def refunded(world: World) -> None:
    """An operator returns what a buyer has paid."""
    await world.refund()
    await world.rest()


MOMENTS: dict[str, Moment] = {
    "nothing": nothing,
    "expiry": World.expire,
    "cancel": World.cancel,
    "retry": World.retry,
    "webhook": World.webhook,
}


@pytest.fixture
async def world() -> World:
    world = World()
    await world.open()
    return world


async def run(world: World, what: Moment, failing: tuple[int, str] | None, other: Moment, place: int) -> list[str]:
    """One story; the steps that payments took in it until it came to rest for the first time."""
    await world.begin()
    if what is refunded:
        await bought(world)
        assert await world.check("before the refund") == "complete"
    world.effects.plan, world.effects.meanwhile = failing, (place, partial(other, world))
    world.effects.watching = True
    await what(world)
    world.effects.watching = False
    seen = list(world.effects.seen)
    if place >= len(seen):
        await other(world)
    await world.rest()
    await world.until_quiet()
    return seen


async def every_failure(world: World, what: Moment, name: str) -> dict[str, int]:
    """How often each end was reached."""
    ends: dict[str, int] = {"complete": 0, "cancelled": 0}
    other = MOMENTS[name]
    places = len(await run(world, what, None, nothing, 0))
    for place in range(places + 1) if other is not nothing else [places]:
        steps = await run(world, what, None, other, place)
        ends[await world.check(f"{what.__name__}, {name} at {place}")] += 1
        for step, effect in enumerate(steps):
            for mode in modes(effect):
                seen = await run(world, what, (step, mode), other, place)
                ends[await world.check(f"{what.__name__}, {mode} {effect} ({step}), {name} at {place}: {seen}")] += 1
    return ends


@pytest.mark.parametrize("name", MOMENTS)
async def test_a_purchase_ends_in_one_of_two_ways(world: World, name: str) -> None:
    ends = await every_failure(world, bought, name)
    assert min(ends.values()) > 0
    assert sum(ends.values()) > (30 if name == "nothing" else 300)


@pytest.mark.parametrize("name", ["nothing", "retry", "webhook", "cancel"])
async def test_a_refund_is_made_once(world: World, name: str) -> None:
    assert (await every_failure(world, refunded, name))["cancelled"] == 0
    payment = await world.payments._store.of_order(world.order.id)
    assert payment is not None
    assert payment.status == "refunded"
