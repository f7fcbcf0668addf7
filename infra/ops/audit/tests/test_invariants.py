"""Each invariant violated once, in every way that it can be, in a world that is good otherwise."""

from collections.abc import Callable

import pytest

from infra.ops.audit import Report, audit

from .world import AT, FREE, INTENT, ORDER, PAYMENT, SOLD, USER, World, intent, order, owned

OTHER = "f" * 24
LONG_AGO = "2026-11-21T11:00:00.000Z"
LATE = "2026-11-21T12:11:01.000Z"
Break = Callable[[World], object]


async def audited(world: World) -> Report:
    return await audit(world.read, again_after=0)


def broken(world: World, *breaks: Break) -> World:
    for one in breaks:
        one(world)
    return world


def state_of(kind: str, **change: object) -> Break:
    return lambda world: world.own(kind)["state"].update(change)


def replica_of(service: str, kind: str, **change: object) -> Break:
    return lambda world: world.replica(service, kind)["state"].update(change)


def without(service: str, key: str, kind: str) -> Break:
    def drop(world: World) -> None:
        world.said[service] = [line for line in world.said[service] if line.get(key) != kind]

    return drop


def and_(*breaks: Break) -> Break:
    return lambda world: broken(world, *breaks)


def other_order(status: str, **more: object) -> Break:
    """Another order of the sold ticket, that only orders knows."""
    return lambda world: world.said["orders"].insert(0, owned("order", OTHER, order(OTHER, status=status, **more)))


def line_in(source: str, **line: object) -> Break:
    return lambda world: world.said[source].append(dict(line))


def stripe_says(**change: object) -> Break:
    return lambda world: world.said["stripe"][0].update(change)


def ticket_is(identity: str, **change: object) -> Break:
    return lambda world: world.own("ticket", identity)["state"].update(change)


def at(moment: str) -> Break:
    return lambda world: setattr(world, "at", moment)


def lags(service: str, stream: str, **change: object) -> Break:
    return lambda world: world.consumer(service, stream).update({"pending": 1, "floor": 9} | change)


def unsaid(kind: str, since: str) -> Break:
    return lambda world: world.own(kind).update(outbox=1, outboxSince=since)


def knows(intent_id: str) -> Break:
    """The payment has made this intent too, before the one it used."""
    return lambda world: world.own("payment")["private"]["intents"].insert(0, {"id": intent_id, "closed": False})


def waits(intent_id: str, status: str) -> Break:
    """Stripe waits for somebody to pay with it."""
    return line_in("stripe", **intent(intent_id, status=status, received=0))


