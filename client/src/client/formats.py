"""Money, numbers and times as a locale writes them (CLDR, by way of Babel).

Babel takes 25 µs for an amount, and a page may show a hundred: its pattern is taken apart once for each locale.
"""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name
from babel.numbers import format_decimal, get_currency_name, get_currency_symbol
from markupsafe import Markup, escape

from common.clock import rfc3339

from .domain import PriceStyle
from .locales import Locality, locale

_SEVERAL = 2
_TIME = '<time datetime="{}" data-at="{}" class="nowrap">{}</time>'


class Formats:
    """One locality, one currency (ISO 4217) and one time zone. Prices have two decimals, whatever the currency."""

    def __init__(self, locality: Locality, currency: str, zone: ZoneInfo) -> None:
        self.locality = locality
        self.zone = zone
        self.locale = locale(locality.numbers)
        self._dates = locale(locality.dates)
        pattern = self.locale.currency_formats["standard"]
        symbols = self.locale.number_symbols[self.locale.default_numbering_system]
        self._first, self._next = pattern.grouping
        self._group, self._decimal = symbols["group"], symbols["decimal"]
        self.symbol = get_currency_symbol(currency.upper(), self.locale)
        self.currency = get_currency_name(currency.upper(), _SEVERAL, self.locale)
        self._before, self._after = _around(pattern.prefix[0], pattern.suffix[0], self.symbol)
        self._shown = tuple(
            Markup('<span class="cur">{}</span>').format(one) if one else "" for one in (self._before, self._after)
        )

    @property
    def style(self) -> PriceStyle:
        """How a price is typed here."""
        return PriceStyle(self._group, self._decimal, self.symbol)

    def number(self, number: int) -> str:
        """`1,234`."""
        return format_decimal(number, locale=self.locale)

    def amount(self, cents: int) -> str:
        """`1,234.50`."""
        whole = str(cents // 100)
        if len(whole) > self._first:
            head, groups = whole[: -self._first], [whole[-self._first :]]
            while len(head) > self._next:
                head, groups = head[: -self._next], [head[-self._next :], *groups]
            whole = self._group.join([head, *groups])
        return f"{whole}{self._decimal}{cents % 100:02d}"

    def money(self, cents: int) -> str:
        """`$84.00`, `84,00 €`."""
        return f"{self._before}{self.amount(cents)}{self._after}"

    def price(self, cents: int) -> Markup:
        """Money with its symbol marked, to be drawn smaller."""
        return Markup(f"{self._shown[0]}{escape(self.amount(cents))}{self._shown[1]}")  # noqa: S704 (escaped above)

    def typed(self, cents: int) -> str:
        """`84.00`, `84,00`: as a form shows it."""
        return f"{cents // 100}{self._decimal}{cents % 100:02d}"

    def minute(self, moment: datetime) -> Markup:
        """`18:42 UTC`."""
        return self._time("minute", moment, lambda there: f"{self._clock('short', there)} {self.zone_name(there)}")

    def second(self, moment: datetime) -> Markup:
        """`18:42:10 UTC`."""
        return self._time("second", moment, lambda there: f"{self._clock('medium', there)} {self.zone_name(there)}")

    def day(self, moment: datetime) -> Markup:
        """`20 Nov 2026`."""
        return self._time("day", moment, self._day)

    def zone_name(self, there: datetime) -> str:
        """`CET`, `MEZ`, `UTC-3`: what it is called here, else what it is called there, else how far it is from UTC."""
        for name in (get_timezone_name(there, "short", locale=self._dates), there.tzname() or ""):
            if name.isalpha():
                return name
        sign, offset = there.strftime("%z")[0], there.strftime("%z")[1:]
        minutes = f":{offset[2:4]}" if offset[2:4] != "00" else ""
        return f"UTC{sign}{int(offset[:2])}{minutes}"

    def _clock(self, width: str, there: datetime) -> str:
        return str(self._dates.time_formats[width].apply(there, self._dates))

    def _day(self, there: datetime) -> str:
        return str(self._dates.date_formats["medium"].apply(there, self._dates))

    def _time(self, kind: str, moment: datetime, text: Callable[[datetime], str]) -> Markup:
        there = moment.astimezone(self.zone)
        return Markup(_TIME.format(rfc3339(moment), kind, escape(text(there))))  # noqa: S704 (escaped)


def _around(prefix: str, suffix: str, symbol: str) -> tuple[str, str]:
    """What stands before and after an amount. CLDR keeps a symbol that ends in a letter away from the digits."""
    gap = "\N{NO-BREAK SPACE}"
    before = prefix.replace("¤", symbol + gap if prefix.endswith("¤") and symbol[-1].isalpha() else symbol)
    after = suffix.replace("¤", gap + symbol if suffix.startswith("¤") and symbol[0].isalpha() else symbol)
    return before, after
