"""A message that was given up: what DEADLETTERS keeps of it, whichever bus carries it.

An operator redrives it: it goes out once more on its own subject, for the service alone that gave it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from common.clock import rfc3339

_REASON_BYTES = 1000
_REDRIVEN_FOR = "Redriven-For"
_REDRIVES = "Redrives"


def _one_line(text: str) -> str:
    """Fit for a header: printable, on one line, at most 1 kB."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable.encode()[:_REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The message as it came, where it lies in its stream, and why it was given up."""

    service: str
    stream: str
    sequence: int
    message_id: str
    subject: str
    payload: bytes
    reason: str
    attempts: int
    time: datetime
    redrives: int = 0
    """How often an operator had sent it again before."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", _one_line(self.reason))

    @property
    def id(self) -> str:
        """The copy's own message id: a crash between copying and terminating must not leave two."""
        return f"dead-{self.service}-{self.stream}-{self.sequence}"

    @property
    def address(self) -> str:
        """The subject on which the copy is published."""
        return f"deadletter.{self.service}.{self.subject}"

    def headers(self) -> dict[str, str]:
        """All but the payload, as the headers of the copy."""
        return {
            "Dead-Letter-Service": self.service,
            "Dead-Letter-Stream": self.stream,
            "Dead-Letter-Sequence": str(self.sequence),
            "Dead-Letter-Message-Id": self.message_id,
            "Dead-Letter-Subject": self.subject,
            "Dead-Letter-Reason": self.reason,
            "Dead-Letter-Attempts": str(self.attempts),
            "Dead-Letter-Time": rfc3339(self.time),
            "Dead-Letter-Redrives": str(self.redrives),
        }

    @classmethod
    def of(cls, headers: Mapping[str, str], payload: bytes) -> Self:
        """The letter that a copy holds; `KeyError` or `ValueError` where the copy is none."""
        told = {name.removeprefix("Dead-Letter-"): value for name, value in headers.items()}
        return cls(
            told["Service"],
            told["Stream"],
            int(told["Sequence"]),
            told["Message-Id"],
            told["Subject"],
            payload,
            told["Reason"],
            int(told["Attempts"]),
            datetime.fromisoformat(told["Time"]),
            int(told.get("Redrives", 0)),
        )

    @property
    def redrive_id(self) -> str:
        """The message id under which it is sent again: whoever sends it twice in a row sends it once."""
        return f"redrive-{self.service}-{self.stream}-{self.sequence}"

    def redrive_headers(self) -> dict[str, str]:
        """Says for whom it goes out again, and how often it has by then."""
        return {_REDRIVEN_FOR: self.service, _REDRIVES: str(self.redrives + 1)}


def redrives(headers: Mapping[str, str] | None) -> int:
    """How often a delivered message had been a dead letter that was sent again."""
    told = (headers or {}).get(_REDRIVES, "")
    return int(told) if told.isdecimal() else 0


def is_for_another(headers: Mapping[str, str] | None, service: str) -> bool:
    """Whether a delivered message was sent again for a service that is not this one."""
    return (headers or {}).get(_REDRIVEN_FOR, service) != service
