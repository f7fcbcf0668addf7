"""The shop in the visitor's language, at their clock."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient

from client.words import GERMAN

from .conftest import heading, words
from .fakes import FakeBackend


def speak(browser: AsyncClient, accept_language: str) -> None:
    browser.headers["Accept-Language"] = accept_language


async def test_the_browser_says_which_language(browser: AsyncClient, backend: FakeBackend) -> None:
    await backend.put(cents=123450)
    speak(browser, "de-DE,de;q=0.9,en;q=0.5")
    page = await browser.get("/")
    assert '<html lang="de"' in page.text
    assert page.headers["content-language"] == "de"
    assert {"Cookie", "Accept-Language"} <= set(page.headers["vary"].split(", "))
    assert heading(page) == "Tickets von denen, denen sie gehören"
    assert "1.234,50 $" in words(page).replace("\N{NO-BREAK SPACE}", "")
    assert "1.234,50 $" in words(page)


async def test_the_visitor_chooses_another(browser: AsyncClient) -> None:
    speak(browser, "de")
    answer = await browser.post("/language", data={"language": "en", "back": "/?q=a"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?q=a")
    assert re.search(r"HttpOnly.*SameSite=lax", answer.headers["set-cookie"])
    page = await browser.get("/")
    assert '<html lang="en"' in page.text
    pressed = re.findall(r'value="(\w+)" lang="\w+" aria-current="true">(\w+)<', page.text)
    assert pressed == [("en", "English")]
    assert '<button class="linkish" name="language" value="de" lang="de">Deutsch</button>' in page.text


@pytest.mark.parametrize("language", ["", "fr", "DE", '"><script>'])
async def test_a_language_that_is_not_spoken_here(browser: AsyncClient, language: str) -> None:
    assert (await browser.post("/language", data={"language": language})).status_code == 400
    browser.cookies.set("language", language, "ticketing.test")
    assert '<html lang="en"' in (await browser.get("/")).text


async def test_choosing_leads_nowhere_else(browser: AsyncClient) -> None:
    for back in ("https://evil.example", "/language", "//evil.example"):
        answer = await browser.post("/language", data={"language": "de", "back": back})
        assert answer.headers["location"] == "/"


async def test_times_are_those_of_the_visitors_zone(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana)
    assert f"until {order.expires_at:%H:%M:%S} UTC" in words(await browser.get(f"/orders/{order.id}"))
    browser.cookies.set("zone", "Asia/Tokyo", "ticketing.test")
    page = await browser.get(f"/orders/{order.id}")
    there = order.expires_at.astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"until {there:%H:%M:%S} JST" in words(page)
    assert 'data-zone="Asia/Tokyo"' in page.text
    found = re.search(r'<time datetime="([^"]+)" data-at="second"', page.text)
    assert found
    assert datetime.fromisoformat(found[1]) == order.expires_at


async def test_a_zone_that_is_none_is_passed_over(browser: AsyncClient) -> None:
    browser.cookies.set("zone", "../etc/passwd", "ticketing.test")
    assert 'data-zone="UTC"' in (await browser.get("/")).text


@pytest.mark.usefixtures("dana")
async def test_a_german_types_a_german_price(browser: AsyncClient, backend: FakeBackend) -> None:
    speak(browser, "de-DE")
    page = await browser.post("/sell", data={"title": "Hozier", "price": "1,234.50"})
    assert page.status_code == 400
    assert "Gib einen Betrag über 0,00 $ ein, etwa 84,00" in words(page).replace("\N{NO-BREAK SPACE}", " ")
    assert (await browser.post("/sell", data={"title": "Hozier", "price": "1.234,50"})).status_code == 303
    (ticket,) = backend.tickets.values()
    assert ticket.price_cents == 123450
    assert 'value="1234,50"' in (await browser.get(f"/tickets/{ticket.id}/edit")).text


@pytest.mark.parametrize("path", ["/nowhere", "/signin", "/api/nothing"])
async def test_what_is_refused_is_refused_in_german(browser: AsyncClient, path: str) -> None:
    speak(browser, "de")
    page = await browser.get(path)
    if path == "/api/nothing":
        assert page.json()["errors"] == [{"message": "There is nothing here."}]
    else:
        assert '<html lang="de"' in page.text
        assert GERMAN["foot"] in page.text
