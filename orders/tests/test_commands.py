"""What the operator's commands do."""

from httpx import AsyncClient

from common.events import ORDER_CREATED
from common.testing import Kit
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
