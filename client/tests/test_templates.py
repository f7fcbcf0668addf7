"""Templates, for whoever works on them."""

import shutil
from pathlib import Path

import pytest
from jinja2 import TemplateSyntaxError

from client import render
from client.assets import Assets
from client.render import Renderer

RED, BLUE = "<p>red</p>", "<p>blue</p>"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One more template beside a copy of all of them."""
    folder = tmp_path / "templates"
    shutil.copytree(render._ROOM, folder)
    monkeypatch.setattr(render, "_ROOM", folder)
    path = folder / "one.html"
    path.write_text(RED)
    return path


def seen(renderer: Renderer) -> tuple[str, str]:
    localizer = renderer.spoken("en")
    return renderer.html(localizer, "one.html"), renderer.fingerprint("en")


@pytest.mark.parametrize(("watched", "shown"), [(True, BLUE), (False, RED)])
def test_a_change_is_seen_at_once_by_whoever_asked_for_that(page: Path, watched: bool, shown: str) -> None:
    renderer = Renderer(Assets(), "usd", watched=watched)
    before = seen(renderer)
    assert before[0] == RED
    page.write_text(BLUE)
    text, fingerprint = seen(renderer)
    assert (text, fingerprint != before[1]) == (shown, watched)


def test_a_mistake_in_one_is_said_until_it_is_mended(page: Path) -> None:
    renderer = Renderer(Assets(), "usd", watched=True)
    page.write_text("{% if %}")
    for _ in range(2):
        with pytest.raises(TemplateSyntaxError):
            seen(renderer)
    page.write_text(BLUE)
    assert seen(renderer)[0] == BLUE
