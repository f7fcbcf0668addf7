"""The front page: what can be bought."""

from starlette.responses import Response

from client.catalogue import COUNTED

from .filter import CurrentFilter
from .front import CurrentPage
from .router import ShopService, page_router

router = page_router()


@router.get("/")
async def listing(page: CurrentPage, shop: ShopService, sought: CurrentFilter, after: str = "") -> Response:
    """A page of tickets."""
    found = await shop.listing(sought.search, after, page.viewer)
    return page.show(
        "listing.html",
        here="tickets",
        listing=found,
        filter=sought,
        counted=COUNTED,
        first=sought.address if after else "",
        next=sought.address_after(found.next) if found.next else "",
        wrong=bool(sought.errors),
    )
