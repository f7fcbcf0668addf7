"""A database is dropped and put back from its backup: the shop is as it was, and everybody else catches up."""

import time
from dataclasses import dataclass

from tests.cluster.cluster import Cluster, NotReady
from tests.cluster.door import newcomer
from tests.cluster.findings import Findings, duration
from tests.e2e.people import Json, Person

TITLE = "A database dropped and restored: the shop is as it was"
DROPPED = ("orders", "payments")
_AS_BEFORE_WITHIN = 60.0
_PAGE = 100


@dataclass(frozen=True, slots=True)
class View:
    """What is on sale, and what a buyer has, by id: all but what a restore changes.

    It raises versions, and the time of an order that nobody had paid begins again.
    """

    tickets: dict[str, Json]
    orders: dict[str, Json]


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    await cluster.require_shop()
    async with newcomer(cluster.options) as seller, newcomer(cluster.options) as buyer:
        await trade(seller, buyer)
        began = time.monotonic()
        said = await cluster.ours("backup", "all")
        took = duration(time.monotonic() - began)
        if not findings.checked("backup of every database", said.code == 0, took if not said.code else said.told):
            return
        for service in DROPPED:
            await lose_and_restore(cluster, findings, service, buyer)
        for order in (await view(buyer)).orders.values():
            if order["status"] == "created":
                await buyer.cancel(order)  # or the audit would wait for its buyer
        await cluster.audit(findings, "after both")
    await cluster.smoke(findings)


async def trade(seller: Person, buyer: Person) -> None:
    """Something to lose: an order that is paid for, one that is not, one that was cancelled, a ticket that is free."""
    tickets = [await seller.sell(f"Before the backup {number}") for number in range(4)]
    paid, open_one, given_up = [await buyer.reserve(ticket) for ticket in tickets[:3]]
    answer = await buyer.pay(paid)
    assert answer.status_code == 201, answer.text
    await buyer.cancel(given_up)
    await buyer.sees(paid, "complete", seconds=30)
    await buyer.sees_held(tickets[1], open_one, seconds=30)
    await buyer.sees_held(tickets[2], None, seconds=30)


async def lose_and_restore(cluster: Cluster, findings: Findings, service: str, buyer: Person) -> None:
    """One of them."""
    before = await view(buyer)
    file = newest((await cluster.ours("backups", service)).out, service)
    await drop(cluster, service)
    if service == "orders":
        left = len((await view(buyer)).orders)
        findings.checked("without its database the buyer has no orders (the control)", not left, f"{left} left")
    began = time.monotonic()
    said = await cluster.ours("restore", service, file, "--yes")
    took = duration(time.monotonic() - began)
    findings.checked(f"{service} restored from {file}", said.code == 0, took if not said.code else said.told)
    seconds = await same_again(cluster, buyer, before)
    what = f"after the restore of {service} the tickets on sale, and the buyer's orders, are as they were"
    good = seconds is not None
    findings.checked(what, good, f"seen after {seconds:.1f} s" if good else different(before, await view(buyer)))


async def same_again(cluster: Cluster, buyer: Person, before: View) -> float | None:
    """Seconds until it is as before, where that comes to be."""

    async def look() -> str:
        return different(before, await view(buyer))

    try:
        return await cluster.until(look, _AS_BEFORE_WITHIN)
    except NotReady:
        return None


async def view(buyer: Person) -> View:
    """As the buyer sees it now."""
    tickets: list[Json] = []
    path = f"/api/tickets?limit={_PAGE}"
    while path:
        answer = await buyer.api.get(path)
        assert answer.status_code == 200, answer.text
        tickets += answer.json()
        path = answer.links.get("next", {}).get("url", "")
    answer = await buyer.api.get("/api/orders")
    assert answer.status_code == 200, answer.text
    return View(*({one["id"]: lasting(one) for one in some} for some in (tickets, answer.json())))


def lasting(thing: Json) -> Json:
    """What of it outlives a restore."""
    begins_again = {"expiresAt"} if thing.get("status") == "created" else set()
    return {key: value for key, value in thing.items() if key not in {"version", *begins_again}}


def newest(listing: str, service: str) -> str:
    """The last of the backups of one, from what `ls -l` says: their names carry the time."""
    names = [line.split()[-1] for line in listing.splitlines() if line.split()]
    mine = sorted(name for name in names if name.startswith(f"{service}-"))
    if not mine:
        raise NotReady(f"there is no backup of {service}: {listing[-200:]}")
    return mine[-1]


async def drop(cluster: Cluster, service: str) -> None:
    """The whole database, as somebody with its password could."""
    password = (await cluster.kube.secret(f"{service}-mongo"))["admin-password"]
    words = (
        f'db.getSiblingDB("admin").auth("admin", "{password}")',
        f'printjson(db.getSiblingDB("{service}").dropDatabase())',
    )
    shell = ("env", "HOME=/tmp", "mongosh", "--quiet", "--norc", "mongodb://127.0.0.1:27017/?directConnection=true")
    said = await cluster.kube.exec(f"{service}-mongo-0", *shell, stdin="\n".join(words) + "\n", container="mongo")
    if said.code or "ok: 1" not in said.out:
        raise NotReady(f"the database of {service} could not be dropped: {said.told}")


def different(before: View, after: View) -> str:
    """What is not as it was. Somebody's reservation may have run out meanwhile, so there may be more on sale."""
    tickets = [one for key, one in before.tickets.items() if after.tickets.get(key) != one]
    orders = [one for key, one in before.orders.items() if after.orders.get(key) != one]
    if before.orders.keys() != after.orders.keys():
        return f"orders {sorted(before.orders)} became {sorted(after.orders)}"
    return f"not as before: {[*tickets, *orders]}"[:500] if tickets or orders else ""
