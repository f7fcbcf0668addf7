"""Letters over SMTP (RFC 5321), each in a connection of its own."""

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from common.clock import Clock

from .errors import MailDeferred, MailRefused
from .sender import Letter

SEND_SECONDS = 25.0
"""For everything up to its yes."""
_QUIT_SECONDS = 2.0
_PERMANENT = 500
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where it is and how it is spoken to; without `username` nobody signs in. `tls` says whom to trust."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None


class SmtpSender:
    """See `sender.Sender`."""

    def __init__(self, server: MailServer, mail_from: str, clock: Clock, seconds: float = SEND_SECONDS) -> None:
        self._server = server
        self._clock = clock
        self._from: Address = SMTP.header_factory("From", mail_from).addresses[0]
        self._seconds = seconds

    async def send(self, letter: Letter) -> None:
        """See `sender.Sender`."""
        content = self.message(letter).as_bytes()
        client = self._client()
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                await client.sendmail(self._from.addr_spec, letter.to, content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _answered(error.recipients[0]) from error
        except aiosmtplib.SMTPDataError as error:
            raise _answered(error) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            # Also where it refuses our signing in or our sender: that is for the operator, and not this mail's fault.
            raise MailDeferred(_masked(f"{type(error).__name__}: {error}")) from error
        else:
            await _part(client)
        finally:
            client.close()

    def message(self, letter: Letter) -> EmailMessage:
        """The letter as it travels, text beside HTML; `MailRefused` where the address is none."""
        message = EmailMessage(SMTP)
        message["From"] = self._from
        try:
            letter.to.encode("ascii")
            message["To"] = Address(addr_spec=letter.to)
        except (MessageError, ValueError, IndexError) as error:  # each raised by some text that is no address
            raise MailRefused("what should be an address is none") from error
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(self._clock())
        message["Message-ID"] = f"<{letter.id}@{self._from.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte="quoted-printable")
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        return message

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            username=self._server.username or None,
            password=self._server.password or None,
            local_hostname=self._from.domain,
            use_tls=self._server.security == "tls",
            start_tls=self._server.security == "starttls",
            tls_context=self._server.tls,
            timeout=self._seconds,
        )


async def _part(client: aiosmtplib.SMTP) -> None:
    """Takes leave; whatever comes of it, the mail has been taken."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await client.quit(timeout=_QUIT_SECONDS)


def _answered(error: aiosmtplib.SMTPResponseException) -> MailRefused | MailDeferred:
    said = _masked(f"{error.code} {error.message}")
    return MailRefused(said) if error.code >= _PERMANENT else MailDeferred(said)


def _masked(text: str) -> str:
    """Without addresses, so that it may be logged."""
    return _ADDRESS.sub("***", text)[:300]
