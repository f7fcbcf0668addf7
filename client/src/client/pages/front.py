"""How a page answers: rendered for whoever looks, or a redirect with a word for the next page."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from client.domain import safe_next
from client.errors import SignInFirst
from client.headers import paying_policy
from client.render import Renderer
from client.service import Person
from common.identity import Verifier
from common.web import token_of

FLASHES = frozenset({"taken", "listed", "changed", "removed", "signed_out", "welcome"})
"""What can be said once, on the next page."""
_FLASH, _THEME = "flash", "theme"
_FLASH_SECONDS = 60
_THEME_SECONDS = 365 * 24 * 3600
THEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Front:
    """What all pages share."""

    renderer: Renderer
    stripe_js: str
    stripe_key: str


class Page:
    """One request's page."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.front: Front = request.app.state.front
        token = token_of(request)
        self.person = self.known(token) if token else None

    def known(self, token: str) -> Person | None:
        """Who this token says it is; None where auth did not sign it, or it is over."""
        verifier: Verifier = self._request.app.state.verifier
        user = verifier.verify(token)
        return Person(user.id, user.email, token) if user else None

    @property
    def viewer(self) -> str | None:
        """The id of whoever looks, if they are signed in."""
        return self.person.id if self.person else None

    @property
    def here(self) -> str:
        """This page's own address, within the shop."""
        query = self._request.url.query
        return self._request.url.path + (f"?{query}" if query else "")

    def show(
        self, template: str, status: int = 200, *, here: str = "", card: bool = False, back: str = "", **context: object
    ) -> Response:
        """The page. `here`: its room in the navigation. `card`: Stripe's script runs in it. `back`: where to reload."""
        flash = self._request.cookies.get(_FLASH, "")
        theme = self._request.cookies.get(_THEME, "")
        back = safe_next(back or self.here)
        frame = {
            "here": here,
            "back": back,
            "viewer": self.person,
            "flash": flash if flash in FLASHES else "",
            "theme": theme if theme in THEMES else "",
            "sign_in_query": "" if here == "signin" else next_query(back),
            "stripe_js": self.front.stripe_js,
            "stripe_key": self.front.stripe_key,
        }
        answer = HTMLResponse(self.front.renderer.html(template, **frame, **context), status)
        # What is shown to one person is not kept for the next at the same machine.
        answer.headers["Cache-Control"] = "no-store" if self.person else "private, no-cache"
        answer.headers["Vary"] = "Cookie"
        if card:
            answer.headers["Content-Security-Policy"] = paying_policy(self.front.stripe_js)
        if flash:
            answer.delete_cookie(_FLASH, httponly=True, samesite="lax", secure=self.secure)
        return answer

    def go(self, path: str, flash: str = "") -> Response:
        """On to another page, where `flash` is said once."""
        answer = RedirectResponse(path, 303)
        if flash:
            answer.set_cookie(_FLASH, flash, max_age=_FLASH_SECONDS, httponly=True, samesite="lax", secure=self.secure)
        return answer

    def theme(self, theme: str, back: str) -> Response:
        """On, in other colours."""
        answer = self.go(back)
        answer.set_cookie(_THEME, theme, max_age=_THEME_SECONDS, httponly=True, samesite="lax", secure=self.secure)
        return answer

    @property
    def secure(self) -> bool:
        """Whether the browser came over https."""
        return self._request.url.scheme == "https"


def next_query(path: str) -> str:
    """The query that leads back to `path`; nothing where that is the front page."""
    return "" if path == "/" else "?" + urlencode({"next": path})


async def _page(request: Request) -> Page:
    return Page(request)


CurrentPage = Annotated[Page, Depends(_page)]


async def _person(page: CurrentPage) -> Person:
    if page.person is None:
        raise SignInFirst(page.here)
    return page.person


SignedIn = Annotated[Person, Depends(_person)]
"""Whoever looks; who is not signed in is led to do so, and back."""
