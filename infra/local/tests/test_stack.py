import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.local import control
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.lock import is_held
from infra.local.part import Part, Plan, Step
from infra.local.settings import StackSettings
from infra.local.stack import Stack

from .factories import SHORT, make_part, never

ADDRESSES = {"tickets": ["http://127.0.0.1:1", "http://127.0.0.1:2"], "nats": "nats://127.0.0.1:3"}


def make_stack(layout: Layout, *parts: Part, steps: tuple[Step, ...] = ()) -> Stack:
    def plan(settings: StackSettings, where: Layout, environment: Mapping[str, str]) -> Plan:  # noqa: ARG001
        return Plan(parts, steps, ADDRESSES)

    return Stack(StackSettings(root=layout.root), plan=plan)


def recorder(name: str, order: list[str]) -> Callable[[], Any]:
    async def run() -> None:
        order.append(name)

    return run


async def test_each_waits_for_what_it_needs(layout: Layout) -> None:
    order: list[str] = []

    async def when_asked(pid: int) -> bool:  # noqa: ARG001
        order.append("nats ready")
        return True

    steps = (Step("streams", recorder("streams", order), needs=("nats",)),)
    parts = (make_part("tickets-1", needs=("streams", "absent")), make_part("nats", ready=when_asked))
    async with make_stack(layout, *parts, steps=steps) as stack:
        order.append("tickets runs" if all(part["pid"] for part in stack.status()) else "")
    assert order == ["nats ready", "streams", "tickets runs"]


async def test_addresses_and_the_sign_of_readiness_are_there_while_it_runs(layout: Layout) -> None:
    async with make_stack(layout, make_part("nats")):
        assert json.loads(layout.addresses.read_text()) == ADDRESSES
        assert layout.ready.exists()
        assert layout.addresses.stat().st_mode & 0o077 == 0
    assert not layout.addresses.exists()
    assert not layout.ready.exists()


async def test_what_needs_a_part_stops_before_it(layout: Layout) -> None:
    log = layout.root / "ended"

    def part(name: str, needs: tuple[str, ...] = ()) -> Part:
        code = f"""
import signal, time
def end(*_):
    with open({str(log)!r}, "a") as file: file.write({name!r} + " ")
    exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
"""

        async def is_up(pid: int) -> bool:  # noqa: ARG001
            return layout.log(name).exists() and "up" in layout.log(name).read_text()

        return make_part(name, code, needs=needs, ready=is_up)

    async with make_stack(layout, part("nats"), part("gateway", ("tickets",)), part("tickets", ("nats", "streams"))):
        pass
    assert log.read_text().split() == ["gateway", "tickets", "nats"]


async def test_one_part_that_cannot_start_ends_all(layout: Layout) -> None:
    stack = make_stack(layout, make_part("nats"), make_part("tickets", SHORT, ready=never, needs=("nats",)))
    with pytest.raises(StackError, match=r"tickets ended before it was ready: .*nothing to do"):
        async with stack:
            pass
    assert [part["pid"] for part in stack.status()] == [None, None]
    assert not is_held(layout)


async def test_a_step_that_fails_ends_all(layout: Layout) -> None:
    async def fail() -> None:
        raise StackError("The streams could not be made.")

    with pytest.raises(StackError, match="streams could not be made"):
        async with make_stack(layout, make_part("nats"), steps=(Step("streams", fail, needs=("nats",)),)):
            pass


async def test_a_second_stack_in_the_same_folder_is_refused(layout: Layout) -> None:
    async with make_stack(layout, make_part("nats")) as first:
        with pytest.raises(StackError, match="A stack already runs in"):
            async with make_stack(layout, make_part("nats")):
                pass
        assert first.status()[0]["pid"]
        assert layout.ready.exists()


async def test_parts_are_stopped_and_started_by_command(layout: Layout) -> None:
    async with make_stack(layout, make_part("tickets-1"), make_part("tickets-2"), make_part("nats")) as stack:
        await control.ask(layout, "stop", name="tickets", atOnce=True)
        assert [part["state"] for part in stack.status()] == ["stopped", "stopped", "ready"]
        await control.ask(layout, "start", name="tickets-2")
        assert [part["state"] for part in stack.status()] == ["stopped", "ready", "ready"]
        with pytest.raises(StackError, match="no part called teapot; there are: tickets-1, tickets-2, nats"):
            await control.ask(layout, "stop", name="teapot", atOnce=False)


async def test_one_replica_alone_is_paused_and_killed_by_command(layout: Layout) -> None:
    async with make_stack(layout, make_part("tickets-1"), make_part("tickets-2")) as stack:
        await control.ask(layout, "pause", name="tickets-2")
        assert [part["state"] for part in stack.status()] == ["ready", "paused"]
        await control.ask(layout, "resume", name="tickets")
        assert [part["state"] for part in stack.status()] == ["ready", "ready"]
        await control.ask(layout, "kill", name="tickets-1")
        async with asyncio.timeout(5):
            while [part["restarts"] for part in stack.status()] != [1, 0]:
                await asyncio.sleep(0.02)


async def test_only_what_has_its_truth_elsewhere_is_wiped(layout: Layout) -> None:
    async with make_stack(layout, make_part("redis", wipeable=True), make_part("mongo")) as stack:
        (layout.data("redis") / "appendonly.aof").touch()
        first = stack.status()[0]["pid"]
        await control.ask(layout, "wipe", name="redis")
        assert not (layout.data("redis") / "appendonly.aof").exists()
        assert stack.status()[0]["state"] == "ready"
        assert stack.status()[0]["pid"] != first
        with pytest.raises(StackError, match="What mongo keeps is nowhere else"):
            await control.ask(layout, "wipe", name="mongo")


async def test_it_can_be_told_to_end(layout: Layout) -> None:
    async with make_stack(layout, make_part("nats")) as stack:
        await control.ask(layout, "down")
        async with asyncio.timeout(1):
            await stack.leaving.wait()


async def test_a_command_it_does_not_know_is_refused(layout: Layout) -> None:
    async with make_stack(layout, make_part("nats")):
        with pytest.raises(StackError, match="does not know"):
            await control.ask(layout, "dance")


async def test_a_command_is_given_what_the_service_is_told(layout: Layout) -> None:
    async with make_stack(layout, make_part("orders", env={"NATS_USER": "orders"})):
        answer = await control.ask(layout, "environment", name="orders")
    assert answer == {"environment": {"NATS_USER": "orders"}}
