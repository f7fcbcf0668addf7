"""A person's orders: what to do next with each, paying, letting go, and how each ended."""

import re

from starlette.responses import JSONResponse, Response

from client.domain import UNDECIDED, Stage
from client.errors import Refused, Silent
from client.service import OrderView, Person, Shop
from common.web import PathId

from .forms import General, Typed, attempt
from .front import CurrentPage, Page, SignedIn
from .router import ShopService, page_router

router = page_router()
_WAITING = (Stage.PAY, Stage.DECLINED, *UNDECIDED)
_PAYABLE = (Stage.PAY, Stage.DECLINED)
_BAD_REQUEST = 400
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
        groups=[one for one in groups if one[1]],
        first="/orders" if after else "",
        next=f"/orders?after={more}" if more else "",
    )


def _urgency(view: OrderView) -> tuple[bool, int]:
    return view.stage not in _PAYABLE, view.left


def _stage(view: OrderView, asked: str) -> Stage:
    """`asked`: a payment was sent that nobody has answered for, so the page must not offer to pay again."""
    return Stage.CHECKING if asked and view.stage in _PAYABLE else view.stage


def _show(page: Page, view: OrderView, stage: Stage, *, asked: bool = False) -> Response:
    words = page.front.renderer.words
    if stage in _PAYABLE:
        declined = stage is Stage.DECLINED
        return _pay_page(page, view, General(words("refused"), words("declined.say")) if declined else None)
    template = "order_ended.html"
    if stage in UNDECIDED:
        template = "order_wait.html"
    elif stage in {Stage.PAID, Stage.REFUNDED}:
        template = "order_paid.html"
    return page.show(template, here="orders", view=view, stage=stage.value, secret="", asked=asked)


def _pay_page(page: Page, view: OrderView, declined: General | None, status: int = 200) -> Response:
    back = f"/orders/{view.order.id}"
    return page.show(
        "order_pay.html", status, here="orders", card=True, back=back, view=view, declined=declined, wrong=declined
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


@router.get("/orders/{id}/pay")
@router.get("/orders/{id}/paid")
@router.get("/orders/{id}/cancel")
async def order_again(page: CurrentPage, order_id: PathId) -> Response:
    """Where a reload or a way back ends: nothing is done by looking."""
    return page.go(f"/orders/{order_id}")


@router.post("/orders/{id}/pay")
async def pay(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId, typed: Typed) -> Response:
    """Pays with the token that Stripe's script made of the typed card."""
    words, card = page.front.renderer.words, typed.get("token", "").strip()
    if not card:
        return await _refused(page, shop, person, order_id, General(words("pay.no_token"), words("pay.no_token.say")))
    payment = await attempt(shop.pay(person, order_id, card))
    if isinstance(payment, Silent):
        return page.go(f"/orders/{order_id}?asked=1")
    if isinstance(payment, Refused):
        return await _refused(page, shop, person, order_id, General(words("refused"), payment.errors[0].message))
    if payment.status == "requires_action":
        view = await shop.order(person, order_id)
        return page.show(
            "order_wait.html",
            here="orders",
            card=True,
            back=f"/orders/{order_id}",
            view=view,
            stage="action",
            secret=payment.client_secret or "",
            asked=False,
        )
    return page.go(f"/orders/{order_id}?asked=1" if payment.status == "pending" else f"/orders/{order_id}")


async def _refused(page: Page, shop: Shop, person: Person, order_id: str, why: General) -> Response:
    """Another try, where the order can still be paid; otherwise its own page says what became of it."""
    view = await shop.order(person, order_id)
    if view.stage not in _PAYABLE:
        return page.go(f"/orders/{order_id}")
    return _pay_page(page, view, why, _BAD_REQUEST)


@router.post("/orders/{id}/paid")
async def paid(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId) -> Response:
    """The buyer is back from the bank, or asks again: payments looks at Stripe."""
    payment = await attempt(shop.payment(person, order_id))
    unknown = isinstance(payment, Silent) or (not isinstance(payment, Refused) and payment.status == "pending")
    return page.go(f"/orders/{order_id}?asked=1" if unknown else f"/orders/{order_id}")


@router.post("/orders/{id}/cancel")
async def let_go(page: CurrentPage, shop: ShopService, person: SignedIn, order_id: PathId) -> Response:
    """Gives the reservation back; where that is not possible any more, the order's page says why."""
    answer = await attempt(shop.let_go(person, order_id))
    if isinstance(answer, Silent):
        raise answer
    return page.go(f"/orders/{order_id}")
