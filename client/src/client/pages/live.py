"""What a page that is kept up to date asks for: the stream, and pieces of pages as they are now."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from client.live import LiveStream
from common.web import Id

from .filter import CurrentFilter
from .front import CurrentPage
from .router import ShopService, page_router

MOST = 100
"""Tickets that may be asked about at once."""
Ids = Annotated[list[Id], Query(alias="id", min_length=1, max_length=MOST)]

router = page_router()
streams = APIRouter(include_in_schema=False)


@streams.get("/live")
async def live(
    page: CurrentPage, since: str = "", last: Annotated[str, Header(alias="last-event-id")] = ""
) -> Response:
    """The stream of what changes, from a page's mark on, or from where a browser that is back left off."""
    return LiveStream(page.front.hub, page.viewer, last or since)


@router.get("/live/rows")
async def rows(page: CurrentPage, shop: ShopService, ids: Ids) -> Response:
    """These tickets as rows of a listing."""
    return page.piece("_rows.html", rows=await shop.rows(ids, page.viewer))


@router.get("/live/new")
async def new(page: CurrentPage, shop: ShopService, ids: Ids, sought: CurrentFilter) -> Response:
    """How many of these tickets a visitor's listing does not show yet, and the way to them."""
    count = await shop.fresh(sought.search, ids)
    return page.piece("_fresh.html", count=count, address=sought.address) if count else Response(status_code=204)
