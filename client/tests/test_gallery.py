"""Every page in every state, for everybody: on a phone and on a desk, light and dark, by ear and by keyboard."""

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Page

from .fakes import FakeBackend
from .gallery import Gallery, with_stripe
from .test_device import browsing, listening

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]
LOOKS = [(360, "dark"), (1280, "light")]
OUTLINED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const ringed = (shape) => {
    const style = getComputedStyle(shape);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const shown = ringed(one) || (one.closest(".ticket") !== null && ringed(one.closest(".ticket")));
  return {name: one.outerHTML.slice(0, 120), body: one === document.body, shown, big: box.width > 0 && box.height > 0};
}"""
"""A ticket in a list wears the ring of its link."""
PLACED = """() => ({
  title: document.title,
  language: document.documentElement.lang,
  headings: document.querySelectorAll("h1").length,
  landmarks: ["header", "main", "footer"].map((one) => document.querySelectorAll("body > " + one).length),
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
})"""


@pytest.fixture
async def shown(app: FastAPI, backend: FakeBackend) -> AsyncIterator[tuple[Gallery, str]]:
    gallery = await Gallery(backend).fill()
    async with with_stripe(app) as both, listening(both) as url:
        yield gallery, url


@pytest.mark.parametrize(("width", "colours"), LOOKS)
async def test_every_state_can_be_used_by_everybody(shown: tuple[Gallery, str], width: int, colours: str) -> None:
    gallery, url = shown
    wrong: list[str] = []
    async with browsing(width, colours) as page:
        page.on("console", lambda said: wrong.append(f"{page.url} says {said.text}") if said.type == "error" else None)
        for state in gallery.states:
            await gallery.visit(page, url, state)
            found = (await Axe().run(page)).response["violations"]
            wrong += [f"{state.name}: {one['id']} at {[node['target'] for node in one['nodes']]}" for one in found]
            wrong += [f"{state.name}: {one}" for one in await misplaced(page)]
    wrong = [one for one in wrong if "status of 4" not in one and "status of 5" not in one]
    assert wrong == []


async def misplaced(page: Page) -> list[str]:
    """What every page has to have."""
    placed = await page.evaluate(PLACED)
    wrong = [] if placed["title"].endswith(" Ticketing") else [f"is called {placed['title']!r}"]
    wrong += [] if placed["language"] == "en" else ["speaks no language"]
    wrong += [] if placed["headings"] == 1 else [f"has {placed['headings']} first headings"]
    wrong += [] if placed["landmarks"] == [1, 1, 1] else [f"has the landmarks {placed['landmarks']}"]
    return wrong + (["is wider than its window"] if placed["wide"] else [])


async def test_whatever_has_the_focus_shows_it(shown: tuple[Gallery, str]) -> None:
    gallery, url = shown
    wrong: list[str] = []
    async with browsing(1280, "light") as page:
        for state in gallery.states:
            await gallery.visit(page, url, state)
            for _ in range(60):
                await page.keyboard.press("Tab")
                held = await page.evaluate(OUTLINED)
                if held["body"] or "<iframe" in held["name"]:
                    break
                if not (held["shown"] and held["big"]):
                    wrong.append(f"{state.name}: {held['name']}")
    assert wrong == []
