"""Letters over SMTP, to a real server on this machine."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from common.clock import now
from common.testing import FakeClock
from emails.errors import MailDeferred, MailRefused
from emails.smtp_sender import MailServer, SmtpSender

from .factories import EMAIL, make_letter

HOST, FROM = "127.0.0.1", "Ticketing <tickets@ticketing.test>"


class Sink:
    """Keeps what it is sent, and answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.logins: list[Any] = []

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer == "never":
            await asyncio.sleep(60)
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer

    async def handle_QUIT(self, server: SMTP, _: Session, __: Envelope) -> str:  # noqa: N802
        if self.answers.get("QUIT") == "hangs up":
            assert server.transport is not None
            server.transport.abort()
        return self.answers.get("QUIT", "221 Bye")

    def login(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
        self.logins.append(data)
        ok = isinstance(data, LoginPassword) and (data.login, data.password) == (b"apikey", b"a secret")
        return AuthResult(success=ok, handled=ok)

    def message(self) -> EmailMessage:
        content = self.taken[-1].content
        assert isinstance(content, bytes)
        return message_from_bytes(content, policy=policy.default)


def serving(sink: Sink, **options: Any) -> SMTP:
    return SMTP(sink, hostname="sink", **options)


class Silent(asyncio.Protocol):
    """Says nothing, not even hello."""

    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport


@asynccontextmanager
async def listening(make: Callable[[], SMTP | Silent], tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    made: list[SMTP | Silent] = []

    def kept() -> SMTP | Silent:
        made.append(make())
        return made[-1]

    server = await asyncio.get_running_loop().create_server(kept, HOST, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in made:
            if one.transport is not None:
                one.transport.abort()
        await asyncio.sleep(0.01)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
async def port(sink: Sink) -> AsyncIterator[int]:
    async with listening(lambda: serving(sink)) as found:
        yield found


def speaking(port: int, clock: FakeClock | None = None, seconds: float = 5, **server: Any) -> SmtpSender:
    return SmtpSender(MailServer(HOST, port, **server), FROM, clock or FakeClock(), seconds)


async def test_a_letter_arrives_whole(sink: Sink, port: int, clock: FakeClock) -> None:
    letter = make_letter(subject="It is yours: Cécile, “Vanguard”", text=".\nA dot, é\n" + "x" * 2000 + "\n")
    await speaking(port, clock).send(letter)
    (envelope,) = sink.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("tickets@ticketing.test", [EMAIL])
    message = sink.message()
    assert (message["From"], message["To"], message["Subject"]) == (FROM, EMAIL, letter.subject)
    assert message["Date"].datetime == clock().replace(microsecond=0)
    assert message["Message-ID"] == f"<{letter.id}@ticketing.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    for kind, content in (("plain", letter.text), ("html", letter.html)):
        body = message.get_body((kind,))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == content
    raw = envelope.content
    assert isinstance(raw, bytes)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) < 998


async def test_every_try_has_the_same_message_id(sink: Sink, port: int) -> None:
    letter = make_letter()
    for _ in range(2):
        await speaking(port).send(letter)
    assert len({message_from_bytes(one.content)["Message-ID"] for one in sink.taken}) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "subject", ["A\r\nBcc: all@example.com", "A\nBcc: all@example.com", "A\u2028\u0085\x0b\x0cBcc: all@example.com"]
)
async def test_no_header_can_be_slipped_in(sink: Sink, port: int, subject: str) -> None:
    await speaking(port).send(make_letter(subject=subject, text="Hi\r\n.\r\nMAIL FROM:<x@example.com>\r\n"))
    assert sink.message()["Bcc"] is None
    assert sink.message()["Subject"] == "A Bcc: all@example.com"
    assert [one.rcpt_tos for one in sink.taken] == [[EMAIL]]


@pytest.mark.parametrize(
    "address",
    ["", "dana", "dana@", "@example.com", "dana@example.com\r\nRCPT TO:<all@example.com>", "a@b.example, c@d.example",
     "Dana <dana@example.com>", "dana@bücher.example", "dána@example.com", "da na@example.com", "\ud800@example.com"],
)  # fmt: skip
async def test_what_is_no_address_is_refused_before_anybody_is_called(sink: Sink, port: int, address: str) -> None:
    with pytest.raises(MailRefused):
        await speaking(port).send(make_letter(to=address))
    assert sink.taken == []


@pytest.mark.parametrize(
    ("command", "answer", "error"),
    [
        ("RCPT", "550 5.1.1 <dana@example.com> is unknown", MailRefused),
        ("RCPT", "450 4.2.2 mailbox full", MailDeferred),
        ("DATA", "554 5.6.0 not like this", MailRefused),
        ("DATA", "451 4.3.0 later", MailDeferred),
        ("MAIL", "550 5.7.1 not from you", MailDeferred),
        ("MAIL", "421 4.3.2 closing", MailDeferred),
    ],
)
async def test_what_the_server_says_decides(sink: Sink, port: int, command: str, answer: str, error: Any) -> None:
    sink.answers[command] = answer
    with pytest.raises(error, match=answer[:3]) as caught:
        await speaking(port).send(make_letter())
    assert EMAIL not in str(caught.value)
    assert sink.taken == []


@pytest.mark.parametrize("answer", ["hangs up", "500 what"])
async def test_after_the_yes_nothing_can_go_wrong(sink: Sink, port: int, answer: str) -> None:
    sink.answers["QUIT"] = answer
    await speaking(port).send(make_letter())
    assert len(sink.taken) == 1


async def test_a_server_that_is_not_there_is_for_now() -> None:
    async with listening(lambda: serving(Sink())) as port:
        pass
    with pytest.raises(MailDeferred):
        await speaking(port).send(make_letter())


async def test_a_server_that_falls_silent_is_for_now(sink: Sink, port: int) -> None:
    sink.answers["DATA"] = "never"
    with pytest.raises(MailDeferred):
        await speaking(port, seconds=0.1).send(make_letter())


async def test_a_server_that_only_listens_is_for_now() -> None:
    async with listening(Silent) as port:
        with pytest.raises(MailDeferred):
            await speaking(port, seconds=0.1).send(make_letter())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For localhost; its key lies in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(minutes=5))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is TLS from the start


