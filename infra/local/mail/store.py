"""The mails taken: in memory for reading, one file each for the next start; only so many are kept."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from bson import ObjectId

from common.clock import now, rfc3339

KEPT = 500


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: who sent it to whom as the SMTP envelope says, and what is in it."""

    id: str
    received: str
    envelope_from: str
    envelope_to: list[str]
    subject: str
    sender: str
    recipients: list[str]
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)

    def public(self) -> dict[str, object]:
        """As `GET /messages` shows it."""
        return {
            "id": self.id,
            "received": self.received,
            "from": self.sender,
            "to": self.recipients,
            "envelope": {"from": self.envelope_from, "to": self.envelope_to},
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
        }


def parse(content: bytes, sender: str, recipients: Sequence[str]) -> Mail:
    """What a client handed over after DATA."""
    message = message_from_bytes(content, policy=policy.default)
    return Mail(
        id=str(ObjectId()),
        received=rfc3339(now()),
        envelope_from=sender,
        envelope_to=list(recipients),
        subject=str(message.get("Subject", "")),
        sender=str(message.get("From", sender)),
        recipients=_addresses(message) or list(recipients),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        headers={name: str(value) for name, value in message.items()},
    )


class MailStore:
    """Newest first; the oldest make room."""

    def __init__(self, folder: Path, kept: int = KEPT) -> None:
        self._folder = folder
        self._kept = kept
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mails = sorted((_read(path) for path in folder.glob("*.json")), key=lambda mail: (mail.received, mail.id))

    def add(self, mail: Mail) -> None:
        """Keeps it, on disk first."""
        draft = self._folder / f".{mail.id}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(mail)))
        draft.replace(self._path(mail))
        self._mails.append(mail)
        while len(self._mails) > self._kept:
            self._path(self._mails.pop(0)).unlink(missing_ok=True)

    def newest_first(self) -> list[Mail]:
        """All of them."""
        return self._mails[::-1]

    def get(self, identity: str) -> Mail | None:
        """The one with this id."""
        return next((mail for mail in self._mails if mail.id == identity), None)

    def clear(self) -> None:
        """Forgets everything."""
        for mail in self._mails:
            self._path(mail).unlink(missing_ok=True)
        self._mails.clear()

    def _path(self, mail: Mail) -> Path:
        return self._folder / f"{mail.id}.json"


def _read(path: Path) -> Mail:
    return Mail(**json.loads(path.read_text()))


def _addresses(message: EmailMessage) -> list[str]:
    found = []
    for header in message.get_all("To", []):
        with contextlib.suppress(AttributeError):  # a header that could not be parsed has no addresses
            found += [address.addr_spec for address in header.addresses]
    return found


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):  # an encoding that nobody knows: show what can be shown
        payload = part.get_payload(decode=True)
        return payload.decode(errors="replace") if isinstance(payload, bytes) else str(payload)
