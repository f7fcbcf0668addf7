"""Every setting is on its service's page, with its default; and nothing else is."""

import re
from typing import Any

import pytest
from pydantic import SecretStr

from common.settings import ServiceSettings

from .services import ROOT, Service

_HEADING = re.compile(r"^\| (?:setting|variable) \| default \|", re.MULTILINE)
_ROW = re.compile(r"^\| (`?[A-Z0-9_]{2,}[^|]*)\| ([^|]*)\|", re.MULTILINE)
_NAME = re.compile(r"[A-Z0-9_]{2,}")


def documented(page: str) -> dict[str, str]:
    """Each setting of a page with what stands as its default; a row may tell of several."""
    heading = _HEADING.search(page)
    found: dict[str, str] = {}
    for cell, default in _ROW.findall(page[heading.start() :].split("\n\n", 1)[0]) if heading else ():
        names = _NAME.findall(cell)
        defaults = re.split(r"` `|, ", default.strip()) if len(names) > 1 else [default.strip()]
        found |= zip(names, defaults * len(names) if len(defaults) == 1 else defaults, strict=True)
    return {name: default.strip("`") for name, default in found.items()}


def own(settings: type[ServiceSettings]) -> dict[str, Any]:
    """The defaults of what it reads beside every service's."""
    fields = settings.model_fields
    return {name: fields[name].default for name in fields if name not in ServiceSettings.model_fields}


def plain(value: Any) -> str:
    """As a page shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def test_each_is_on_its_page_with_its_default(service: Service) -> None:
    page = documented(service.readme)
    settings = own(service.settings)
    assert set(page) == {name.upper() for name in settings}
    wrong = {
        name: page[name.upper()]
        for name, default in settings.items()
        if not isinstance(default, SecretStr) and page[name.upper()] != plain(default)
    }
    assert wrong == {}


def test_each_says_what_it_is(service: Service) -> None:
    assert [name for name, field in service.settings.model_fields.items() if not field.description] == []


def test_those_of_every_service_are_on_the_page_of_common(service: Service) -> None:
    page = documented((ROOT / "common/README.md").read_text())
    assert set(page) == {name.upper() for name in ServiceSettings.model_fields}
    assert "of every service" in service.readme or "of [every service]" in service.readme


@pytest.mark.parametrize("environment", ["production", None])
def test_default_secrets_are_refused_outside_local_use(
    service: Service, environment: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in service.settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    with pytest.raises(ValueError, match="local"):
        service.settings(**({"environment": environment} if environment else {}))
