"""How a page answers: rendered for whoever looks, or a redirect with a word for the next page."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from client.domain import safe_next
from client.errors import SignInFirst
from client.formats import Formats
from client.headers import page_policy, paying_policy
from client.live import Hub
from client.locales import negotiate, zone
from client.render import Localizer, Renderer
from client.service import Person
from client.words import Words
from common.clock import now
from common.identity import Verifier
from common.web import token_of

FLASHES = frozenset({"taken", "listed", "changed", "removed", "signed_out", "welcome", "extended", "not_extended"})
"""What can be said once, on the next page."""
_FLASH, _THEME, _LANGUAGE, _ZONE = "flash", "theme", "language", "zone"
_FLASH_SECONDS = 60
_CHOICE_SECONDS = 365 * 24 * 3600
THEMES = ("light", "dark")
AUTO = "auto"
"""The colours of the device, as before any were chosen."""
_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Front:
    """What all pages share."""

    renderer: Renderer
    hub: Hub
    stripe_js: str
    stripe_key: str
    currency: str
    """Three letters, as Stripe writes it."""


class Page:
    """One request's page."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.front: Front = request.app.state.front
        self.mark = self.front.hub.mark
        """Taken before anything is read, so that what changes while the page is made is told to it."""
        token = token_of(request)
        self.person = self.known(token) if token else None
        self.localizer = self._localizer(request.cookies.get(_LANGUAGE, ""))

    def known(self, token: str) -> Person | None:
        """Who this token says it is; None where auth did not sign it, or it is over."""
        verifier: Verifier = self._request.app.state.verifier
        user = verifier.verify(token)
        return Person(user.id, user.email, token) if user else None

    def _localizer(self, language: str) -> Localizer:
        locality = negotiate(self._request.headers.get("accept-language", ""), language)
        return self.front.renderer.localizer(locality, zone(self._request.cookies.get(_ZONE, "")))

    @property
    def words(self) -> Words:
        """In the language of whoever looks."""
        return self.localizer.words

    @property
    def formats(self) -> Formats:
        """As they are used to where whoever looks is."""
        return self.localizer.formats

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
        self,
        template: str,
        status: int = 200,
        *,
        here: str = "",
        card: bool = False,
        copy: bool = False,
        back: str = "",
        **context: object,
    ) -> Response:
        """The page. `here`: its room in the navigation. `card`: Stripe's script runs in it. `back`: where to reload.

        `copy`: the device may keep it, and show it to the same person without a network.
        """
        flash = self._request.cookies.get(_FLASH, "")
        back = safe_next(back or self.here)
        frame = {
            "here": here,
            "back": back,
            "viewer": self.person,
            "flash": flash if flash in FLASHES else "",
            "theme": self.colours,
            "mark": self.mark,
            "sign_in_query": "" if here == "signin" else next_query(back),
            "nonce": (nonce := secrets.token_urlsafe(_NONCE_BYTES)),
            "as_of": now() if copy and self.person else None,
            "stripe_js": self.front.stripe_js,
            "stripe_key": self.front.stripe_key,
            "charged_in": self.front.currency,
        }
        answer = self._html(template, status, {**frame, **context})
        policy = paying_policy(nonce, self.front.stripe_js) if card else page_policy(nonce)
        answer.headers["Content-Security-Policy"] = policy
        if copy and self.person:
            answer.headers["Offline-Copy"] = hashlib.sha256(self.person.id.encode()).hexdigest()[:16]
        if flash:
            answer.delete_cookie(_FLASH, httponly=True, samesite="lax", secure=self.secure)
        return answer

    def show_to_nobody(self, template: str, language: str) -> Response:
        """A page for whoever is at the device: the same for all who read this language."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        localizer = self.front.renderer.spoken(language)
        nothing = dict.fromkeys(("back", "flash", "theme", "sign_in_query", "viewer", "as_of"), "")
        context = {**nothing, "here": "offline", "mark": self.mark, "nonce": nonce}
        answer = HTMLResponse(self.front.renderer.html(localizer, template, **context))
        answer.headers["Cache-Control"] = "no-cache"
        answer.headers["Content-Language"] = language
        answer.headers["Content-Security-Policy"] = page_policy(nonce)
        return answer

    def piece(self, template: str, **context: object) -> Response:
        """A piece of a page, for one that is open."""
        return self._html(template, 200, context)

    def _html(self, template: str, status: int, context: dict[str, object]) -> Response:
        answer = HTMLResponse(self.front.renderer.html(self.localizer, template, **context), status)
        # What is shown to one person is not kept for the next at the same machine.
        answer.headers["Cache-Control"] = "no-store" if self.person else "private, no-cache"
        answer.headers["Vary"] = "Cookie, Accept-Language"
        answer.headers["Content-Language"] = self.words.language
        return answer

    @property
    def colours(self) -> str:
        """Those that were chosen; empty for the device's own."""
        theme = self._request.cookies.get(_THEME, "")
        return theme if theme in THEMES else ""

    def go(self, path: str, flash: str = "") -> Response:
        """On to another page, where `flash` is said once."""
        answer = RedirectResponse(path, 303)
        if flash:
            answer.set_cookie(_FLASH, flash, max_age=_FLASH_SECONDS, httponly=True, samesite="lax", secure=self.secure)
        return answer

    def theme(self, theme: str, back: str) -> Response:
        """On, in other colours."""
        answer = self.go(back)
        if theme == AUTO:
            answer.delete_cookie(_THEME, httponly=True, samesite="lax", secure=self.secure)
            return answer
        answer.set_cookie(_THEME, theme, max_age=_CHOICE_SECONDS, httponly=True, samesite="lax", secure=self.secure)
        return answer

    def speak(self, language: str, back: str) -> Response:
        """On, in another language."""
        answer = self.go(back)
        answer.set_cookie(
            _LANGUAGE, language, max_age=_CHOICE_SECONDS, httponly=True, samesite="lax", secure=self.secure
        )
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
