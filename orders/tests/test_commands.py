"""What the operator's commands do."""

from typing import Any

import pytest
from httpx import AsyncClient

from common.clock import rfc3339
from common.events import ORDER_CREATED, TICKET_CREATED
from common.testing import Kit
from orders import commands
from orders.app import create_service
from orders.settings import Settings

from .factories import list_ticket, reserve


async def test_announce_says_the_present_state_of_everything(api: AsyncClient, kit: Kit) -> None:
    order = await reserve(api, kit, await list_ticket(kit))
    await kit.settle()
    settings = Settings(environment="local", jwt_public_keys=kit.signer.public_key)
    assert await create_service(settings, kit.parts).announce() == 1
    await kit.settle()
    events = kit.bus.events(ORDER_CREATED)
    assert [(event.data.id, event.data.version, event.repeat) for event in events] == [(order["id"], 0, False)] * 2
    assert len({event.id for event in events}) == 2


async def lines(kit: Kit) -> list[dict[str, Any]]:
    return [dict(line) async for line in commands.state(kit.parts)]


async def test_state_tells_of_every_order_and_every_ticket(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    order = await reserve(api, kit, ticket)
    await kit.settle()
    first, owned, heard, last = await lines(kit)
    assert (first["service"], last) == ("orders", {"ends": "orders", "lines": 2})
    assert (owned["owns"], owned["id"], owned["version"], owned["outbox"]) == ("order", order["id"], 0, 0)
    assert (owned["state"]["status"], owned["waiting"]) == ("created", ["buyer", "tickets"])
    assert owned["since"] <= first["at"]
    assert (heard["heard"], heard["id"], heard["state"]) == ("ticket", ticket.id, ticket.model_dump(by_alias=True))


async def test_state_tells_what_is_not_published(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    kit.bus.connected = False
    await reserve(api, kit, ticket)
    owned = (await lines(kit))[1]
    assert (owned["outbox"], owned["outboxSince"]) == (1, rfc3339(kit.clock()))


async def test_a_rebuilt_ticket_answers_as_before_and_takes_what_is_announced(api: AsyncClient, kit: Kit) -> None:
    ticket = await list_ticket(kit)
    await kit.database["tickets"].update_one({}, {"$set": {"title": "scrambled", "version": 99}})
    assert await commands.rebuild(kit.parts) == "1 tickets wait to be announced"
    assert (await lines(kit))[1]["stale"]
    await kit.hear(TICKET_CREATED, ticket)
    assert (await lines(kit))[1]["state"]["title"] == ticket.title
    assert "stale" not in (await lines(kit))[1]
    assert await commands.forget(kit.parts) == "0 tickets dropped"
    await reserve(api, kit, ticket)


@pytest.mark.usefixtures("api")
async def test_a_rebuilt_ticket_goes_back_no_more(kit: Kit) -> None:
    ticket = await list_ticket(kit)
    newer = ticket.model_copy(update={"version": 5, "title": "newer"})
    await kit.hear(TICKET_CREATED, newer)
    await commands.rebuild(kit.parts)
    await kit.hear(TICKET_CREATED, newer)
    await kit.hear(TICKET_CREATED, ticket)
    assert (await lines(kit))[1]["state"]["title"] == "newer"


@pytest.mark.usefixtures("api")
async def test_what_nobody_announces_is_dropped(kit: Kit) -> None:
    await list_ticket(kit)
    await commands.rebuild(kit.parts)
    assert await commands.forget(kit.parts) == "1 tickets dropped"
    assert len(await lines(kit)) == 2
