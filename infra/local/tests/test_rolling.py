"""A rolling restart never has two processes of a service away at once."""

import asyncio

import pytest

from infra.local import rolling
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.part import Part
from infra.local.stack import Stack

from .factories import make_part
from .test_stack import make_stack


def make_patient(layout: Layout, name: str, status: int = 0) -> Part:
    """Ready once it listens to the signal, after which it ends with this status."""
    ending = f"import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit({status}))"
    log = layout.log(name)

    async def ready(pid: int) -> bool:
        return log.exists() and str(pid) in log.read_text()

    return make_part(name, f"{ending}; import os; print(os.getpid(), flush=True); time.sleep(60)", ready=ready)


async def watch(stack: Stack, away: list[set[str]]) -> None:
    """Notes which parts are away, until cancelled."""
    while True:
        away.append({part["name"] for part in stack.status() if part["state"] != "ready"})
        await asyncio.sleep(0.005)


async def test_one_process_of_a_service_is_always_there(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "_NOTICED", 0.02)
    names = ("tickets-1", "tickets-2", "orders-1", "orders-2", "nats")
    async with make_stack(layout, *(make_patient(layout, name) for name in names)) as stack:
        before = {part["name"]: part["pid"] for part in stack.status()}
        away: list[set[str]] = []
        watching = asyncio.create_task(watch(stack, away))
        said: list[str] = []
        assert await rolling.restart(layout, None, said.append) == 4
        watching.cancel()
        after = {part["name"]: part["pid"] for part in stack.status()}
    assert {name for name in names if before[name] != after[name]} == set(names[:4]), "NATS is no service"
    assert set().union(*away) == set(names[:4])
    assert not [one for one in away if {"tickets-1", "tickets-2"} <= one or {"orders-1", "orders-2"} <= one]
    assert sorted(said) == sorted(f"{name} is back." for name in names[:4])


async def test_one_that_does_not_end_in_order_stops_it(layout: Layout) -> None:
    async with make_stack(layout, make_patient(layout, "tickets-1", 3), make_patient(layout, "tickets-2")) as stack:
        before = [part["pid"] for part in stack.status()]
        with pytest.raises(StackError, match="tickets-1 did not end in order: its exit status was 3"):
            await rolling.restart(layout, "tickets")
        after = [part["pid"] for part in stack.status()]
    assert (before[0] != after[0], before[1] == after[1]) == (True, True)


async def test_one_service_or_one_process_by_name(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "_NOTICED", 0.02)
    async with make_stack(layout, *(make_patient(layout, name) for name in ("tickets-1", "tickets-2"))):
        assert await rolling.restart(layout, "tickets-2") == 1
        assert await rolling.restart(layout, "tickets") == 2
        with pytest.raises(StackError, match="no part called teapot; there are: tickets-1, tickets-2"):
            await rolling.restart(layout, "teapot")
