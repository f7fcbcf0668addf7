"""A message that was given up: what DEADLETTERS keeps of it, whichever bus carries it."""

from dataclasses import dataclass
from datetime import datetime

from common.clock import rfc3339

_REASON_BYTES = 1000


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
        }
