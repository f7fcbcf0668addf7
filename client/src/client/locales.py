"""Which language a visitor reads, and how people where they are write numbers and times."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, localedata

from .words import DEFAULT, LANGUAGES

_LONGEST_HEADER = 500
_RANGE = re.compile(
    r"(?P<tag>[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)(?:\s*;\s*q=(?P<weight>[01](?:\.\d{0,3})?))?", re.IGNORECASE
)
_REGION = re.compile(r"-([A-Z]{2}|\d{3})(?=-|$)", re.IGNORECASE)
_DATES_WHERE_NO_REGION_IS_KNOWN = {"en": "en_150"}
"""`18:42` and `20 Nov 2026` are read right everywhere; a bare `en` would mean the United States."""
UTC = ZoneInfo("UTC")
_ZONES = available_timezones()


@dataclass(frozen=True, slots=True)
class Locality:
    """`language` is one of ours; `numbers` and `dates` are names of CLDR locales in that language."""

    language: str
    numbers: str
    dates: str


@lru_cache(maxsize=256)
def negotiate(accept_language: str, chosen: str = "") -> Locality:
    """The language that was chosen, else the best of what the browser accepts, else English; with its region."""
    tags = list(_accepted(accept_language))
    spoken = [(tag, tag.partition("-")[0].lower()) for tag in tags]
    language = chosen if chosen in LANGUAGES else next((one for _, one in spoken if one in LANGUAGES), DEFAULT)
    regions = (_REGION.search(tag) for tag, one in spoken if one == language)
    for found in regions:
        name = f"{language}_{found[1].upper()}" if found else language
        if found and localedata.exists(name):
            return Locality(language, name, name)
    return Locality(language, language, _DATES_WHERE_NO_REGION_IS_KNOWN.get(language, language))


def _accepted(header: str) -> Iterator[str]:
    """The language tags in `Accept-Language` (RFC 9110, 12.5.4), best first; what cannot be read is passed over."""
    ranges = (_RANGE.fullmatch(one.strip()) for one in header[:_LONGEST_HEADER].split(","))
    weighed = [(float(one["weight"] or 1), one["tag"]) for one in ranges if one]
    for weight, tag in sorted(weighed, key=lambda one: -one[0]):
        if 0 < weight <= 1:
            yield tag


def zone(name: str) -> ZoneInfo:
    """The time zone of this name; UTC where there is none."""
    return ZoneInfo(name) if name in _ZONES else UTC


@lru_cache(maxsize=256)
def locale(name: str) -> Locale:
    """What CLDR knows of it."""
    return Locale.parse(name)
