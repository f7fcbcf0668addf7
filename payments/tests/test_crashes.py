"""Whatever dies or stays unanswered, and whatever happens meanwhile: captured and complete, or nothing captured.

What buyers and their orders do meanwhile is enumerated in tests/simulation, with the real orders.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import product

import pytest

from common.events import OrderState

from .fake_stripe import MODES, Crash
from .shop import Shop

Moment = Callable[[Shop, OrderState], Awaitable[None]]
Failure = dict[str, list[str]]
FAILURES: dict[str, list[Failure]] = {
    "create": [{"create": [mode]} for mode in MODES],
    "confirm": [{"confirm": [mode]} for mode in MODES],
    "capture": [{"capture": [mode]} for mode in MODES],
    "cancel": [{"cancel": [mode]} for mode in MODES],
}
WORSE: dict[str, list[Failure]] = {
    "read": [{"confirm": ["crash after"], "read": [mode]} for mode in MODES],
    "find": [{"create": ["fault after"], "find": [mode]} for mode in MODES],
    "confirm again": [{"confirm": ["fault before", mode]} for mode in MODES],
    "cancel and read": [{"capture": ["lost after"], "cancel": ["lost after"], "read": [mode]} for mode in MODES],
}


async def nothing(shop: Shop, order: OrderState) -> None:
    """The buyer waits."""


async def cancelled(shop: Shop, order: OrderState) -> None:
    await shop.orders.cancel(order.id)
    await shop.kit.settle()


async def expired(shop: Shop, order: OrderState) -> None:
    shop.kit.clock.advance(15 * 60 + 21)
    await shop.orders.cancel(order.id, "expired")
    await shop.kit.settle()


async def silent(shop: Shop, _order: OrderState) -> None:
    """Its deadline passes, and orders does not say so."""
    shop.kit.clock.advance(15 * 60 + 121)


async def worked_on(shop: Shop, _order: OrderState) -> None:
    """Another worker is at it."""
    with suppress(Crash):
        await shop.another_worker().run()


MOMENTS: list[Moment] = [silent, worked_on]
PLACES = {
    "create": ("create", "confirm", "then"),
    "confirm": ("confirm", "then"),
    "capture": ("capture", "then"),
    "cancel": ("capture", "then"),
}
"""While which step it happens; `then`: after the buyer was answered."""


@pytest.mark.parametrize("step", FAILURES)
async def test_a_failure_at_any_moment_ends_in_one_of_two_ways(shop: Shop, step: str) -> None:
    for failure in FAILURES[step]:
        for moment, place in [(nothing, "then"), *product(MOMENTS, PLACES[step])]:
            await one_story(shop, failure, moment, place)


@pytest.mark.parametrize("steps", WORSE)
async def test_so_do_two_failures(shop: Shop, steps: str) -> None:
    for failure, moment in product(WORSE[steps], (nothing, cancelled, expired)):
        await one_story(shop, failure, moment, "then")


async def one_story(shop: Shop, failure: Failure, moment: Moment, place: str) -> None:
    order = await shop.orders.make()
    shop.stripe.fails = {name: list(modes) for name, modes in failure.items()}
    shop.stripe.hooks = {} if place == "then" else {place: lambda: moment(shop, order)}
    with suppress(Crash):
        await shop.pay(order)
    if place == "then":
        await moment(shop, order)
    await shop.rest()
    await shop.until_quiet()
    assert_one_of_two(shop, order, f"{failure} {moment.__name__} {place}")
    await shop.forget()


def assert_one_of_two(shop: Shop, order: OrderState, story: str) -> None:
    intents = shop.stripe.of(order.id)
    states = sorted(one.status for one in intents)
    captures = sum(one.captures for one in intents)
    status = shop.order(order).status
    assert max(one.authorisations for one in intents) <= 1, story
    if status == "complete":
        assert (captures, states.count("captured"), set(states) - {"captured", "cancelled"}) == (1, 1, set()), story
        assert shop.said(order)[-1].status == "captured", story
    else:
        assert (status, captures, set(states)) == ("cancelled", 0, {"cancelled"}), story
