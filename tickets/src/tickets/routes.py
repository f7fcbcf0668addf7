"""HTTP in: `/api/tickets`."""

import re
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Header, Query, Response

from common.errors import PreconditionFailed
from common.web import CurrentUser, PathId, Provided, Text, api_router, cents

from .schemas import TicketIn, TicketOut, cursor_after, read_cursor
from .service import Tickets

router = api_router("/api/tickets", "tickets")
Service = Annotated[Tickets, Provided]
Search = Annotated[Text, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("")
async def on_sale(  # noqa: PLR0917 (the query of the contract)
    tickets: Service,
    response: Response,
    q: Search = "",
    sort: Literal["newest", "price", "-price"] = "newest",
    limit: Limit = 50,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> list[TicketOut]:
    """Tickets that can be bought, a page at a time; `Link: rel="next"` where there are more."""
    page = await tickets.on_sale(q, sort, limit + 1, read_cursor(cursor) if cursor else None)
    if len(page) > limit:
        query = urlencode({"q": q, "sort": sort, "limit": limit, "cursor": cursor_after(page[limit - 1])})
        response.headers["Link"] = f'</api/tickets?{query}>; rel="next"'
    return [TicketOut.of(ticket) for ticket in page[:limit]]


@router.get("/{id}")
async def get(tickets: Service, ticket_id: PathId, response: Response) -> TicketOut:
    """One ticket, with its version as `ETag`."""
    ticket = await tickets.get(ticket_id)
    response.headers["ETag"] = f'"{ticket.version}"'
    return TicketOut.of(ticket)


@router.post("", status_code=201)
async def create(tickets: Service, user: CurrentUser, body: TicketIn) -> TicketOut:
    """Puts a ticket on sale."""
    return TicketOut.of(await tickets.sell(user.id, body.title, cents(body.price)))


@router.put("/{id}")
async def edit(
    tickets: Service,
    user: CurrentUser,
    ticket_id: PathId,
    body: TicketIn,
    if_match: Annotated[str | None, Header()] = None,
) -> TicketOut:
    """Changes title and price, as long as nobody has reserved it; with `If-Match` only that version."""
    versions = None if if_match is None or if_match.strip() == "*" else _versions(if_match)
    return TicketOut.of(await tickets.edit(ticket_id, user.id, body.title, cents(body.price), versions))


@router.delete("/{id}", status_code=204)
async def remove(tickets: Service, user: CurrentUser, ticket_id: PathId) -> None:
    """Takes it down, as long as nobody has reserved it."""
    await tickets.remove(ticket_id, user.id)


def _versions(if_match: str) -> frozenset[int]:
    """The versions in an `If-Match` (RFC 9110, 13.1.1); a tag that we never gave matches nothing."""
    tags = [tag.strip() for tag in if_match.split(",")]
    found = frozenset(int(tag[1:-1]) for tag in tags if re.fullmatch(r'"\d{1,18}"', tag))
    if not found:
        raise PreconditionFailed
    return found
