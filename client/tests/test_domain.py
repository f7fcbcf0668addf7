"""What the shop decides by itself."""

import pytest

from client.domain import PriceStyle, decimal_text, printed_number, read_cursor, safe_next, typed_cents
from client.render import countdown


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
        ("1" + ",234" * 2000, None),
    ],
)
def test_prices_as_people_type_them(typed: str, cents: int | None) -> None:
    assert typed_cents(typed, PriceStyle()) == cents


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1.234,50", 123450),
        ("1.234", 123400),
        ("84,5", 8450),
        ("84.50", 8450),
        ("84,00 €", 8400),
        ("€ 84", 8400),
        ("1,234.50", None),
        ("1,234", None),
        ("€84€", None),
        ("€", None),
    ],
)
def test_prices_as_germans_type_them(typed: str, cents: int | None) -> None:
    assert typed_cents(typed, PriceStyle(".", ",", "€")) == cents


@pytest.mark.parametrize("cents", [1, 10, 99, 100, 8400, 123456789])
def test_a_price_goes_out_and_comes_back(cents: int) -> None:
    assert typed_cents(decimal_text(cents), PriceStyle()) == cents


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


def test_clocks() -> None:
    assert [countdown(seconds) for seconds in (0, 9, 61, 708, 1200)] == ["0:00", "0:09", "1:01", "11:48", "20:00"]
