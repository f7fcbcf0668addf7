"""The shop on a device: installed, and without a network."""

import json
import re
import struct
from hashlib import sha256
from typing import Any

import pytest
from httpx import AsyncClient

from .conftest import heading, words
from .fakes import FakeBackend


def known(worker: str) -> dict[str, Any]:
    """What the worker is told of this version."""
    line = worker.split("\n", 1)[0]
    found: dict[str, Any] = json.loads(line.removeprefix("const SHOP = ").removesuffix(";"))
    return found


def size(png: bytes) -> str:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return f"{width}x{height}"


@pytest.mark.parametrize(("language", "says"), [("en", "Sell a ticket"), ("de", "Verkaufen")])
async def test_the_manifest(browser: AsyncClient, language: str, says: str) -> None:
    browser.headers["Accept-Language"] = language
    link = re.search(r'<link rel="manifest" href="([^"]+)"', (await browser.get("/")).text)
    assert link
    browser.headers["Accept-Language"] = "fr"  # it is fetched without cookies: its address says all
    answer = await browser.get(link[1])
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["lang"], manifest["start_url"], manifest["scope"]) == (language, "/", "/")
    assert manifest["display"] == "standalone"
    assert says in [shortcut["name"] for shortcut in manifest["shortcuts"]]
    assert {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in manifest["icons"]:
        picture = await browser.get(icon["src"])
        assert (picture.headers["content-type"], size(picture.content)) == ("image/png", icon["sizes"])
        assert "immutable" in picture.headers["cache-control"]
        assert len(picture.content) < 16_000


@pytest.mark.parametrize(("path", "expected"), [("/favicon.ico", "48x48"), ("/apple-touch-icon.png", "180x180")])
async def test_icons_that_are_asked_for_by_name(browser: AsyncClient, path: str, expected: str) -> None:
    picture = await browser.get(path)
    assert (picture.headers["content-type"], size(picture.content)) == ("image/png", expected)


async def test_the_worker_keeps_files_by_their_content(browser: AsyncClient) -> None:
    answer = await browser.get("/sw.js?language=de")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    shop = known(answer.text)
    assert shop["offline"] == "/offline?language=de"
    page = (await browser.get("/")).text
    needed = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:css|js|svg))"', page))
    assert needed == set(shop["assets"])
    for path in shop["assets"]:
        assert "immutable" in (await browser.get(path)).headers["cache-control"]
    assert known((await browser.get("/sw.js?language=de")).text) == shop
    assert known((await browser.get("/sw.js?language=en")).text)["version"] != shop["version"]


async def test_a_language_that_is_none_is_the_visitors(browser: AsyncClient) -> None:
    browser.headers["Accept-Language"] = "de"
    assert known((await browser.get('/sw.js?language=";alert(1);"')).text)["offline"] == "/offline?language=de"


async def test_the_offline_page_is_nobodys(browser: AsyncClient, dana: str) -> None:
    assert dana
    browser.cookies.set("zone", "Asia/Tokyo", "ticketing.test")
    browser.cookies.set("theme", "dark", "ticketing.test")
    browser.cookies.set("flash", "welcome", "ticketing.test")
    page = await browser.get("/offline?language=de")
    assert page.status_code == 200
    assert heading(page) == "Dieses Gerät ist offline"
    assert page.headers["content-language"] == "de"
    assert "no-store" not in page.headers["cache-control"]
    assert "offline-copy" not in page.headers
    for secret in ("dana@example.com", "Abmelden", ">Anmelden<", "theme-dark", "Tokyo", "Konto ist fertig", "<form"):
        assert secret not in page.text
    assert "set-cookie" not in page.headers


async def test_what_may_be_read_without_a_network(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    """One's orders and paid tickets; nothing on which one pays, and nothing that others see."""
    owner = sha256(dana.encode()).hexdigest()[:16]
    paid = await backend.place(await backend.put(), dana, "complete")
    held = await backend.place(await backend.put(), dana)
    waits = await backend.place(await backend.put(), dana, "awaiting:payment")
    ended = await backend.place(await backend.put(), dana, "cancelled", "expired")
    for path in ("/orders", f"/orders/{paid.id}"):
        page = await browser.get(path)
        assert page.headers["offline-copy"] == owner
        assert page.headers["cache-control"] == "no-store"
        assert re.search(r"This is how it stood at \d\d:\d\d UTC on \d+ \w+ \d{4}\.", words(page))
    others = ["/", "/sell", "/account", "/nowhere", f"/orders?after={paid.id}", f"/tickets/{held.ticket.id}"]
    for path in others + [f"/orders/{one.id}" for one in (held, waits, ended)]:
        page = await browser.get(path)
        assert "offline-copy" not in page.headers, path
        assert "This is how it stood" not in page.text, path


async def test_nothing_of_nobody_is_kept(browser: AsyncClient) -> None:
    for path in ("/", "/orders", "/signin", "/offline"):
        assert "offline-copy" not in (await browser.get(path)).headers


@pytest.mark.usefixtures("dana")
async def test_signing_out_clears_the_device(browser: AsyncClient) -> None:
    answer = await browser.post("/signout")
    assert answer.headers["clear-site-data"] == '"storage"'
