"""The shop on a device: its manifest and icons, the worker that answers without a network, and what it says then."""

import hashlib
import json
from functools import cache
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from client.render import Renderer
from client.words import LANGUAGES

from .front import CurrentPage, Page
from .router import page_router

router = page_router()
_BRAND, _PAPER = "#0b4438", "#edf1ee"
_ICONS = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"))
_MASKABLE = ("icon-maskable-512.png", "512x512", "maskable")
_FRESH = {"Cache-Control": "no-cache"}
_A_DAY = {"Cache-Control": "public, max-age=86400"}
_KEPT = ("shop.css", "shop.js", "live.js", "icon.svg")
"""What the pages need that can be read without a network."""


async def _spoken(page: CurrentPage, language: str = "") -> str:
    """The language that the address names, so that no cookie is needed; otherwise the visitor's."""
    return language if language in LANGUAGES else page.words.language


Spoken = Annotated[str, Depends(_spoken)]


@router.get("/manifest.webmanifest")
async def manifest(page: CurrentPage, language: Spoken) -> Response:
    """What is installed, and how it looks there (w3.org/TR/appmanifest)."""
    words, path = page.front.renderer.spoken(language).words, page.front.renderer.assets.path
    about = {
        "id": "/",
        "name": words("shop"),
        "short_name": words("shop"),
        "description": words("shop.about"),
        "lang": language,
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": _BRAND,
        "background_color": _PAPER,
        "icons": [
            {"src": path(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in (*_ICONS, _MASKABLE)
        ],
        "shortcuts": [{"name": words("nav.orders"), "url": "/orders"}, {"name": words("nav.sell"), "url": "/sell"}],
    }
    return Response(json.dumps(about, ensure_ascii=False), media_type="application/manifest+json", headers=_FRESH)


@router.get("/sw.js")
async def worker(page: CurrentPage, language: Spoken) -> Response:
    """The worker, which knows the files and the offline page of this version."""
    return Response(_worker(page.front.renderer, language), media_type="text/javascript; charset=utf-8", headers=_FRESH)


@cache
def _worker(renderer: Renderer, language: str) -> str:
    assets = renderer.assets
    kept = [assets.path(name) for name in _KEPT]
    source = assets.worker
    parts = (source, *kept, renderer.fingerprint(language))
    version = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    known = {"version": version, "assets": kept, "offline": f"/offline?language={language}"}
    return f"const SHOP = {json.dumps(known)};\n{source}"


@router.get("/offline")
async def offline(page: CurrentPage, language: Spoken) -> Response:
    """What there is to read without a network. It is kept on the device, so it names nobody and offers no form."""
    return page.show_to_nobody("offline.html", language)


@router.get("/favicon.ico")
async def favicon(page: CurrentPage) -> Response:
    """For whoever does not read the page's own links."""
    return _icon(page, "icon-48.png")


@router.get("/apple-touch-icon.png")
async def touch_icon(page: CurrentPage) -> Response:
    """For home screens that ask for it by this name."""
    return _icon(page, "icon-touch-180.png")


def _icon(page: Page, name: str) -> Response:
    found = page.front.renderer.assets.current(name)
    return Response(found.content, media_type=found.media_type, headers=_A_DAY)
