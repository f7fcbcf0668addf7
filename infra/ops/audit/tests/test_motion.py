"""What is under way is not judged, and said instead; what stays under way for too long is judged."""

from collections.abc import AsyncIterator, Callable

import pytest

from infra.ops.audit import CannotLookError, Report, audit
from infra.ops.audit.routes import BUS_BEFORE

from .world import FREE, ORDER, SOLD, World

JUST_NOW = "2026-11-21T11:59:58.000Z"
LONG_AGO = "2026-11-21T11:00:00.000Z"


async def audited(world: World, **how: float) -> Report:
    return await audit(world.read, again_after=0, **how)


def locked_in_vain() -> World:
    world = World()
    world.own("ticket", FREE)["state"]["orderId"] = ORDER
    for service in ("orders", "client"):
        world.replica(service, "ticket", FREE)["state"].update(orderId=ORDER)
    world.replica("client", "ticket", FREE)["state"]["listed"] = False
    return world


async def two_looks(first: World, second: World) -> Report:
    """The first look sees one world, every later one the other."""
    looks = 0

    def read(source: str) -> AsyncIterator[bytes]:
        nonlocal looks
        looks += source == BUS_BEFORE
        return (first if looks == 1 else second).read(source)

    return await audit(read, again_after=0)


async def test_what_a_second_look_no_longer_finds_is_none() -> None:
    report = await two_looks(locked_in_vain(), World())
    assert (report.violations, report.moving) == ((), 0)


async def test_what_was_written_meanwhile_is_none() -> None:
    second = locked_in_vain()
    second.own("ticket", FREE)["version"] = 4
    for service in ("orders", "client"):
        second.replica(service, "ticket", FREE)["version"] = 4
    assert (await two_looks(locked_in_vain(), second)).violations == ()


@pytest.mark.parametrize(
    ("motion", "said"),
    [
        ({"outbox": 1, "outboxSince": JUST_NOW}, "wait for the bus"),
        ({"waiting": ["tickets"], "since": JUST_NOW}, "wait for tickets"),
    ],
)
async def test_what_is_under_way_is_left_aside(motion: dict[str, object], said: str) -> None:
    world = locked_in_vain()
    world.own("order").update(motion)
    report = await audited(world)
    assert (report.violations, report.moving, report.quiet) == ((), 1, False)
    assert any(said in reason for reason in report.unquiet)


@pytest.mark.parametrize("waiting", [["tickets"], ["buyer"]])
async def test_a_wait_for_too_long_or_for_a_person_is_no_excuse(waiting: list[str]) -> None:
    world = locked_in_vain()
    world.own("order").update(waiting=waiting, since=LONG_AGO)
    assert [one.invariant for one in (await audited(world)).violations] == ["I4"]


async def test_what_its_consumer_has_not_reached_is_left_aside() -> None:
    world = locked_in_vain()
    world.consumer("tickets", "ORDERS").update(pending=1, floor=9, oldest=JUST_NOW)
    report = await audited(world)
    assert (report.violations, report.moving) == ((), 1)
    assert "tickets is 1 events behind in ORDERS" in report.unquiet


async def test_a_busy_consumer_that_has_passed_what_was_there_is_no_excuse() -> None:
    second = locked_in_vain()
    second.consumer("tickets", "ORDERS").update(pending=5, floor=10, oldest=JUST_NOW)
    report = await two_looks(locked_in_vain(), second)
    assert [one.invariant for one in report.violations] == ["I4"]


async def test_a_relay_that_works_off_others_is_given_time() -> None:
    first, second = World(), World()
    for number, world in enumerate((first, second)):
        world.own("order").update(outbox=1, outboxSince="2026-11-21T11:58:30.000Z")
        next(line for line in world.said["bus"] if line["stream"] == "ORDERS")["last"] = 10 + number
    assert (await two_looks(first, second)).violations == ()
    assert [one.invariant for one in (await two_looks(first, first)).violations] == ["I5"]


@pytest.mark.parametrize(("alive", "found"), [(True, ["I8"]), (False, [])])
async def test_a_shown_ticket_counts_only_while_its_service_runs(alive: bool, found: list[str]) -> None:
    world = World()
    world.replica("client", "ticket", SOLD)["state"]["listed"] = True
    world.consumer("client", "ORDERS").update(pending=1, floor=9, alive=alive, oldest=JUST_NOW)
    assert [one.invariant for one in (await audited(world)).violations] == found


def _armed(world: World) -> None:
    world.own("deadline").update(waiting=["deadline"])


def _stale(world: World) -> None:
    world.replica("orders", "ticket").update(stale=True)


@pytest.mark.parametrize(
    ("stir", "said"), [(_armed, "1 of expiration's deadlines wait for deadline"), (_stale, "are being rebuilt")]
)
async def test_it_says_what_is_not_quiet(stir: Callable[[World], None], said: str) -> None:
    world = World()
    stir(world)
    report = await audited(world)
    assert said in "".join(report.unquiet)
    assert "Not quiet" in report.table()


async def test_it_waits_until_all_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.ops.audit._PAUSE", 0.01)
    world = World()
    _armed(world)

    async def read(source: str) -> AsyncIterator[bytes]:
        if world.looks == 2 and source == BUS_BEFORE:
            world.own("deadline")["waiting"] = []
        async for line in world.read(source):
            yield line

    assert (await audit(read, again_after=0, quiet_within=30)).quiet
    assert world.looks == 3


async def test_dead_letters_are_counted_and_no_violation() -> None:
    world = World()
    world.said["bus"].append({"dead": "deadletter.orders.ticket.created.v1", "count": 2})
    report = await audited(world)
    assert (report.violations, sum(report.dead_letters.values())) == ((), 2)
    assert "2 dead letters" in report.table()


async def test_half_of_what_a_service_says_is_not_looked_at() -> None:
    world = World()
    world.away = "orders"
    with pytest.raises(CannotLookError, match="orders"):
        await audited(world)


async def test_the_table_names_the_documents() -> None:
    table = (await audited(locked_in_vain())).table()
    assert f"I4  ticket {FREE} v3, order {ORDER} v3: locked for an order of another ticket" in table
    assert "1 VIOLATIONS" in table