REFUND = {"stripe": "refund", "id": "re_1", "intent": INTENT, "status": "succeeded", "cents": 7500}
STUCK = {"waiting": ["Stripe"], "since": LONG_AGO}
VIOLATED: dict[str, tuple[str, Break, str]] = {
    "two orders": ("I1", other_order("created"), f"order {OTHER} v3"),
    "captured for a cancelled order": ("I2", state_of("order", status="cancelled", reason="buyer"), ORDER),
    "captured for an order that still waits": ("I2", state_of("order", status="awaiting:payment"), ORDER),
    "complete without a payment": ("I2", without("payments", "owns", "payment"), ORDER),
    "complete with a payment that failed": ("I2", state_of("payment", status="failed"), ORDER),
    "complete for another amount": ("I2", state_of("payment", amountCents=1), PAYMENT),
    "held for a cancelled order": (
        "I2",
        and_(state_of("payment", status="authorized"), state_of("order", status="cancelled", reason="expired")),
        ORDER,
    ),
    "paid for an order that nobody knows": ("I2", without("orders", "owns", "order"), PAYMENT),
    "undecided": ("I2", lambda world: world.own("payment").update(STUCK), PAYMENT),
    "taken for a payment that nobody knows": (
        "I2",
        lambda w: w.said["stripe"].append(intent("pi_2", payment=OTHER)),
        "pi_2",
    ),
    "taken twice": ("I2", lambda world: world.said["stripe"].append(intent("pi_2")), "pi_2"),
    "held beside what was taken": ("I2", line_in("stripe", **intent("pi_2", status="requires_capture")), "pi_2"),
    "taken, and the payment failed": ("I2", state_of("payment", status="failed"), INTENT),
    "captured here, held there": ("I2", stripe_says(status="requires_capture"), INTENT),
    "captured here, nothing there": ("I2", lambda world: world.said["stripe"].clear(), PAYMENT),
    "another amount there": ("I2", stripe_says(received=7400), INTENT),
    "another currency there": ("I2", stripe_says(currency="eur"), INTENT),
    "refunded here, not there": ("I2", state_of("payment", status="refunded"), INTENT),
    "refunded there, not here": ("I2", line_in("stripe", **REFUND), INTENT),
    "a second intent that can be confirmed": ("I2", and_(knows("pi_2"), waits("pi_2", "requires_action")), "pi_2"),
    "a declined intent of a cancelled order": (
        "I2",
        and_(
            state_of("payment", status="declined"),
            state_of("order", status="cancelled", reason="expired"),
            stripe_says(status="requires_payment_method", received=0),
        ),
        INTENT,
    ),
    "outlived": ("I3", and_(state_of("order", status="created"), at(LATE)), ORDER),
    "free while sold": ("I4", ticket_is(SOLD, orderId=None), ORDER),
    "locked for another's": ("I4", ticket_is(FREE, orderId=ORDER), FREE),
    "locked for a cancelled order": ("I4", state_of("order", status="cancelled", reason="buyer"), SOLD),
    "sold for another price": ("I4", ticket_is(SOLD, priceCents=8000), SOLD),
    "locked for nobody": ("I4", ticket_is(FREE, orderId=OTHER), FREE),
    "an order of no ticket": ("I4", without("tickets", "owns", "ticket"), ORDER),
    "never published": ("I5", unsaid("order", LONG_AGO), ORDER),
    "never applied": ("I5", lags("orders", "TICKETS", oldest=LONG_AGO), "consumer orders of TICKETS"),
    "nobody listens": ("I5", lambda w: w.said["bus"].remove(w.consumer("emails", "ORDERS")), "consumer emails"),
    "no mail": ("I5", without("emails", "owns", "mail"), ORDER),
    "a replica that disagrees": ("I6", replica_of("orders", "ticket", priceCents=1), f"orders's ticket {SOLD}"),
    "an order known otherwise": ("I6", replica_of("payments", "order", status="created"), ORDER),
    "another confirmation": ("I6", replica_of("payments", "order", payment=None), ORDER),
    "the shop's price": ("I6", replica_of("client", "ticket", priceCents=1), SOLD),
    "the shop's reservation": ("I6", replica_of("client", "hold", status="created"), SOLD),
    "the shop's payment": ("I6", replica_of("client", "payment", status="declined"), ORDER),
    "an old address": ("I6", replica_of("emails", "user", email="x@example.com"), USER),
    "never heard of": ("I6", without("client", "heard", "ticket"), f"ticket {FREE}"),
    "a replica of nothing": (
        "I6",
        lambda world: world.said["orders"].append(world.replica("orders", "ticket") | {"id": OTHER}),
        OTHER,
    ),
    "ahead of its source": ("I6", lambda world: world.replica("emails", "user").update(version=4), USER),
    "a deadline that still runs": ("I6", lambda w: w.own("deadline")["private"].update(stands="armed"), ORDER),
    "a deadline that is missing": ("I6", without("expiration", "owns", "deadline"), ORDER),
    "a deadline at another time": (
        "I6",
        and_(
            state_of("order", status="created"),
            state_of("deadline", expiresAt=AT),
            lambda world: world.own("deadline")["private"].update(stands="armed"),
        ),
        ORDER,
    ),
    "shown though it is held": ("I8", ticket_is(SOLD, orderId=None), SOLD),
    "in the shop though it is held": ("I8", replica_of("client", "ticket", listed=True), SOLD),
    "in the shop though it was taken down": ("I8", ticket_is(FREE, deleted=True), FREE),
}


@pytest.mark.parametrize(("invariant", "wrong", "named"), VIOLATED.values(), ids=VIOLATED)
async def test_each_violation_is_found_and_named(invariant: str, wrong: Break, named: str) -> None:
    report = await audited(broken(World(), wrong))
    found = [one for one in report.violations if one.invariant == invariant]
    assert any(named in document for one in found for document in one.documents), report.violations


async def test_a_world_at_rest_is_good_and_looked_at_once() -> None:
    world = World()
    report = await audited(world)
    assert (report.violations, report.quiet, report.unquiet, world.looks) == ((), True, (), 1)
    assert {invariant: count > 0 for invariant, count in report.checked.items()} == {
        "I1": True, "I2": True, "I3": False, "I4": True, "I5": True, "I6": True, "I8": True
    }  # fmt: skip


