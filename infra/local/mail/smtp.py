"""The SMTP side: takes mail, with a user and password and with STARTTLS where that is asked for."""

import asyncio
import hmac
import ssl
import warnings
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .store import MailStore, parse

LARGEST = 2**20
"""Bytes of one mail."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whom the sink lets in."""

    user: str
    password: str


class Handler:
    """Keeps what is handed over."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        self._store.add(parse(raw, envelope.mail_from or "", envelope.rcpt_tos))
        return "250 kept, and shown on the mail page"


class Authenticator:
    """Compares user and password."""

    def __init__(self, login: Login) -> None:
        self._expected = f"{login.user}\0{login.password}".encode()

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:  # noqa: ARG002
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        ok = hmac.compare_digest(data.login + b"\0" + data.password, self._expected)
        # A refusal that counts as handled would leave the client without an answer.
        return AuthResult(success=ok, handled=ok)


async def listen(
    store: MailStore, host: str, port: int, login: Login | None = None, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """A listening SMTP server; the caller closes it."""

    def session() -> SMTP:
        with warnings.catch_warnings():
            # Asking for a password without TLS is frowned upon; here it never leaves the machine.
            warnings.simplefilter("ignore", UserWarning)
            return make()

    def make() -> SMTP:
        return SMTP(
            Handler(store),
            hostname="mail.localhost",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            timeout=60,
            tls_context=tls,
            authenticator=Authenticator(login) if login else None,
            auth_required=login is not None,
            auth_require_tls=tls is not None,
        )

    return await asyncio.get_running_loop().create_server(session, host, port)
