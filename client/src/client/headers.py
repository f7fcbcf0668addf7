"""What every answer says about itself to the browser: what may run in it, who may frame it, what it tells others."""

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_RULES = {
    "default-src": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def _policy(rules: dict[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


POLICY = _policy(_RULES)
"""The content security policy of whatever is no page: our own files, nothing inline, nobody's frame."""


def page_policy(nonce: str) -> str:
    """The policy of a page: of all scripts, only those run whose tags carry this answer's `nonce`."""
    return _policy(_page_rules(nonce))


def paying_policy(nonce: str, stripe_js_url: str) -> str:
    """The policy of pages with a card: where Stripe's script is not our own, it may run, frame and call home.

    Of what Stripe lists, addresses (maps) are left out: the shop asks for none
    (docs.stripe.com/security/guide#content-security-policy).
    """
    rules = _page_rules(nonce)
    origin = urlsplit(stripe_js_url)
    if not origin.netloc:
        return _policy(rules)
    script = f"{origin.scheme}://{origin.netloc}"
    theirs = {
        "script-src": f"{rules['script-src']} {script} https://*.js.stripe.com",
        "frame-src": f"{script} https://*.js.stripe.com https://hooks.stripe.com",
        "connect-src": "'self' https://api.stripe.com",
    }
    return _policy(rules | theirs)


def _page_rules(nonce: str) -> dict[str, str]:
    return _RULES | {"script-src": f"'nonce-{nonce}'", "worker-src": "'self'"}


class SecurityHeaders:
    """Around everything; a page that has said its own policy keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", POLICY)
                # `no-referrer` would make browsers send `Origin: null` with our own forms.
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("X-Frame-Options", "DENY")
                headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            await send(message)

        await self._app(scope, receive, answer)
