"""Every pair of colours can be read (WCAG 2.2: 1.4.3, 1.4.11), light and dark."""

import re
from pathlib import Path

import pytest

import client

TOKENS = (Path(client.__file__).parent / "static" / "tokens.css").read_text()
STATES = ("ok", "hold", "gone", "bad", "info")
TEXT = [
    *[(ink, paper) for ink in ("ink", "ink-2", "link") for paper in ("bg", "surface", "stub", "sunk")],
    *[(f"{state}-ink", f"{state}-bg") for state in STATES],
    ("action-ink", "action"),
    ("action-ink", "action-hover"),
    ("brand-ink", "brand"),
    ("brand-ink-2", "brand"),
    ("bad-ink", "surface"),
    ("now-ink", "now-bg"),
    ("mine-ink", "mine-bg"),
    ("on-mine", "mine-ink"),
    ("gone-ink", "gone-bg"),
]
MARKS = [
    *[("line-strong", paper) for paper in ("surface", "bg", "sunk")],
    *[("focus", paper) for paper in ("bg", "surface", "stub", "sunk")],
    *[(f"{state}-mark", f"{state}-bg") for state in STATES],
    ("focus-on-brand", "brand"),
    ("focus-on-brand", "mine-bg"),
    ("action", "surface"),
]


def _block(start: str) -> dict[str, str]:
    begin = TOKENS.index(start)
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", TOKENS[begin : TOKENS.index("\n}", begin)]))


LIGHT = _block(":root{")
DARK = LIGHT | _block(":root.theme-dark")


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_dark_is_the_same_chosen_or_given() -> None:
    assert _block("@media (prefers-color-scheme:dark)") == _block(":root.theme-dark")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (MARKS, 3.0)], ids=["text", "marks"])
def test_contrast(theme: dict[str, str], pairs: list[tuple[str, str]], least: float) -> None:
    faint = {pair: _contrast(theme[pair[0]], theme[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < least} == {}
