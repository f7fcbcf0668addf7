"""Pictures of every page in every state, phone and desk, light and dark: `make screenshots`."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from .fakes import FakeBackend
from .gallery import Gallery, with_stripe
from .test_device import browsing, listening

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / ".local" / "screenshots"
SHOWN = {
    "listing": (1280, "light"),
    "order-pay": (1280, "light"),
    "ticket-free": (360, "dark"),
    "order-paid": (360, "light"),
}
"""Those of the README, no more than fits a window; one that is there stays until somebody deletes it."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_pictures(app: FastAPI, backend: FakeBackend, width: int, colours: str) -> None:
    """`.local/screenshots/360-dark/order-pay.png`, and so on; the README's in `docs/screenshots`."""
    gallery = await Gallery(backend).fill()
    folder = FOLDER / f"{width}-{colours}"
    folder.mkdir(parents=True, exist_ok=True)
    async with with_stripe(app) as both, listening(both) as url, browsing(width, colours) as page:
        for state in gallery.states:
            await gallery.visit(page, url, state)
            await page.screenshot(path=folder / f"{state.name}.png", full_page=True, animations="disabled")
            shown = REPOSITORY / "docs" / "screenshots" / f"{state.name}.png"
            if SHOWN.get(state.name) == (width, colours) and not shown.exists():
                await page.screenshot(path=shown)
