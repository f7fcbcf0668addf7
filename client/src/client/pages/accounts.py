"""Signing up, in and out, and back to where one was."""

import re

from starlette.responses import Response

from client.backend import Session
from client.domain import safe_next
from client.errors import Refused, Silent
from client.service import Person, Row, Shop
from common.errors import NotFound
from common.web import COOKIE

from .forms import Form, Typed, attempt, signing_in, signing_up
from .front import CurrentPage, Page, SignedIn, next_query
from .router import ShopService, page_router
from .tickets import reserving

router = page_router()
_RESERVE = re.compile(r"/tickets/([0-9a-f]{24})/reserve")


async def _wanted(shop: Shop, way_back: str) -> Row | None:
    """The ticket that is reserved after signing in, if that is what they came for and it can still be had."""
    found = _RESERVE.fullmatch(way_back)
    if found is None:
        return None
    try:
        row = await shop.ticket(found[1], None)
    except NotFound:
        return None
    return row if row.ticket.free else None


async def _show(page: Page, shop: Shop, template: str, form: Form, way_back: str) -> Response:
    return page.show(
        template,
        form.status if form.wrong else 200,
        here="signin",
        back=f"/{template.removesuffix('.html')}{next_query(way_back)}",
        form=form,
        wrong=form.wrong,
        next=way_back,
        next_query=next_query(way_back),
        row=await _wanted(shop, way_back),
    )


@router.get("/signin")
async def sign_in_page(page: CurrentPage, shop: ShopService, next: str = "") -> Response:  # noqa: A002 (its public name)
    """The form; who is signed in goes on."""
    way_back = safe_next(next)
    return page.go(way_back) if page.person else await _show(page, shop, "signin.html", Form({}), way_back)


@router.get("/signup")
async def sign_up_page(page: CurrentPage, shop: ShopService, next: str = "") -> Response:  # noqa: A002
    """The form; who is signed in goes on."""
    way_back = safe_next(next)
    return page.go(way_back) if page.person else await _show(page, shop, "signup.html", Form({}), way_back)


@router.post("/signin")
async def sign_in(page: CurrentPage, shop: ShopService, typed: Typed) -> Response:
    """Signs in, does what they came for, and goes back."""
    words = page.words
    way_back, form = safe_next(typed.get("next")), signing_in(typed, words)
    if form.wrong:
        return await _show(page, shop, "signin.html", form, way_back)
    session = await attempt(shop.sign_in(form.value("email").strip(), form.value("password")))
    if isinstance(session, Refused | Silent):
        return await _show(page, shop, "signin.html", form.refuse(session, words, words("signin.bad")), way_back)
    return await _arrive(page, shop, session, way_back)


@router.post("/signup")
async def sign_up(page: CurrentPage, shop: ShopService, typed: Typed) -> Response:
    """Makes an account, does what they came for, and goes back."""
    words = page.words
    way_back, form = safe_next(typed.get("next")), signing_up(typed, words)
    if form.wrong:
        return await _show(page, shop, "signup.html", form, way_back)
    session = await attempt(shop.sign_up(form.value("email").strip(), form.value("password")))
    if isinstance(session, Refused | Silent):
        return await _show(page, shop, "signup.html", form.refuse(session, words, words("signup.bad")), way_back)
    return await _arrive(page, shop, session, way_back, "welcome")


@router.post("/signout")
async def sign_out(page: CurrentPage, shop: ShopService) -> Response:
    """Drops the session, whether or not auth answers."""
    if page.person:
        await shop.sign_out(page.person.token)
    answer = page.go("/", "signed_out")
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=page.secure)
    # The copies for reading without a network. (What browsers cache holds nobody's pages, they are `no-store`.)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


async def _arrive(page: Page, shop: Shop, session: Session, way_back: str, flash: str = "") -> Response:
    """Back, with auth's cookie passed on; where a ticket was to be reserved, it is."""
    found, person = _RESERVE.fullmatch(way_back), page.known(session.token)
    if person is None:  # auth signs with a key that we were not told of
        raise Silent("auth")
    answer = await _reserve(page, shop, person, found[1]) if found else page.go(way_back, flash)
    secure = page.secure and "secure" not in session.cookie.lower().replace(" ", "").split(";")
    answer.headers.append("Set-Cookie", f"{session.cookie}; Secure" if secure else session.cookie)
    return answer


async def _reserve(page: Page, shop: Shop, person: Person, ticket_id: str) -> Response:
    """What goes wrong here must not cost the session: the ticket's own page says what is true."""
    reserved = await attempt(reserving(page, shop, person, ticket_id), all_refusals=True)
    return page.go(f"/tickets/{ticket_id}") if isinstance(reserved, Refused | Silent) else reserved


@router.get("/account")
async def account(page: CurrentPage, person: SignedIn) -> Response:
    """Who one is here, and what this browser remembers."""
    return page.show("account.html", here="account", person=person)
