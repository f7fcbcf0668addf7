"""Selling: list, change, take down."""

from starlette.responses import Response

from client.domain import Look
from client.errors import Refused, Silent
from client.service import Person
from common.web import PathId

from .forms import Form, Typed, attempt, filled, offer
from .front import CurrentPage, Page, SignedIn
from .router import ShopService, page_router

router = page_router()


async def _sell_page(page: Page, shop: ShopService, person: Person, form: Form, after: str = "") -> Response:
    listing = await shop.own_listings(person, after)
    return page.show(
        "sell.html",
        form.status if form.wrong else 200,
        here="sell",
        back="/sell",
        form=form,
        wrong=form.wrong,
        listing=listing,
        first="/sell#listings" if after else "",
        next=f"/sell?after={listing.next}#listings" if listing.next else "",
    )


@router.get("/sell")
async def sell_page(page: CurrentPage, shop: ShopService, person: SignedIn, after: str = "") -> Response:
    """The form, and what this person has listed."""
    return await _sell_page(page, shop, person, Form({}), after)


@router.post("/sell")
async def sell(page: CurrentPage, shop: ShopService, person: SignedIn, typed: Typed) -> Response:
    """Puts a ticket on sale."""
    form, title, cents = offer(typed, page.localizer)
    if form.wrong:
        return await _sell_page(page, shop, person, form)
    listed = await attempt(shop.sell(person, title, cents))
    if isinstance(listed, Refused | Silent):
        words = page.words
        return await _sell_page(page, shop, person, form.refuse(listed, words, words("refusal.h1")))
    return page.go(f"/tickets/{listed}", "listed")


@router.post("/sell/check")
async def check(page: CurrentPage, typed: Typed) -> Response:
    """What is wrong with a ticket's form so far, for a page in which it is being typed."""
    form, _, cents = offer(typed, page.localizer)
    return page.piece("_check.html", form=form, cents=cents)


def _edit_page(page: Page, ticket_id: str, form: Form) -> Response:
    status = form.status if form.wrong else 200
    return page.show("edit.html", status, here="sell", form=form, wrong=form.wrong, ticket_id=ticket_id)


@router.get("/tickets/{id}/edit")
async def edit_page(page: CurrentPage, shop: ShopService, person: SignedIn, ticket_id: PathId) -> Response:
    """The form with the ticket as it is; a ticket that somebody has is shown instead."""
    row = await shop.own_ticket(person, ticket_id)
    if row.standing.look is not Look.FREE:
        return page.go(f"/tickets/{ticket_id}")
    return _edit_page(page, ticket_id, filled(row.ticket.title, row.ticket.cents, page.formats))


@router.post("/tickets/{id}/edit")
async def edit(page: CurrentPage, shop: ShopService, person: SignedIn, ticket_id: PathId, typed: Typed) -> Response:
    """Saves another title and price."""
    form, title, cents = offer(typed, page.localizer)
    if form.wrong:
        return _edit_page(page, ticket_id, form)
    changed = await attempt(shop.change(person, ticket_id, title, cents))
    if isinstance(changed, Refused | Silent):
        words = page.words
        return _edit_page(page, ticket_id, form.refuse(changed, words, words("edit.locked")))
    return page.go(f"/tickets/{ticket_id}", "changed")


@router.get("/tickets/{id}/delete")
async def remove_page(page: CurrentPage, shop: ShopService, person: SignedIn, ticket_id: PathId) -> Response:
    """Asks once more."""
    row = await shop.own_ticket(person, ticket_id)
    if row.standing.look is not Look.FREE:
        return page.go(f"/tickets/{ticket_id}")
    return page.show("remove.html", here="sell", row=row, form=Form({}), wrong=False)


@router.post("/tickets/{id}/delete")
async def remove(page: CurrentPage, shop: ShopService, person: SignedIn, ticket_id: PathId) -> Response:
    """Takes it down."""
    removed = await attempt(shop.take_down(person, ticket_id))
    if isinstance(removed, Refused | Silent):
        words = page.words
        form = Form({}).refuse(removed, words, words("remove.locked"))
        row = await shop.own_ticket(person, ticket_id)
        return page.show("remove.html", form.status, here="sell", row=row, form=form, wrong=True)
    return page.go("/sell", "removed")
