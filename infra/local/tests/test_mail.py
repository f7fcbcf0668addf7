import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from infra.local.mail import smtp
from infra.local.mail.app import create_app
from infra.local.mail.certificate import context
from infra.local.mail.smtp import LARGEST, Login
from infra.local.mail.store import MailStore

APIKEY = Login("apikey", "SG.secret")


def make_mail(subject: str = "The ticket is yours", to: str = "dana@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ticketing <tickets@ticketing.dev>", f"Dana <{to}>", subject
    message.set_content("You paid $68.00. Grüße.")
    message.add_alternative("<p>You paid <b>$68.00</b>.</p><script>alert(1)</script>", subtype="html")
    return message


@contextlib.asynccontextmanager
async def sink(store: MailStore, login: Login | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await smtp.listen(store, "127.0.0.1", 0, login, tls)
    async with server:
        yield server.sockets[0].getsockname()[1]


def browser(store: MailStore) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(store)), base_url="http://mail")


async def send(message: EmailMessage, port: int, **options: object) -> None:
    await aiosmtplib.send(message, hostname="127.0.0.1", port=port, timeout=5, **options)  # type: ignore[call-overload]


@pytest.fixture
def store(tmp_path: Path) -> MailStore:
    return MailStore(tmp_path / "messages")


async def test_what_was_sent_can_be_read(store: MailStore) -> None:
    async with sink(store) as port, browser(store) as client:
        await send(make_mail("First"), port)
        await send(make_mail("Second", to="eli@example.com"), port)
        newest, oldest = (await client.get("/messages")).json()
        assert (newest["subject"], oldest["subject"]) == ("Second", "First")
        assert newest["from"] == "Ticketing <tickets@ticketing.dev>"
        assert newest["to"] == ["eli@example.com"]
        assert newest["text"] == "You paid $68.00. Grüße.\n"
        assert newest["html"].startswith("<p>You paid <b>$68.00</b>.</p>")
        assert newest["headers"]["Subject"] == "Second"
        assert newest["envelope"] == {"from": "tickets@ticketing.dev", "to": ["eli@example.com"]}
        assert newest["received"] >= oldest["received"]
        only = (await client.get("/messages", params={"to": "dana@example.com"})).json()
        assert [mail["id"] for mail in only] == [oldest["id"]]


async def test_mails_survive_a_restart_and_can_be_forgotten(store: MailStore, tmp_path: Path) -> None:
    async with sink(store) as port:
        await send(make_mail(), port)
    again = MailStore(tmp_path / "messages")
    assert again.newest_first() == store.newest_first() != []
    async with browser(again) as client:
        assert (await client.delete("/messages")).status_code == 204
        assert (await client.get("/messages")).json() == []
    assert MailStore(tmp_path / "messages").newest_first() == []


async def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    store = MailStore(tmp_path / "messages", kept=2)
    async with sink(store) as port:
        for number in range(4):
            await send(make_mail(str(number)), port)
    assert [mail.subject for mail in store.newest_first()] == ["3", "2"]
    assert len(list((tmp_path / "messages").iterdir())) == 2


async def test_a_mail_too_large_is_refused(store: MailStore) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    message.set_content("many words\n" * (LARGEST // 10))
    async with sink(store) as port:
        with pytest.raises(aiosmtplib.SMTPResponseException, match="552"):
            await send(message, port)
    assert store.newest_first() == []


async def test_a_user_and_password_may_be_asked_for(store: MailStore) -> None:
    async with sink(store, APIKEY) as port:
        await send(make_mail(), port, username=APIKEY.user, password=APIKEY.password)
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await send(make_mail(), port, username=APIKEY.user, password="wrong")
        with pytest.raises(aiosmtplib.SMTPException, match=r"(?i)auth"):
            await send(make_mail(), port)
    assert len(store.newest_first()) == 1


async def test_starttls_comes_before_the_password(store: MailStore, tmp_path: Path) -> None:
    tls = await asyncio.to_thread(context, tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    login = {"username": APIKEY.user, "password": APIKEY.password}
    async with sink(store, APIKEY, tls) as port:
        with pytest.raises(aiosmtplib.SMTPException):
            await send(make_mail(), port, start_tls=False, **login)
        await send(make_mail(), port, start_tls=True, tls_context=trust, **login)
    assert len(store.newest_first()) == 1


async def test_the_page_lists_and_shows(store: MailStore) -> None:
    async with sink(store) as port, browser(store) as client:
        empty = (await client.get("/stand-in/mail/")).text
        assert "No mail yet" in empty
        await send(make_mail("Yours & <only> yours"), port)
        page = await client.get("/stand-in/mail/")
        assert "Yours &amp; &lt;only&gt; yours" in page.text
        identity = store.newest_first()[0].id
        assert f'href="/stand-in/mail/{identity}"' in page.text
        shown = (await client.get(f"/stand-in/mail/{identity}")).text
        assert "You paid $68.00. Grüße." in shown
        assert f'<iframe class="paper" sandbox src="/stand-in/mail/{identity}/html"' in shown
        assert "alert(1)" not in shown
        assert (await client.get("/stand-in/mail/static/mail.css")).status_code == 200


async def test_a_mails_html_runs_nothing_and_fetches_nothing(store: MailStore) -> None:
    async with sink(store) as port, browser(store) as client:
        await send(make_mail(), port)
        answer = await client.get(f"/stand-in/mail/{store.newest_first()[0].id}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script" not in policy
    assert "http" not in policy


async def test_a_mail_without_html_and_one_that_is_gone(store: MailStore) -> None:
    plain = EmailMessage()
    plain["Subject"] = "Plain"
    plain.set_content("Only words")
    async with sink(store) as port, browser(store) as client:
        await send(plain, port, sender="a@example.com", recipients=["b@example.com"])
        (mail,) = (await client.get("/messages")).json()
        assert (mail["html"], mail["from"], mail["to"]) == ("", "a@example.com", ["b@example.com"])
        assert "iframe" not in (await client.get(f"/stand-in/mail/{mail['id']}")).text
        assert (await client.get(f"/stand-in/mail/{mail['id']}/html")).status_code == 404
        gone = await client.get("/stand-in/mail/000000000000000000000000")
        assert gone.status_code == 404
        assert "This mail is not here" in gone.text


async def test_a_mail_that_nobody_can_decode_is_still_shown(store: MailStore) -> None:
    raw = b"Subject: odd\r\nTo: <<>>\r\nContent-Type: text/plain; charset=klingon\r\n\r\nqapla\xff\r\n"
    async with sink(store) as port, aiosmtplib.SMTP(hostname="127.0.0.1", port=port, timeout=5) as client:
        await client.sendmail("a@example.com", ["b@example.com"], raw)
    (mail,) = store.newest_first()
    assert mail.subject == "odd"
    assert "qapla" in mail.text
