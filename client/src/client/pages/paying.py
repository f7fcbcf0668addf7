"""Paying: what Stripe's fields are confirmed with, and what came of it.

The card goes from Stripe's fields to Stripe (docs.stripe.com/payments/accept-a-payment-deferred): the page is given
the client secret of the order's intent when Pay is pressed, and no sooner. What Stripe tells the page is never
believed here; payments reads Stripe itself.
"""

from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from client.backend import Payment
from client.declines import GENERIC, UNCONFIRMED
from client.errors import Refused, Silent
from client.service import OrderView, Person, Shop
from common.web import PathId

from .forms import attempt
from .front import CurrentPage, SignedIn, next_query
from .orders import PAYABLE
from .router import ShopService, page_router

router = page_router()
_MAYBE_PAID = frozenset({"pending", "authorized", "captured"})
_BEING_PAID = frozenset({"being-paid", "already-paid"})
_JSON = "application/json"


@router.post("/orders/{id}/intent")
async def intent(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId) -> Response:
    """For the page's script: `secret` to confirm with, `then` where to go instead, or `refused` and why."""
    payment = await attempt(shop.payment(person, order_id))
    if isinstance(payment, Payment) and payment.client_secret:
        return _told(secret=payment.client_secret)
    words = page.words
    if isinstance(payment, Silent):
        return _told(refused=[words("pay.unsent"), words("pay.silent.say")])
    then, payable = await _then(shop, person, order_id, payment)
    if payable and isinstance(payment, Refused):
        return _told(refused=[words("refused"), words.problem(payment.reason)])
    return _told(then=then)


@router.get("/orders/{id}/paid")
async def paid_again(page: CurrentPage, order_id: PathId) -> Response:
    """Where a reload or a way back ends: nothing is done by looking."""
    return page.go(f"/orders/{order_id}")


@router.post("/orders/{id}/paid")
async def paid(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId, request: Request) -> Response:
    """What came of it, read at Stripe. For a script: `then` where to go, or in `open` why one may pay again."""
    payment = await attempt(shop.payment(person, order_id))
    then, payable = await _then(shop, person, order_id, payment)
    if _JSON not in request.headers.get("accept", ""):
        return page.go(then)
    if payable and isinstance(payment, Payment):
        return _told(open=GENERIC if payment.status == "declined" else UNCONFIRMED)
    return _told(then=then)


@router.get("/orders/{id}/back")
async def back(page: CurrentPage, shop: ShopService, order_id: PathId) -> Response:
    """Where the buyer's bank sends them; the secret that Stripe adds to the address is left behind at once."""
    if page.person is None:
        return page.go(f"/signin{next_query(f'/orders/{order_id}')}")
    payment = await attempt(shop.payment(page.person, order_id))
    then, _ = await _then(shop, page.person, order_id, payment)
    return page.go(then)


async def _then(shop: Shop, person: Person, order_id: str, payment: Payment | Refused | Silent) -> tuple[str, bool]:
    """Where to go on, and whether the order can be paid there.

    With `asked` its page does not offer to pay: money may be held for it already.
    """
    view = await attempt(shop.order(person, order_id))
    open_ = isinstance(view, OrderView) and view.stage in PAYABLE
    asked = _undecided(payment) and (open_ or not isinstance(view, OrderView))
    return f"/orders/{order_id}" + ("?asked=1" if asked else ""), open_ and not asked


def _undecided(payment: Payment | Refused | Silent) -> bool:
    if isinstance(payment, Payment):
        return payment.status in _MAYBE_PAID
    return isinstance(payment, Silent) or payment.reason in _BEING_PAID


def _told(**what: Any) -> Response:
    return JSONResponse(what, headers={"Cache-Control": "no-store"})
