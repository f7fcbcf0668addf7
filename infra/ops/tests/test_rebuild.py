"""Whether what was announced has arrived is seen with the rights of the operator's user, and no more."""

import asyncio

import pytest

from infra.ops import rebuild
from infra.ops.operator import OperatorError

from .operated import Ears, Operated, eventually, make_ticket

pytestmark = pytest.mark.real


async def test_it_waits_until_the_last_one_has_heard_everything(operated: Operated) -> None:
    orders, client = Ears(), Ears()
    routes = [("orders", "TICKETS"), ("client", "TICKETS")]
    async with operated.service("tickets") as tickets, operated.service("client", client):
        for number in range(3):
            await tickets.publish(make_ticket(number))
        await eventually(lambda: len(client.heard) == 3)
        waiting = asyncio.create_task(rebuild.arrived(operated.settings, routes))
        await asyncio.sleep(1)
        assert not waiting.done(), waiting
        async with operated.service("orders", orders):
            await asyncio.wait_for(waiting, 10)
            assert len(orders.heard) == 3


async def test_nobody_waits_for_one_that_stands_still(operated: Operated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "STALLED", 1.0)
    async with operated.service("tickets") as tickets:
        await tickets.publish(make_ticket(0))
    with pytest.raises(OperatorError, match=r"^Nothing is heard by orders in TICKETS\.$"):
        await rebuild.arrived(operated.settings, [("orders", "TICKETS")])


def test_it_takes_the_environments_server(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:1")
    assert rebuild.main(["--await", "orders:TICKETS", "payments:ORDERS"]) == 1
    assert capsys.readouterr().err.startswith("The rebuild is not done: NATS at nats://127.0.0.1:1 cannot be reached")
