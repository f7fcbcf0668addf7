"""The mail server, as the use cases know it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in words. `id` is the mail's, the same for every try."""

    id: str
    to: str
    subject: str
    text: str
    html: str


class Sender(Protocol):
    """Hands letters over."""

    async def send(self, letter: Letter) -> None:
        """Returns when the server has taken it, after half a minute at most; `MailDeferred` or `MailRefused`."""
        ...
