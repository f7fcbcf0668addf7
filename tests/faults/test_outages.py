"""What happens while a part is away, and after: the figures of docs/reliability.md."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

import pytest
from bson import ObjectId

from common.clock import now

from .conftest import Lengths
from .shop import Json, Load, Person, Shop, seconds_until

WRITES_PER_SECOND = 50
MOST_AT_ONCE = 50
ENDED = ("complete", "cancelled")
T = TypeVar("T")
HOLDS_MONEY = ("requires_capture", "processing")

pytestmark = pytest.mark.timeout(420)


async def at_a_rate(write: Callable[[int], Awaitable[None]], seconds: float) -> tuple[int, float]:
    """Begins so many writes a second, not waiting for those before; how many, and how many a second that was.

    A machine that is too slow for it begins fewer, rather than piling them up.
    """
    began, count, under_way = time.monotonic(), 0, set[asyncio.Task[None]]()
    while (elapsed := time.monotonic() - began) < seconds:
        while count < elapsed * WRITES_PER_SECOND and len(under_way) < MOST_AT_ONCE:
            task = asyncio.create_task(write(count))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            count += 1
        await asyncio.sleep(0.5 / WRITES_PER_SECOND)
    await asyncio.gather(*under_way)
    return count, count / (time.monotonic() - began)


async def few_at_a_time(work: Callable[[T], Awaitable[Json]], things: Iterable[T]) -> list[Json]:
    """It for each of these, sixteen at once."""
    places = asyncio.Semaphore(16)

    async def one(thing: T) -> Json:
        async with places:
            return await work(thing)

    return await asyncio.gather(*map(one, things))


async def test_without_the_bus_every_write_is_taken_and_arrives_after(shop: Shop, lengths: Lengths) -> None:
    person, load = shop.person(), Load()
    known = await asyncio.gather(*(person.sell(f"Known before {number}") for number in range(40)))
    await shop.arrives(within=30)
    unknown: list[Json] = []

    async def write(number: int) -> None:
        """Signs up, lists, edits, reserves and gives back, in turn: each of what its service itself knows."""
        ticket = known[number % len(known)]
        body = {"title": f"Written {number}", "price": 80}
        match number % 9:
            case 0:
                who = {"email": f"{secrets.token_hex(8)}@example.com", "password": "correct horse battery"}
                await load.ask(person, "POST", "/api/users/signup", who, good=[201])
            case 2 | 4:
                answer = await load.ask(person, "POST", "/api/tickets", body, good=[201])
                unknown.extend([answer.json()] if answer is not None and answer.status_code == 201 else [])
            case 1 | 3 | 5:
                one = f"/api/tickets/{ticket['id']}"
                await load.ask(person, "PUT", one, body, good=[200], what="PUT /api/tickets/{id}")
            case _:
                await reserve_and_give_back(load, person, ticket)

    await shop.stack.stop("nats")
    try:
        count, rate = await at_a_rate(write, lengths.outage_seconds)
        await reserve_unknown(load, person, unknown[-1])
    finally:
        await shop.stack.start("nats")
    before = await shop.cpu_seconds()
    took = await shop.arrives(within=120)
    used = await shop.cpu_seconds() - before
    assert load.failed == []
    ordered = await asyncio.gather(*(person.ask("POST", "/api/orders", {"ticketId": one["id"]}) for one in unknown[:5]))
    assert [answer.status_code for answer in ordered] == [201] * 5
    shop.reports(
        f"NATS down for {lengths.outage_seconds:.0f} s under {rate:.0f} writes/s: {count} writes, none "
        f"failed, slowest {load.slowest:.2f} s; all had arrived {took:.1f} s after its return, for "
        f"which all parts together took {used:.1f} s of processor"
    )


async def reserve_and_give_back(load: Load, person: Person, ticket: Json) -> None:
    """Two writes; somebody else may have it just now."""
    answer = await load.ask(person, "POST", "/api/orders", {"ticketId": ticket["id"]}, good=[201, 400])
    if answer is not None and answer.status_code == 201:
        path = f"/api/orders/{answer.json()['id']}"
        await load.ask(person, "DELETE", path, good=[204], what="DELETE /api/orders/{id}")


async def reserve_unknown(load: Load, person: Person, ticket: Json) -> None:
    """Orders cannot have heard of it: an honest 404."""
    await load.ask(person, "POST", "/api/orders", {"ticketId": ticket["id"]}, good=[404], what="an id on its way")


async def test_a_wiped_timer_expires_every_order_in_time(shop: Shop, lengths: Lengths) -> None:
    seller, buyer = shop.person(), shop.person()
    tickets = await few_at_a_time(seller.sell, [f"Nobody pays {number}" for number in range(lengths.orders_pending)])
    await shop.arrives(within=60)
    orders = await few_at_a_time(buyer.reserve, tickets)
    await shop.stack.wipe("redis")
    wiped = now()
    due = {ObjectId(one["id"]): datetime.fromisoformat(one["expiresAt"]) for one in orders}
    pending = sum(one > wiped for one in due.values())
    late: dict[ObjectId, float] = {}

    async def left() -> int:
        found = shop.mongo["orders"]["orders"].find({"_id": {"$in": list(due)}, "status": "created"}, {"_id": 1})
        waiting, moment = {one["_id"] async for one in found}, now()
        late.update({one: (moment - due[one]).total_seconds() for one in due.keys() - waiting - late.keys()})
        return len(waiting)

    await seconds_until(left, lambda count: count == 0, lengths.window_seconds + 90)
    assert len(late) == lengths.orders_pending
    assert min(late.values()) >= 0, "one ended before it was due"
    assert max(late.values()) <= 60
    shop.reports(
        f"Redis wiped with {pending} orders pending: {len(late)} expired, the first {min(late.values()):.1f} s and the "
        f"last {max(late.values()):.1f} s after its time"
    )


async def test_the_databases_leader_is_killed(shop: Shop) -> None:
    person, acknowledged, failed = shop.person(), list[tuple[float, str]](), list[str]()
    ending = asyncio.Event()

    async def write() -> None:
        while not ending.is_set():
            answer = await person.ask("POST", "/api/tickets", {"title": "Written through", "price": 75})
            if answer.status_code == 201:
                acknowledged.append((time.monotonic(), answer.json()["id"]))
            else:
                failed.append(answer.text[:200])
            await asyncio.sleep(0.02)

    writers = [asyncio.create_task(write()) for _ in range(6)]
    await asyncio.sleep(2)
    leader = await shop.stack.primary()
    killed = time.monotonic()
    await shop.stack.stop(leader, kill=True)
    await seconds_until(lambda: _last(acknowledged), lambda last: last > killed + 0.5, within=30, every=0.02)
    resumed = next(moment for moment, _ in acknowledged if moment > killed + 0.5) - killed
    await asyncio.sleep(2)
    ending.set()
    await asyncio.gather(*writers)
    await shop.stack.start(leader)
    ids = [ObjectId(identity) for _, identity in acknowledged]
    kept = await shop.mongo["tickets"]["tickets"].count_documents({"_id": {"$in": ids}})
    assert kept == len(ids)
    await shop.arrives(within=60)
    gap = max(after - before for (before, _), (after, _) in pairwise(acknowledged))
    shop.reports(
        f"mongod's primary killed: writes resumed after {resumed:.1f} s (longest gap {gap:.1f} s), {len(failed)} were "
        f"refused, all {len(ids)} that were acknowledged are there"
    )


async def _last(acknowledged: list[tuple[float, str]]) -> float:
    return acknowledged[-1][0] if acknowledged else 0.0


async def test_a_silent_provider_leaves_no_order_both_paid_and_lost(shop: Shop, lengths: Lengths) -> None:
    seller, buyer = shop.person(), shop.person()
    tickets = await few_at_a_time(seller.sell, [f"Paid in silence {number}" for number in range(16)])
    await shop.arrives(within=30)
    orders = await few_at_a_time(buyer.reserve, tickets)
    await shop.arrives(within=30)
    first = await asyncio.gather(*map(buyer.pay, orders[:8]))
    await shop.stack.pause("stripe")  # these are authorised, and most are not captured yet
    try:
        second = [asyncio.create_task(buyer.pay(one)) for one in orders[8:]]
        await asyncio.sleep(lengths.outage_seconds)
    finally:
        await shop.stack.resume("stripe")
    answers = [*first, *await asyncio.gather(*second)]
    again = await asyncio.gather(*map(buyer.pay, orders))
    ids = [ObjectId(one["id"]) for one in orders]

    async def open_ends() -> list[str]:
        intents = await shop.intents()
        found = shop.mongo["orders"]["orders"].find({"_id": {"$in": ids}})
        return [
            f"{one['_id']} {one['status']}"
            async for one in found
            if one["status"] not in ENDED
            or any(intent["status"] in HOLDS_MONEY for intent in intents.get(str(one["_id"]), []))
        ]

    quiet = await seconds_until(open_ends, lambda found: not found, within=300, every=0.5)
    intents = await shop.intents()
    paid = {one for one in map(str, ids) if any(i["status"] == "succeeded" for i in intents.get(one, []))}
    complete = {
        str(one["_id"])
        async for one in shop.mongo["orders"]["orders"].find({"_id": {"$in": ids}, "status": "complete"})
    }
    assert paid == complete
    assert {answer.status_code for answer in (*answers, *again)} <= {201, 400, 503}
    assert {order["id"] for order, answer in zip(orders, first, strict=False) if answer.status_code == 201} <= complete
    shop.reports(
        f"payment provider silent for {lengths.outage_seconds:.0f} s with {len(orders)} payments under way: "
        f"{len(complete)} complete and paid, {len(orders) - len(complete)} ended unpaid, none both paid and lost, "
        f"all settled {quiet:.0f} s after"
    )
