"""Room is made in a stream by removing what every service has heard, and nothing else."""

import pytest

from infra.ops.operator import OperatorError
from infra.ops.purge import purge

from .operated import Ears, Operated, eventually, make_ticket

pytestmark = pytest.mark.real


async def test_only_what_everybody_has_heard_is_removed(operated: Operated) -> None:
    orders, client = Ears(), Ears()
    async with operated.service("tickets") as tickets, operated.operator() as jetstream:
        for number in range(4):
            await tickets.publish(make_ticket(number))
        async with operated.service("orders", orders):
            await eventually(lambda: len(orders.heard) == 4)
            with pytest.raises(OperatorError, match="client has not heard TICKETS yet"):
                await purge(jetstream, "TICKETS")
            async with operated.service("client", client):
                await eventually(lambda: len(client.heard) == 4)

            async def removed() -> int:
                return await purge(jetstream, "TICKETS")

            assert await eventually(removed) == 4
            for number in range(4, 7):
                await tickets.publish(make_ticket(number))
            await eventually(lambda: len(orders.heard) == 7)
            assert await purge(jetstream, "TICKETS") == 0, "client has been away"
        async with operated.service("client", client):
            await eventually(lambda: len(client.heard) == 7)
        assert await eventually(removed) == 3
    assert orders.heard == client.heard == [f"ticket-{number}" for number in range(7)]


async def test_what_failed_and_waits_is_kept(operated: Operated) -> None:
    ears = Ears("ticket-1")
    async with operated.service("tickets") as tickets, operated.service("client", Ears()):
        for number in range(3):
            await tickets.publish(make_ticket(number))
        async with operated.service("orders", ears), operated.operator() as jetstream:
            await eventually(lambda: ears.heard == ["ticket-0", "ticket-2"])
            assert await purge(jetstream, "TICKETS") == 1
            ears.broken.clear()
            await eventually(lambda: ears.heard == ["ticket-0", "ticket-2", "ticket-1"])
