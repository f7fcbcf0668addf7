"""The front page: what can be bought."""

from urllib.parse import urlencode

from starlette.responses import Response

from client.catalogue import CHEAPEST, COUNTED, DEAREST, NEWEST
from client.domain import QUERY_LENGTH

from .front import CurrentPage
from .router import ShopService, page_router

router = page_router()


def _address(**query: str) -> str:
    kept = {name: value for name, value in query.items() if value and (name, value) != ("sort", NEWEST)}
    return "/?" + urlencode(kept) if kept else "/"


@router.get("/")
async def listing(page: CurrentPage, shop: ShopService, q: str = "", sort: str = NEWEST, after: str = "") -> Response:
    """A page of tickets."""
    q = " ".join(q[:QUERY_LENGTH].split())
    sort = sort if sort in {NEWEST, CHEAPEST, DEAREST} else NEWEST
    found = await shop.listing(q, sort, after, page.viewer)
    return page.show(
        "listing.html",
        here="tickets",
        listing=found,
        q=q,
        sort=sort,
        counted=COUNTED,
        first=_address(q=q, sort=sort) if after else "",
        next=_address(q=q, sort=sort, after=found.next) if found.next else "",
    )
