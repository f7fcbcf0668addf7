"""From what the shop knows to HTML: the templates, and whoever reads them."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .assets import Assets
from .domain import printed_number
from .formats import Formats
from .locales import UTC, Locality, locale, negotiate
from .rows import RowPrinter
from .words import LANGUAGES, Words

_ROOM = Path(__file__).parent / "templates"
_NAMES = [(tag, str(locale(tag).display_name)) for tag in LANGUAGES]
"""Each language as those who speak it call it."""


class Localizer:
    """Words, money and times for one kind of reader: a language, a region and a time zone."""

    def __init__(self, locality: Locality, currency: str, zone: ZoneInfo) -> None:
        self.formats = Formats(locality, currency, zone)
        self.words = Words(LANGUAGES[locality.language], locality.language, self.formats.number)
        self.names: Mapping[str, Any] = {
            "t": self.words,
            "language": locality.language,
            "locale": locality.dates.replace("_", "-"),
            "zone": zone.key,
            "symbol": self.formats.symbol,
            "currency": self.formats.currency,
            "money": self.formats.money,
            "price_of": self.formats.price,
            "minute": self.formats.minute,
            "second": self.formats.second,
            "day": self.formats.day,
            "grouped": self.formats.number,
        }
        """What templates call it."""


class Renderer:
    """The templates, for readers of every language, in one currency.

    `watched`: before each page it is looked whether a template has changed, for whoever works on them.
    """

    def __init__(self, assets: Assets, currency: str, *, watched: bool = False) -> None:
        self.assets = assets
        self._localizer = lru_cache(maxsize=256)(lambda locality, zone: Localizer(locality, currency, zone))
        self._watched = watched
        self._changed = 0
        self._load()

    def _load(self) -> None:
        self._changed = _last_change()
        self._environment = Environment(
            loader=FileSystemLoader(_ROOM),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._fingerprint = cache(_fingerprint)
        self._rows = lru_cache(maxsize=64)(lambda localizer: RowPrinter(self._environment, dict(localizer.names)))
        self._environment.globals.update(
            asset=self.assets.path, born=born, number=printed_number, countdown=countdown, languages=_NAMES
        )
        for template in self._environment.list_templates():
            self._environment.get_template(template)  # compiled now rather than while somebody waits

    def localizer(self, locality: Locality, zone: ZoneInfo = UTC) -> Localizer:
        """For this reader; kept, as there are few kinds."""
        return self._localizer(locality, zone)

    def spoken(self, language: str) -> Localizer:
        """For anybody who reads this language, wherever they are."""
        return self.localizer(negotiate("", language))

    def fingerprint(self, language: str) -> str:
        """Another one whenever the words or the templates change."""
        return self._fingerprint(language)

    def html(self, localizer: Localizer, template: str, **context: object) -> str:
        """The page."""
        if self._watched and _last_change() != self._changed:
            self._load()
        names = {**localizer.names, "row_of": self._rows(localizer)}
        return self._environment.get_template(template).render({**names, **context})


def _last_change() -> int:
    return max(path.stat().st_mtime_ns for path in _ROOM.glob("*.html"))


def _fingerprint(language: str) -> str:
    sources = [path.read_text() for path in sorted(_ROOM.glob("*.html"))]
    return sha256(json.dumps([LANGUAGES[language], sources]).encode()).hexdigest()


def born(identity: str) -> datetime:
    """When the thing with this id was made."""
    return ObjectId(identity).generation_time


def countdown(seconds: int) -> str:
    """`11:48`."""
    return f"{seconds // 60}:{seconds % 60:02d}"
