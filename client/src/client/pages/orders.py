"""A person's orders: what to do next with each, paying, letting go, and how each ended."""

import re

from starlette.responses import JSONResponse, Response

from client.declines import DECLINES
from client.domain import UNDECIDED, Stage
from client.errors import Refused, Silent
from client.service import OrderView
from common.web import PathId

from .forms import General, attempt
from .front import CurrentPage, Page, SignedIn
from .router import ShopService, page_router

router = page_router()
_WAITING = (Stage.PAY, Stage.DECLINED, *UNDECIDED)
PAYABLE = (Stage.PAY, Stage.DECLINED)
"""Stages whose page has the card form."""
_CURSOR = re.compile(r"[0-9a-f]{24}")


@router.get("/orders")
async def orders(page: CurrentPage, shop: ShopService, person: SignedIn, after: str = "") -> Response:
    """What needs doing first, the most urgent of it at the top; then the rest."""
    views, more = await shop.orders(person, after if _CURSOR.fullmatch(after) else "")
    waiting = sorted((one for one in views if one.stage in _WAITING), key=_urgency)
    earlier = [one for one in views if one.stage not in _WAITING]
    groups = [("orders.waiting", waiting), ("orders.earlier", earlier)]
    return page.show(
        "orders.html",
        here="orders",
        copy=not after,
        groups=[one for one in groups if one[1]],
        first="/orders" if after else "",
        next=f"/orders?after={more}" if more else "",
    )


def _urgency(view: OrderView) -> tuple[bool, int]:
    return view.stage not in PAYABLE, view.left


def _stage(view: OrderView, asked: str) -> Stage:
    """`asked`: a payment was sent that nobody has answered for, so the page must not offer to pay again."""
    return Stage.CHECKING if asked and view.stage in PAYABLE else view.stage


def _show(page: Page, view: OrderView, stage: Stage, *, asked: bool = False) -> Response:
    words = page.words
    if stage in PAYABLE:
        declined = stage is Stage.DECLINED
        return _pay_page(page, view, General(words("refused"), words("declined.generic_decline")) if declined else None)
    # A ticket that is paid for is wanted at its door, where there may be no network.
    yours = stage in {Stage.PAID, Stage.REFUNDED}
    template = "order_ended.html"
    if stage in UNDECIDED:
        template = "order_wait.html"
    elif yours:
        template = "order_paid.html"
    return page.show(template, here="orders", copy=yours, view=view, stage=stage.value, asked=asked)


def _pay_page(page: Page, view: OrderView, declined: General | None) -> Response:
    back = f"/orders/{view.order.id}"
    return page.show(
        "order_pay.html",
        here="orders",
        card=True,
        back=back,
        view=view,
        declined=declined,
        wrong=declined,
        declines=DECLINES,
    )


@router.get("/orders/{id}")
async def order(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId, asked: str = "") -> Response:
    """Where the order stands."""
    view = await shop.order(person, order_id)
    return _show(page, view, _stage(view, asked), asked=bool(asked))


@router.get("/orders/{id}/state")
async def state(shop: ShopService, person: SignedIn, order_id: PathId, asked: str = "") -> Response:
    """Where the order stands, for a page that waits."""
    view = await shop.order(person, order_id)
    return JSONResponse({"stage": _stage(view, asked).value}, headers={"Cache-Control": "no-store"})


@router.get("/orders/{id}/cancel")
@router.get("/orders/{id}/extend")
async def order_again(page: CurrentPage, order_id: PathId) -> Response:
    """Where a reload or a way back ends: nothing is done by looking."""
    return page.go(f"/orders/{order_id}")


@router.post("/orders/{id}/extend")
async def extend(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId) -> Response:
    """Five minutes more, once."""
    answer = await attempt(shop.extend(person, order_id))
    if isinstance(answer, Silent):
        raise answer
    return page.go(f"/orders/{order_id}", "not_extended" if isinstance(answer, Refused) else "extended")


@router.post("/orders/{id}/cancel")
async def let_go(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId) -> Response:
    """Gives the reservation back; where that is not possible any more, the order's page says why."""
    answer = await attempt(shop.let_go(person, order_id))
    if isinstance(answer, Silent):
        raise answer
    return page.go(f"/orders/{order_id}")
