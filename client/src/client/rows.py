"""Tickets in lists, as HTML: most of a listing is the same for most who look at it, so it is kept."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from .service import Row

_KEPT = 2000
"""Rows kept for each kind of reader; a row takes about half a kilobyte."""


class RowPrinter:
    """For one kind of reader: `names` is what templates call their words, money and times."""

    def __init__(self, environment: Environment, names: dict[str, Any]) -> None:
        self._macro = environment.get_template("_parts.html").make_module(names).row  # type: ignore[attr-defined]
        self._kept: OrderedDict[tuple[object, ...], Markup] = OrderedDict()

    def __call__(self, row: Row, level: int = 3, *, just: bool = False) -> Markup:
        """The row, its title a heading of this level; `just`: it became what it is before the reader's eyes."""
        ticket, hold = row.ticket, row.ticket.hold
        told = (ticket.id, ticket.version, hold and (hold.number, hold.version))
        key = (*told, row.standing.look, row.standing.until, level, just)
        printed = self._kept.get(key)
        if printed is None:
            printed = self._kept[key] = self._macro(row, level, just)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return printed

    def all(self, rows: Iterable[Row]) -> Markup:
        """Each of them, one after another."""
        return Markup("\n").join([self(row) for row in rows])