@asynccontextmanager
async def encrypted(sink: Sink, certificate: Path, security: str) -> AsyncIterator[int]:
    """A server that lets in nobody without a password, and takes none in clear."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    starttls = context if security == "starttls" else None

    def make() -> SMTP:
        return serving(
            sink,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=sink.login,
            auth_required=True,
            auth_require_tls=starttls is not None,
        )

    async with listening(make, context if security == "tls" else None) as port:
        yield port


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_signing_in_over_tls(sink: Sink, certificate: Path, security: Any) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    login = {"username": "apikey", "password": "a secret", "security": security}
    async with encrypted(sink, certificate, security) as port:
        server = MailServer("localhost", port, tls=trusted, **login)
        await SmtpSender(server, FROM, FakeClock()).send(make_letter())
    assert len(sink.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_wrong_password_is_no_mails_fault(sink: Sink, certificate: Path, security: Any) -> None:
    trusted = ssl.create_default_context(cafile=certificate)
    login = {"username": "apikey", "password": "wrong secret", "security": security}
    async with encrypted(sink, certificate, security) as port:
        server = MailServer("localhost", port, tls=trusted, **login)
        with pytest.raises(MailDeferred) as caught:
            await SmtpSender(server, FROM, FakeClock()).send(make_letter())
    assert "wrong secret" not in str(caught.value)
    assert (sink.taken, bool(sink.logins)) == ([], True)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_stranger_gets_neither_mail_nor_password(sink: Sink, certificate: Path, security: Any) -> None:
    login = {"username": "apikey", "password": "a secret", "security": security}
    async with encrypted(sink, certificate, security) as port:
        server = MailServer("localhost", port, tls=ssl.create_default_context(), **login)
        with pytest.raises(MailDeferred):
            await SmtpSender(server, FROM, FakeClock()).send(make_letter())
    assert (sink.taken, sink.logins) == ([], [])


async def test_without_starttls_nothing_is_sent_where_it_was_asked_for(sink: Sink, port: int) -> None:
    with pytest.raises(MailDeferred):
        await speaking(port, security="starttls").send(make_letter())
    assert sink.taken == []