GOOD: dict[str, Break] = {
    "a payment that was never told of": and_(
        lambda w: w.said["payments"].append(
            owned("payment", OTHER, {**w.own("payment")["state"], "orderId": OTHER, "status": "cancelled"},
                  private={"intents": []})
        ),
        lambda w: broken(w, other_order("cancelled", reason="buyer", number=0)),
        lambda w: w.said["payments"].append(
            {**w.replica("payments", "order"), "id": OTHER,
             "state": {**w.replica("payments", "order")["state"], "status": "cancelled", "reason": "buyer"}}
        ),
        lambda w: w.said["expiration"].append({**w.own("deadline"), "id": OTHER}),
    ),
    "an intent that came to nothing": line_in("stripe", **intent("pi_2", status="canceled")),
    "an intent whose secret nobody was told": waits("pi_2", "requires_payment_method"),
    "an intent of an order that can be paid": and_(
        state_of("order", status="created", payment=None),
        state_of("payment", status="open"),
        stripe_says(status="requires_payment_method", received=0),
        replica_of("payments", "order", status="created", payment=None),
        replica_of("client", "hold", status="created"),
        without("client", "heard", "payment"),
        lambda world: world.own("deadline")["private"].update(stands="armed"),
    ),
    "a stranger's money that was returned": and_(
        line_in("stripe", **intent("pi_2", payment=OTHER)), line_in("stripe", **REFUND | {"intent": "pi_2"})
    ),
    "a refund": and_(
        state_of("payment", status="refunded"),
        state_of("order", refunded=True),
        replica_of("client", "payment", status="refunded"),
        line_in("stripe", **REFUND),
        lambda w: w.said["emails"].append(
            owned("mail", OTHER, {}, private={**w.own("mail")["private"], "about": "order_refunded"})
        ),
    ),
    "versions that only the owner raises": lambda w: w.own("order").update(version=9),
    "a seller's tombstone": and_(
        ticket_is(FREE, deleted=True),
        lambda w: w.replica("orders", "ticket", FREE)["state"].update(deleted=True),
        lambda w: w.replica("client", "ticket", FREE)["state"].update(deleted=True, listed=False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("harmless", GOOD.values(), ids=GOOD)
async def test_what_is_allowed_is_no_violation(harmless: Break) -> None:
    assert (await audited(broken(World(), harmless))).violations == ()


def lost_with_a_refund(world: World) -> None:
    """Orders has lost an order that was complete; what was taken for it is returned, and its ticket is free again."""
    broken(world, without("orders", "owns", "order"), ticket_is(SOLD, orderId=None), line_in("stripe", **REFUND))
    broken(world, state_of("payment", status="refunded"), replica_of("client", "payment", status="refunded"))
    world.replica("orders", "ticket", SOLD)["state"].update(orderId=None)
    world.replica("client", "ticket", SOLD)["state"].update(orderId=None)
    world.said["client"].remove(world.replica("client", "hold"))


LEFT_OVER: dict[str, tuple[str, Break, list[str]]] = {
    "what was paid for a lost order and is returned": (
        "orders",
        lost_with_a_refund,
        [
            f"refunded, for order {ORDER}, which orders does not know",
            "orders has no such order",
            "orders has no such order",
        ],
    ),
    "a payment that others were told of": (
        "payments",
        lambda world: world.said["client"].append(world.replica("client", "payment") | {"id": OTHER}),
        ["payments has no such payment"],
    ),
}


@pytest.mark.parametrize(("owner", "lost", "told"), LEFT_OVER.values(), ids=LEFT_OVER)
async def test_what_others_remember_of_a_loss_is_a_violation_unless_its_owner_was_restored(
    owner: str, lost: Break, told: list[str]
) -> None:
    world = broken(World(), lost)
    report = await audited(world)
    assert ([one.told for one in report.violations], report.leftovers) == (told, ())
    world.restored.add(owner)
    report = await audited(world)
    assert ([one.told for one in report.leftovers], report.violations) == (told, ())
    assert "Remembered of what a restore has lost; harmless" in report.table()
    assert ORDER not in report.table()


async def test_money_for_a_lost_order_is_a_violation_whatever_was_restored() -> None:
    world = broken(World(), without("orders", "owns", "order"))
    world.restored.add("orders")
    assert f"captured, for order {ORDER}, which orders does not know" in [
        one.told for one in (await audited(world)).violations
    ]


async def test_a_replica_that_a_rebuild_drops_is_none_that_lasts() -> None:
    world = broken(World(), VIOLATED["a replica of nothing"][1])
    world.restored.add("tickets")
    assert [one.told for one in (await audited(world)).violations] == ["tickets has no such ticket"]


async def test_a_refund_of_another_amount_than_the_orders_is_a_violation_whatever_was_restored() -> None:
    world = broken(World(), GOOD["a refund"], state_of("payment", amountCents=1))
    world.restored.add("orders")
    report = await audited(world)
    assert "1 cents were taken for an order of 7500" in [one.told for one in report.violations]
