"""A ticket's own page, and reserving it."""

from starlette.responses import Response

from client.domain import Look
from client.errors import AlreadyYours, Taken
from client.service import Person, Shop
from common.web import PathId

from .front import CurrentPage, Page, SignedIn
from .router import ShopService, page_router

router = page_router()
_ANOTHERS = (Look.HELD, Look.PAYING, Look.SOLD)


@router.get("/tickets/{id}")
async def ticket(page: CurrentPage, shop: ShopService, ticket_id: PathId) -> Response:
    """What it is, what it costs, who has it."""
    row = await shop.ticket(ticket_id, page.viewer)
    owner = row.ticket.user_id == page.viewer
    late = row.standing.look in _ANOTHERS and not owner
    others = await shop.others(row, page.viewer) if late else []
    return page.show("ticket.html", here="tickets", row=row, owner=owner, others=others)


@router.get("/tickets/{id}/reserve")
async def reserve_page(page: CurrentPage, ticket_id: PathId) -> Response:
    """Where a reload or a way back ends: nothing is reserved by looking."""
    return page.go(f"/tickets/{ticket_id}")


@router.post("/tickets/{id}/reserve")
async def reserve(page: CurrentPage, shop: ShopService, person: SignedIn, ticket_id: PathId) -> Response:
    """Holds it for this person."""
    return await reserving(page, shop, person, ticket_id)


async def reserving(page: Page, shop: Shop, person: Person, ticket_id: str) -> Response:
    """On to the order; back to the ticket where somebody was a moment earlier."""
    try:
        order_id = await shop.reserve(person, ticket_id)
    except Taken:
        return page.go(f"/tickets/{ticket_id}", "taken")
    except AlreadyYours as own:
        return page.go(f"/orders/{own.order_id}" if own.order_id else "/orders")
    return page.go(f"/orders/{order_id}")
