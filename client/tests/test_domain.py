"""What the shop decides by itself."""

import pytest

from client.assets import Assets
from client.domain import decimal_text, printed_number, read_cursor, safe_next, typed_cents
from client.render import Renderer, amount, countdown
from client.words import ENGLISH, Words
from common.testing import FakeClock


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("84", 8400),
        ("84.00", 8400),
        ("84,00", 8400),
        ("84.5", 8450),
        (" $84.05 ", 8405),
        ("$ 84", 8400),
        ("0.01", 1),
        ("1,234.50", 123450),
        ("1,234", 123400),
        ("1234567", 123456700),
        ("0", None),
        ("0.00", None),
        ("", None),
        ("-84", None),
        ("84.005", None),
        ("1.234,50", None),
        ("12,34.50", None),
        ("1e3", None),
        ("NaN", None),
        ("84 00", None),
        ("٨٤", None),
        ("$$84", None),
        ("84\x00", None),
        ("9" * 400, None),
    ],
)
def test_prices_as_people_type_them(typed: str, cents: int | None) -> None:
    assert typed_cents(typed) == cents


@pytest.mark.parametrize("cents", [1, 10, 99, 100, 8400, 123456789])
def test_a_price_goes_out_and_comes_back(cents: int) -> None:
    assert typed_cents(decimal_text(cents)) == cents
    assert typed_cents(amount(cents)) == cents


@pytest.mark.parametrize("path", ["/", "/sell", "/?q=a&sort=price", f"/tickets/{'5f' * 12}/reserve", "/orders?after=1"])
def test_our_own_pages_are_a_way_back(path: str) -> None:
    assert safe_next(path) == path


def test_none_is_the_front_page() -> None:
    assert safe_next(None) == "/"


def test_cursors() -> None:
    assert read_cursor("8400-" + "5f" * 12) == (8400, "5f" * 12)
    assert read_cursor("8400-" + "5F" * 12) is None
    assert read_cursor("٨-" + "5f" * 12) is None


def test_numbers_are_the_end_of_an_id() -> None:
    assert printed_number("0123456789abcdef01237c31") == "237C-31"


def test_clocks_and_money() -> None:
    assert [countdown(seconds) for seconds in (0, 9, 61, 708, 1200)] == ["0:00", "0:09", "1:01", "11:48", "20:00"]
    words, moment = Words(ENGLISH), FakeClock()().replace(year=2026, month=11, day=20, hour=18, minute=4, second=9)
    dollars = Renderer(words, Assets(), "usd")
    assert dollars.money(123456) == "$1,234.56"
    assert Renderer(words, Assets(), "chf").money(8400) == "CHF 84.00"
    assert ">18:04 UTC</time>" in dollars.minute(moment)
    assert ">18:04:09 UTC</time>" in dollars.second(moment)
    assert ">20 Nov 2026</time>" in dollars.day(moment)
    assert 'datetime="2026-11-20T18:04:09' in dollars.second(moment)
