"""What mails say."""

import re
from datetime import timedelta, timezone
from html import unescape

import pytest

from emails.domain import KINDS
from emails.letters import Letters, minute, money
from emails.sender import Letter

from .factories import EMAIL, PAID_AT, make_mail

EVERY_KIND = [kind.name for kind in KINDS]


def written(kind: str, **facts: object) -> Letter:
    return Letters("https://ticketing.test/").write(make_mail(kind, **facts), EMAIL)


def words(html: str) -> list[str]:
    body = html.split("<body", maxsplit=1)[1].split(">", maxsplit=1)[1]
    return [" ".join(line.split()) for line in unescape(re.sub(r"<[^>]+>", "\n", body)).splitlines() if line.strip()]


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_text_and_html_say_the_same(kind: str) -> None:
    letter = written(kind, title="Cécile & friends")
    text = " ".join(letter.text.split())
    said = [
        line
        for line in words(letter.html)
        if line not in {"Ticketing", "Paid", "Expired", "Refunded", "Cancelled", "$0.00", "taken"}
    ]
    assert len(said) >= 5
    for line in said:
        assert line in text
    links = set(re.findall(r"https?://[^\s\"]+", letter.html))
    assert links == set(re.findall(r"https?://\S+", letter.text)) == {order_url(letter), "https://ticketing.test/"}


def order_url(letter: Letter) -> str:
    found = re.search(r"https://ticketing\.test/orders/[0-9a-f]{24}", letter.text)
    assert found
    return found[0]


def test_the_confirmation() -> None:
    letter = written("order_completed")
    assert letter.subject.strip() == "It is yours: Hozier"
    sentence = "You paid $84.00 on 20 November 2026 at 18:31 UTC. It cannot be sold to anybody else."
    assert sentence in letter.text
    assert sentence in letter.html


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_a_title_is_text_and_never_markup(kind: str) -> None:
    title = "<script>alert('x')</script> & {{ amount }} {% raw %}"
    letter = written(kind, title=title)
    assert title in letter.text
    assert "<script" not in letter.html
    assert title in unescape(letter.html)


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_the_html_stands_alone(kind: str) -> None:
    html = written(kind).html
    assert not re.search(r"<(img|script|link|style|iframe|form)|url\(|@import|src=", html)
    assert '<html lang="en">' in html


@pytest.mark.parametrize(
    ("cents", "currency", "said"),
    [
        (8400, "usd", "$84.00"),
        (5, "eur", "€0.05"),
        (99_999_999, "gbp", "£999,999.99"),
        (1999, "chf", "CHF\N{NO-BREAK SPACE}19.99"),
    ],
)
def test_money(cents: int, currency: str, said: str) -> None:
    assert money(cents, currency) == said


def test_times_are_utc() -> None:
    new_york = timezone(timedelta(hours=-5))
    assert minute(PAID_AT.astimezone(new_york)) == "20 November 2026 at 18:31 UTC"
    assert minute(PAID_AT - timedelta(days=15, hours=18)) == "5 November 2026 at 00:31 UTC"
