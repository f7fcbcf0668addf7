"""From what the shop knows to HTML: the templates, and how money, times and numbers are written."""

from datetime import UTC, datetime
from pathlib import Path

from bson import ObjectId
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from common.clock import rfc3339

from .assets import Assets
from .domain import decimal_text, printed_number
from .words import Words

_ROOM = Path(__file__).parent / "templates"
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£"}
_TIME = Markup('<time datetime="{}" class="nowrap">{}</time>')


class Renderer:
    """The templates in one language and one currency."""

    def __init__(self, words: Words, assets: Assets, currency: str) -> None:
        self.words = words
        self.assets = assets
        self._symbol = _SYMBOLS.get(currency, f"{currency.upper()} ")
        self._months = words("months").split(" ")
        self._environment = Environment(
            loader=FileSystemLoader(_ROOM),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(
            t=words,
            asset=assets.path,
            symbol=self._symbol,
            currency=words(currency) if currency in words else currency.upper(),
            amount=amount,
            money=self.money,
            typed=decimal_text,
            minute=self.minute,
            second=self.second,
            day=self.day,
            born=born,
            number=printed_number,
            countdown=countdown,
        )

        for template in self._environment.list_templates():
            self._environment.get_template(template)  # compiled now rather than while somebody waits

    def html(self, template: str, **context: object) -> str:
        """The page."""
        return self._environment.get_template(template).render(context)

    def money(self, cents: int) -> str:
        """`$84.00`."""
        return f"{self._symbol}{amount(cents)}"

    def minute(self, moment: datetime) -> Markup:
        """`18:42 UTC`."""
        return _time(moment, self.words("time.minute", time=f"{moment.astimezone(UTC):%H:%M}"))

    def second(self, moment: datetime) -> Markup:
        """`18:42:10 UTC`."""
        return _time(moment, self.words("time.minute", time=f"{moment.astimezone(UTC):%H:%M:%S}"))

    def day(self, moment: datetime) -> Markup:
        """`20 Nov 2026`."""
        there = moment.astimezone(UTC)
        month = self._months[there.month - 1][:3]
        return _time(moment, self.words("time.day", day=there.day, month=month, year=there.year))


def amount(cents: int) -> str:
    """`1,234.50`."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def born(identity: str) -> datetime:
    """When the thing with this id was made."""
    return ObjectId(identity).generation_time


def countdown(seconds: int) -> str:
    """`11:48`."""
    return f"{seconds // 60}:{seconds % 60:02d}"


def _time(moment: datetime, text: Markup) -> Markup:
    return _TIME.format(rfc3339(moment), text)
