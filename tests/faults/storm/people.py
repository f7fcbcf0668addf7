"""Everybody's life in a storm: each does what the plan says when it says so, as far as there is something to do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from . import buying, paying, selling
from .plan import Step
from .trespassing import trespass
from .world import PASSWORD, Person, World

TOO_LATE = 8.0
"""Seconds: who is kept by an outage for longer leaves out what they would have done meanwhile."""
_AT_ONCE = 8


async def sign_in(person: Person, step: Step) -> None:
    """Signs in again, and asks who one is."""
    account = {"email": person.email, "password": PASSWORD}
    await person.world.api.ask(person.name, step.act, "POST", "/api/users/signin", expected=(200,), json=account)
    reply = await person.ask(step, "GET", "/api/users/currentuser", expected=(200,))
    if reply.ok and (reply.body["currentUser"] or {}).get("email") != person.email:
        person.world.history.violated("I7", f"{person.name} is taken for {reply.body['currentUser']}")


async def shop(person: Person, step: Step) -> None:
    """Looks at the front page."""
    await person.ask(step, "GET", "/", expected=(200,))


ACTS: Mapping[str, Callable[[Person, Step], Awaitable[Any]]] = {
    "list": selling.put_on_sale,
    "edit": selling.edit,
    "edit_this_version": selling.edit_this_version,
    "delete": selling.delete,
    "look_at_ticket": selling.look_at_ticket,
    "browse": selling.browse,
    "reserve": buying.reserve,
    "reserve_twice": buying.reserve_twice,
    "rush": buying.rush,
    "cancel": buying.cancel,
    "extend": buying.extend,
    "look_at_order": buying.look_at_order,
    "look_at_orders": buying.look_at_orders,
    "pay": paying.pay,
    "pay_twice": paying.pay_twice,
    "pay_with_key": paying.pay_with_key,
    "open": paying.open_intent,
    "open_and_confirm": paying.open_and_confirm,
    "sign_in": sign_in,
    "shop": shop,
    "trespass": trespass,
}


async def gather_people(world: World, count: int) -> list[Person]:
    """Signs everybody up, before anything breaks."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def sign_up(number: int) -> Person:
        email = f"person-{number}@example.com"
        account = {"email": email, "password": PASSWORD}
        async with turn:
            answer = await world.http.post("/api/users/signup", json=account)
        assert answer.status_code == 201, answer.text
        return Person(number, email, answer.cookies["session"], world)

    return list(await asyncio.gather(*(sign_up(number) for number in range(count))))


async def live(people: Sequence[Person], steps: Sequence[Step], began: float) -> int:
    """All of them at once, from `began` on the loop's clock; how many steps came too late and were left out."""
    lives: dict[int, list[Step]] = {person.number: [] for person in people}
    for step in steps:
        lives[step.who].append(step)
    missed = await asyncio.gather(*(_live(person, lives[person.number], began) for person in people))
    return sum(missed)


async def _live(person: Person, steps: Sequence[Step], began: float) -> int:
    loop, missed = asyncio.get_running_loop(), 0
    for step in steps:
        early = began + step.at - loop.time()
        if early > 0:
            await asyncio.sleep(early)
        if early < -TOO_LATE:
            missed += 1
        else:
            await ACTS[step.act](person, step)
    return missed
