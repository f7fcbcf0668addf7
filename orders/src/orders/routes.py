"""HTTP in: `/api/orders`."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Response

from common.web import CurrentUser, Id, PathId, Provided, api_router

from .schemas import OrderIn, OrderOut
from .service import Orders

router = api_router("/api/orders", "orders")
Service = Annotated[Orders, Provided]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("")
async def mine(
    orders: Service,
    user: CurrentUser,
    response: Response,
    limit: Limit = 50,
    cursor: Annotated[Id | None, Query()] = None,
) -> list[OrderOut]:
    """Own orders, newest first, a page at a time; `Link: rel="next"` where there are more."""
    page = await orders.of(user.id, limit + 1, cursor)
    if len(page) > limit:
        query = urlencode({"limit": limit, "cursor": page[limit - 1].id})
        response.headers["Link"] = f'</api/orders?{query}>; rel="next"'
    return [OrderOut.of(order) for order in page[:limit]]


@router.get("/{id}")
async def get(orders: Service, user: CurrentUser, order_id: PathId) -> OrderOut:
    """One of one's own orders."""
    return OrderOut.of(await orders.get(order_id, user.id))


@router.post("", status_code=201)
async def reserve(orders: Service, user: CurrentUser, body: OrderIn) -> OrderOut:
    """Reserves a ticket, if nobody else has."""
    return OrderOut.of(await orders.reserve(body.ticket_id, user.id))


@router.post("/{id}/extend")
async def extend(orders: Service, user: CurrentUser, order_id: PathId) -> OrderOut:
    """Makes the reservation longer, once, while it is neither over nor being paid."""
    return OrderOut.of(await orders.extend(order_id, user.id))


@router.delete("/{id}", status_code=204)
async def cancel(orders: Service, user: CurrentUser, order_id: PathId) -> None:
    """Gives the reservation up, as long as it is not being paid; once more changes nothing."""
    await orders.cancel(order_id, user.id)
