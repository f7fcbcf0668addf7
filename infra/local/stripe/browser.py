"""What a buyer's browser meets: the script that stands in for Stripe.js, the bank's page, the list of test cards."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from . import cards
from .context import PREFIX, Call, World
from .deciding import answer_bank
from .errors import Json, LockTimeout

STATIC = Path(__file__).parent / "static"
SCRIPT_PARTS = ("v3/api", "v3/challenge", "v3/payment", "v3/stripe")
ELEMENT_PARTS = ("v3/api", "element/words", "element/card", "element/fields", "element/look", "element/frame")
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'; base-uri 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
ZERO_DECIMAL = frozenset({"jpy"})
BODY_LIMIT = 4096


def routes(world: World) -> list[Route]:
    """The public side, all below one prefix."""

    async def show_bank(request: Request) -> Response:
        intent = _challenged(world, request.path_params["challenge_id"])
        if intent is None:
            return _page("closed.html", 404, title="Nothing to confirm", back=_back(None))
        if intent["_challenge"] != request.path_params["challenge_id"]:
            return _page("closed.html", title="This question has been answered", back=_back(intent))
        return _page("bank.html", amount=_amount(intent), card=_card(world, intent), merchant="Ticketing")

    async def answer(request: Request) -> Response:
        return await _answer(world, request)

    return [
        Route(PREFIX, _to_index, methods=["GET"]),
        Route(PREFIX + "/", show_index, methods=["GET"]),
        Route(PREFIX + "/v3/", show_script, methods=["GET"]),
        Route(PREFIX + "/v3", show_script, methods=["GET"]),
        Route(PREFIX + "/v3/element", show_element, methods=["GET"]),
        Route(PREFIX + "/v3/element.js", show_element_script, methods=["GET"]),
        Route(PREFIX + "/static/{name}", show_static, methods=["GET"]),
        Route(PREFIX + "/3ds/{challenge_id}", show_bank, methods=["GET"]),
        Route(PREFIX + "/3ds/{challenge_id}", answer, methods=["POST"]),
    ]


async def _to_index(_request: Request) -> Response:
    return RedirectResponse(PREFIX + "/", 308)


async def show_script(_request: Request) -> Response:
    """What a page loads in the place of Stripe.js; it leaves a single name behind."""
    return _script(SCRIPT_PARTS)


async def show_element(_request: Request) -> Response:
    """The frame of the Payment Element."""
    return _page("element/frame.html")


async def show_element_script(_request: Request) -> Response:
    """What runs in that frame."""
    return _script(ELEMENT_PARTS)


def _script(names: tuple[str, ...]) -> Response:
    parts = [(STATIC / f"{name}.js").read_text() for name in names]
    script = "(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();\n"
    return Response(script, headers=HEADERS, media_type="text/javascript")


async def show_static(request: Request) -> Response:
    """The style sheets, the bank page's script, the icon."""
    types = {
        "stand-in.css": "text/css",
        "element.css": "text/css",
        "bank.js": "text/javascript",
        "icon.svg": "image/svg+xml",
    }
    name = request.path_params["name"]
    if name not in types:
        return Response("not found", 404)
    return Response((STATIC / name).read_text(), headers=HEADERS, media_type=types[name])


async def show_index(_request: Request) -> Response:
    """What this is, and what can be typed."""
    tables = {"brands": cards.BRANDS, "refused": cards.REFUSED, "asked": cards.AUTHENTICATED, "refunds": cards.REFUNDED}
    return _page("index.html", raw={name: "".join(map(_row, table)) for name, table in tables.items()})


async def _answer(world: World, request: Request) -> Response:
    challenge_id = request.path_params["challenge_id"]
    if _challenged(world, challenge_id) is None:
        return _page("closed.html", 404, title="Nothing to confirm", back=_back(None))
    outcome = await _outcome(request)
    if outcome is None:
        return _page("closed.html", 400, title="This answer cannot be read", back=_back(None))
    async with Call(world, "POST", f"/3ds/{challenge_id}") as call:
        try:
            intent = await answer_bank(call, challenge_id, passed=outcome == "complete")
        except LockTimeout:
            return _page("closed.html", 503, title="The bank is busy. Go back and try again", back=_back(None))
        world.commit(call.tx)
    if intent["_return_url"] and not intent["_use_stripe_sdk"]:
        return RedirectResponse(_return_url(intent), 303, headers=HEADERS)
    return _page("closed.html", title="Answered", back=_back(None))


async def _outcome(request: Request) -> str | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    outcome = parse_qs(body.decode("latin-1")).get("outcome", [""])[0]
    return outcome if outcome in {"complete", "fail"} else None


def _challenged(world: World, challenge_id: str) -> Json | None:
    challenge = world.store.get("challenge", challenge_id)
    return world.store.get("payment_intent", challenge["payment_intent"]) if challenge else None


def _return_url(intent: Json) -> str:
    """The shop's address with what Stripe adds to it (docs.stripe.com/payments/3d-secure/authentication-flow)."""
    parts = urlsplit(intent["_return_url"])
    added = urlencode(
        {
            "payment_intent": intent["id"],
            "payment_intent_client_secret": intent["client_secret"],
            "redirect_status": "failed" if intent["status"] == "requires_payment_method" else "succeeded",
        }
    )
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def _back(intent: Json | None) -> str:
    if intent is None or not intent["_return_url"] or intent["_use_stripe_sdk"]:
        return ""
    return f'<p><a class="btn" href="{escape(_return_url(intent))}">Back to the shop</a></p>'


def _amount(intent: Json) -> str:
    currency = intent["currency"]
    if currency in ZERO_DECIMAL:
        return f"{intent['amount']} {currency.upper()}"
    return f"{intent['amount'] // 100}.{intent['amount'] % 100:02d} {currency.upper()}"


def _card(world: World, intent: Json) -> str:
    method = world.store.get("payment_method", intent["payment_method"] or "")
    return f"{method['card']['brand']} ending in {method['card']['last4']}" if method else "the card"


def _row(card: cards.Card) -> str:
    number = " ".join(card.number[at : at + 4] for at in range(0, len(card.number), 4))
    decline = cards.DECLINES[card.decline] if card.decline else None
    answer = " / ".join(part for part in (decline.code, decline.decline_code) if part) if decline else ""
    name = f"pm_card_{card.names[0]}" if card.names else ""
    cells = (
        f'<code class="nowrap">{number}</code>',
        escape(card.title),
        f"<code>{answer}</code>",
        f"<code>{name}</code>",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"


def _page(
    template: str, status: int = 200, *, raw: dict[str, str] | None = None, back: str = "", **texts: str
) -> Response:
    values = {"prefix": PREFIX, "back": back, **(raw or {}), **{name: escape(text) for name, text in texts.items()}}
    html = Template((STATIC / template).read_text()).substitute(values)
    return Response(html, status, headers=HEADERS, media_type="text/html")
