"""What a visitor looks for, read from the address of the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from markupsafe import Markup

from client.catalogue import CHEAPEST, DEAREST, NEWEST
from client.domain import QUERY_LENGTH, Search, typed_cents
from client.words import Words

from .front import CurrentPage

_LONGEST = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """The search, and the prices as they were typed, with what is wrong with them."""

    search: Search
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)

    def error(self, name: str) -> str:
        """What is wrong with this price, if anything."""
        return self.errors.get(name, "")

    @property
    def address(self) -> str:
        """The first page of it."""
        return self.address_after("")

    def address_after(self, cursor: str) -> str:
        """The page after `cursor`."""
        known = {"q": self.search.q, "from": self.typed["from"], "to": self.typed["to"], "sort": self.search.sort}
        kept = {name: value for name, value in known.items() if value and (name, value) != ("sort", NEWEST)}
        kept |= {"after": cursor} if cursor else {}
        return "/?" + urlencode(kept) if kept else "/"

    def prices(self, money: Callable[[int], str], words: Words) -> Markup | None:
        """The prices in words; None where any will do."""
        low, high = self.search.low, self.search.high
        if low is not None and high is not None:
            return words("price.between", low=money(low), high=money(high))
        if low is not None:
            return words("price.from", low=money(low))
        return None if high is None else words("price.to", high=money(high))


async def _filter(
    page: CurrentPage,
    q: str = "",
    sort: str = NEWEST,
    low: Annotated[str, Query(alias="from")] = "",
    high: Annotated[str, Query(alias="to")] = "",
) -> Filter:
    typed = {"from": low.strip()[:_LONGEST], "to": high.strip()[:_LONGEST]}
    cents = {name: _cents(page, text) for name, text in typed.items()}
    wrong = page.words("listing.bad_price", example=page.formats.typed(8400))
    errors = {name: wrong for name, text in typed.items() if text and cents[name] is None}
    least, most = cents["from"], cents["to"]
    if least is not None and most is not None and least > most:  # meant all the same
        least, most, typed = most, least, {"from": typed["to"], "to": typed["from"]}
    search = Search(
        q=" ".join(q[:QUERY_LENGTH].split()),
        sort=sort if sort in {NEWEST, CHEAPEST, DEAREST} else NEWEST,
        low=least,
        high=most,
    )
    return Filter(search, typed, errors)


def _cents(page: CurrentPage, text: str) -> int | None:
    """Nothing is a price here too: from 0 on."""
    return 0 if text.strip("0.,") == "" and text else typed_cents(text, page.formats.style)


CurrentFilter = Annotated[Filter, Depends(_filter)]
