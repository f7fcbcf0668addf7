"""From facts to words: one folder of templates for each kind of mail."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from babel.numbers import format_currency
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from .domain import Mail
from .sender import Letter

_LOCALE = "en_US"
"""Mails are in English, whatever their reader's language: nobody has told it."""


class Letters:
    """Writes them; `public_url` is where links lead."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url.rstrip("/")
        self._templates = Environment(
            loader=PackageLoader("emails"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def write(self, mail: Mail, address: str) -> Letter:
        """The mail, ready to be handed over."""
        facts = mail.facts
        told = {
            "title": facts.title,
            "amount": money(facts.amount_cents, facts.currency),
            "zero": money(0, facts.currency),
            "at": minute(facts.at),
            "order_url": f"{self._public_url}/orders/{facts.order_id}",
            "shop_url": f"{self._public_url}/",
        }

        def words(name: str) -> str:
            return self._templates.get_template(f"{mail.kind}/{name}").render(told)

        return Letter(mail.id, address, words("subject.txt"), words("body.txt"), words("body.html"))


def money(cents: int, currency: str) -> str:
    """`$1,084.00`."""
    # Prices have two decimals in every currency, so the currency's own number of them is not asked for.
    written = format_currency(Decimal(cents).scaleb(-2), currency.upper(), locale=_LOCALE, currency_digits=False)
    # Babel leaves out the space that CLDR puts after a symbol of letters.
    return re.sub(r"(?<=[A-Za-z])(?=\d)", "\N{NO-BREAK SPACE}", written)


def minute(moment: datetime) -> str:
    """`20 November 2026 at 18:31 UTC`."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%B %Y} at {moment:%H:%M} UTC"
