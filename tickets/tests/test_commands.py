"""What the operator's commands do."""

from httpx import AsyncClient

from common.events import ORDER_CREATED
from common.testing import Kit
from tickets import commands

from .factories import SELLER, make_order, make_ticket


async def test_state_tells_of_every_ticket_tombstones_included(api: AsyncClient, kit: Kit) -> None:
    sold, removed = await make_ticket(api, kit), await make_ticket(api, kit)
    assert (await api.delete(f"/api/tickets/{removed['id']}", headers=kit.signed_in(SELLER))).status_code == 204
    order = make_order(sold)
    await kit.hear(ORDER_CREATED, order)
    first, *owned, last = [line async for line in commands.state(kit.parts)]
    assert (first["service"], last) == ("tickets", {"ends": "tickets", "lines": 2})
    assert [(one["owns"], one["id"], one["outbox"], one["waiting"]) for one in owned] == [
        ("ticket", sold["id"], 0, []),
        ("ticket", removed["id"], 0, []),
    ]
    assert [(one["state"]["orderId"], one["state"]["deleted"]) for one in owned] == [(order.id, False), (None, True)]
    assert owned[0]["private"] == {"seen": [1, 0]}
