"""Draws the shop's icons anew from its mark, in Chromium: `python -m infra.ops.icons`. They are committed.

The mark itself (`icon.svg`) is what browsers show in a tab; what is installed on a device is a tile with it.
"""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

_ROOM = Path(__file__).parents[2] / "client/src/client/static"
_BRAND, _PAPER = "#0b6650", "#ffffff"


@dataclass(frozen=True, slots=True)
class Tile:
    """`corner` and `mark` are shares of its size; a launcher cuts what is maskable down to its middle four fifths."""

    name: str
    size: int
    corner: float
    mark: float


TILES = (
    Tile("icon-48", 48, 0.2, 0.8),
    Tile("icon-192", 192, 0.2, 0.75),
    Tile("icon-512", 512, 0.2, 0.75),
    Tile("icon-maskable-512", 512, 0, 0.6),
    Tile("icon-touch-180", 180, 0, 0.72),
)


def main() -> int:
    """Writes them all."""
    mark = (_ROOM / "icon.svg").read_text()
    shapes = re.sub(r"</?svg[^>]*>", "", mark)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        page = browser.new_page()
        for tile in TILES:
            page.set_viewport_size({"width": tile.size, "height": tile.size})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{drawn(tile, shapes)}")
            page.screenshot(path=_ROOM / f"{tile.name}.png", omit_background=True)
        browser.close()
    sys.stdout.write(f"{len(TILES)} icons drawn.\n")
    return 0


def drawn(tile: Tile, shapes: str) -> str:
    """The tile as an SVG: the mark's colours turned round, on the brand's."""
    turned = shapes.replace(_BRAND, "?").replace("#fff", _BRAND).replace("?", _PAPER)
    shift = 16 * (1 - tile.mark)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{tile.size}" height="{tile.size}" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="{32 * tile.corner}" fill="{_BRAND}"/>'
        f'<g transform="translate({shift} {shift}) scale({tile.mark})">{turned}</g></svg>'
    )


if __name__ == "__main__":
    sys.exit(main())
