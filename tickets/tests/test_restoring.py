"""After a restore: what was sold since stays sold, as it was sold."""

from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from common.events import ORDER_COMPLETED, ORDER_CREATED, RESERVATION_REJECTED, TICKET_UPDATED, OrderState
from common.mongo import oid
from common.testing import Kit
from common.testing.database import fake_backup
from common.web import restoring
from tickets.app import create_service
from tickets.settings import Settings
from tickets.store import renewals

from .factories import SELLER, make_order, make_ticket


async def change(api: AsyncClient, kit: Kit, ticket: dict[str, Any]) -> dict[str, Any]:
    """Another title and price."""
    body, path = {"title": "Hozier, row 2", "price": 90}, f"/api/tickets/{ticket['id']}"
    answer = await api.put(path, json=body, headers=kit.signed_in(SELLER))
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def restore(kit: Kit, path: Path) -> None:
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key)
    command = restoring(renewals, lambda parts, _: create_service(settings, parts).announce)
    await command(kit.parts, str(path), "replace")
    await kit.settle()


async def present(api: AsyncClient, ticket: dict[str, Any]) -> tuple[str, float, str | None]:
    found = (await api.get(f"/api/tickets/{ticket['id']}")).json()
    return found["title"], found["price"], found["orderId"]


def completed(ticket: dict[str, Any]) -> OrderState:
    return make_order(ticket, status="complete", version=3)


async def test_others_take_what_it_says_though_they_have_heard_of_more(
    api: AsyncClient, kit: Kit, tmp_path: Path
) -> None:
    ticket = await make_ticket(api, kit)
    path = await fake_backup(kit.database, "tickets", tmp_path, kit.clock())
    await change(api, kit, ticket)
    await kit.settle()
    before = kit.bus.events(TICKET_UPDATED)[-1].data
    await restore(kit, path)
    after = kit.bus.events(TICKET_UPDATED)[-1].data
    assert (after.title, after.price_cents) == ("Hozier", 7500)
    assert after.version > before.version


async def test_what_was_changed_and_sold_since_is_as_it_was_sold(api: AsyncClient, kit: Kit, tmp_path: Path) -> None:
    ticket = await make_ticket(api, kit)
    path = await fake_backup(kit.database, "tickets", tmp_path, kit.clock())
    order = completed(await change(api, kit, ticket))
    await restore(kit, path)
    await kit.hear(ORDER_COMPLETED, order)
    assert await present(api, ticket) == ("Hozier, row 2", 90, order.id)
    assert kit.bus.events(RESERVATION_REJECTED) == []
    found = await kit.database["tickets"].find_one({"_id": oid(ticket["id"])})
    assert found is not None
    assert found["words"] == ["hozier", "row", "2"]


async def test_what_was_only_reserved_since_is_refused_as_ever(api: AsyncClient, kit: Kit, tmp_path: Path) -> None:
    ticket = await make_ticket(api, kit)
    path = await fake_backup(kit.database, "tickets", tmp_path, kit.clock())
    order = make_order(await change(api, kit, ticket))
    await restore(kit, path)
    await kit.hear(ORDER_CREATED, order)
    assert await present(api, ticket) == ("Hozier", 75, None)
    assert [event.data.order_id for event in kit.bus.events(RESERVATION_REJECTED)] == [order.id]


async def test_without_a_restore_nothing_is_sold_otherwise_than_it_is(api: AsyncClient, kit: Kit) -> None:
    ticket = await make_ticket(api, kit)
    await kit.hear(ORDER_COMPLETED, completed(ticket | {"price": 90}))
    assert await present(api, ticket) == ("Hozier", 75, None)


async def test_what_was_taken_down_stays_so(api: AsyncClient, kit: Kit, tmp_path: Path) -> None:
    ticket = await make_ticket(api, kit)
    await api.delete(f"/api/tickets/{ticket['id']}", headers=kit.signed_in(SELLER))
    await restore(kit, await fake_backup(kit.database, "tickets", tmp_path, kit.clock()))
    await kit.hear(ORDER_COMPLETED, completed(ticket))
    assert (await api.get(f"/api/tickets/{ticket['id']}")).status_code == 404


@pytest.mark.parametrize("number", [1, 2])
async def test_orders_say_where_a_ticket_stands(api: AsyncClient, kit: Kit, tmp_path: Path, number: int) -> None:
    """What was seen of them before the backup is no news; what came after is."""
    ticket = await make_ticket(api, kit)
    order = make_order(ticket)
    await kit.hear(ORDER_CREATED, order)
    await restore(kit, await fake_backup(kit.database, "tickets", tmp_path, kit.clock()))
    later = make_order(ticket, number=number, version=0 if number > 1 else 4, status="complete")
    await kit.hear(ORDER_COMPLETED, later)
    assert (await present(api, ticket))[2] == later.id
