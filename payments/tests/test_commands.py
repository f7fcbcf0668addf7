"""What the operator's commands do."""

from typing import Any

import pytest

from payments import commands
from payments.state import state

from .shop import Shop


async def lines(shop: Shop) -> list[dict[str, Any]]:
    return [dict(line) async for line in state(shop.kit.parts)]


async def test_state_tells_of_every_payment_and_every_order(shop: Shop) -> None:
    paid, unpaid = await shop.orders.make(), await shop.orders.make()
    assert (await shop.pay(paid)).status_code == 201
    await shop.rest()
    first, payment, *orders, last = await lines(shop)
    assert (first["service"], last) == ("payments", {"ends": "payments", "lines": 3})
    assert (payment["owns"], payment["state"]["orderId"], payment["waiting"]) == ("payment", paid.id, [])
    assert payment["state"]["status"] == "captured"
    assert [one["closed"] for one in payment["private"]["intents"]] == [False]
    assert {one["id"]: one["state"]["status"] for one in orders} == {paid.id: "complete", unpaid.id: "created"}
    assert orders[0]["state"]["payment"]["id"] == payment["id"]


async def test_state_tells_whose_turn_it_is(shop: Shop) -> None:
    order = await shop.orders.make()
    assert (await shop.open(order)).status_code == 200
    payment = (await lines(shop))[1]
    assert (payment["waiting"], "since" in payment) == (["buyer"], False)


async def test_a_rebuild_loses_no_money(shop: Shop) -> None:
    """While orders are marked, what is authorised is captured, and nothing is taken for a stray."""
    order = await shop.orders.make()
    assert (await shop.pay(order)).status_code == 201
    assert await commands.rebuild(shop.kit.parts) == "1 orders wait to be announced"
    await shop.rest()
    assert await commands.forget(shop.kit.parts) == "0 orders dropped"
    payment, known = (await lines(shop))[1:3]
    assert (payment["state"]["status"], known["state"]["status"]) == ("captured", "complete")


async def test_what_nobody_announces_is_dropped_but_for_what_was_paid(shop: Shop) -> None:
    paid, unpaid = await shop.orders.make(), await shop.orders.make()
    assert (await shop.pay(paid)).status_code == 201
    await shop.rest()
    await commands.rebuild(shop.kit.parts)
    assert await commands.forget(shop.kit.parts) == "1 orders dropped"
    assert [one["id"] for one in await lines(shop) if one.get("heard")] == [paid.id]
    assert (await shop.pay(unpaid)).status_code == 404


@pytest.mark.parametrize("status", ["cancelled", "complete"])
async def test_a_marked_order_takes_what_is_announced_at_any_version(shop: Shop, status: str) -> None:
    order = await shop.orders.make()
    await shop.kit.database["orders"].update_one({}, {"$set": {"version": 99, "amount_cents": 1}})
    await commands.rebuild(shop.kit.parts)
    await shop.orders.say(order.model_copy(update={"status": status}))
    await shop.kit.settle()
    known = (await lines(shop))[1]
    assert (known["version"], known["state"]["status"], known["state"]["amountCents"]) == (
        order.version,
        status,
        order.ticket.price_cents,
    )
