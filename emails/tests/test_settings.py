"""Settings that would send nothing, or a password to everybody, are refused with a sentence."""

import pytest
from pydantic import ValidationError

from emails.settings import Settings

PRODUCTION = {"environment": "production", "mongo_url": "mongodb://db/emails", "nats_password": "a password"}


@pytest.mark.parametrize("sender", ["shop@example.com", "Ticketing <shop@example.com>", '"Shop, Inc." <a@b.example>'])
def test_senders_that_are_taken(sender: str) -> None:
    assert Settings(environment="local", mail_from=sender).mail_from == sender


@pytest.mark.parametrize(
    "sender",
    ["shop", "Shop <>", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "é@b.example", "a@bü.de"],
)
def test_senders_that_are_none(sender: str) -> None:
    with pytest.raises(ValidationError, match="mail_from"):
        Settings(environment="local", mail_from=sender)


@pytest.mark.parametrize("url", ["ticketing.dev", "ftp://ticketing.dev", "https://", "https://a b"])
def test_links_have_to_lead_somewhere(url: str) -> None:
    with pytest.raises(ValidationError, match="public_url"):
        Settings(environment="local", public_url=url)


def test_a_password_never_travels_in_clear() -> None:
    login = {"smtp_username": "apikey", "smtp_password": "a secret"}
    with pytest.raises(ValidationError, match="SMTP_SECURITY=none") as caught:
        Settings(**PRODUCTION, **login, smtp_security="none")  # type: ignore[arg-type]
    assert "a secret" not in str(caught.value)
    assert Settings(**PRODUCTION, **login)  # type: ignore[arg-type]
    assert Settings(**PRODUCTION, smtp_security="none")  # type: ignore[arg-type]
