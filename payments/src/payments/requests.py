"""Requests that carried an `Idempotency-Key`, remembered with the payment: per user, for 24 hours."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Request:
    """Digests of its key and of what it asked for; `number`: which of the payment's tries it was, 0 for none.

    `decline`: why its card was declined, once it was.
    """

    key: str
    body: str
    at: datetime
    number: int = 0
    decline: str | None = None


def digest(*texts: str) -> str:
    """A text that tells nothing of these and is theirs alone."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def recent(requests: Sequence[Request], moment: datetime) -> tuple[Request, ...]:
    """Those that still count."""
    return tuple(one for one in requests if moment - one.at < REMEMBERED)


def declined(requests: Sequence[Request], number: int, code: str) -> tuple[Request, ...]:
    """With the decline noted for that try, so that it can be replayed."""
    return tuple(replace(one, decline=code) if number and one.number == number else one for one in requests)
