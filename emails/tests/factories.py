"""Things that tests need, with what matters given."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from common.clock import now
from common.events import OrderState, ReservedTicket, UserState
from common.mongo import new_id
from emails.domain import Facts, Mail
from emails.sender import Letter

BUYER = new_id()
EMAIL = "dana@example.com"
PAID_AT = datetime(2026, 11, 20, 18, 31, 44, tzinfo=UTC)


def make_user(user_id: str = BUYER, **overrides: Any) -> UserState:
    """Somebody, as auth announces them."""
    return UserState(**({"id": user_id, "email": EMAIL, "version": 0} | overrides))


def make_order(title: str = "Hozier", **overrides: Any) -> OrderState:
    """A complete order of `BUYER`, as orders announces it."""
    ticket = ReservedTicket(id=new_id(), title=title, price_cents=8400, currency="usd")
    fields: dict[str, Any] = {
        "id": new_id(),
        "number": 1,
        "version": 3,
        "status": "complete",
        "user_id": BUYER,
        "expires_at": now() + timedelta(minutes=15),
        "ticket": ticket,
    }
    return OrderState(**(fields | overrides))


def make_mail(kind: str = "order_completed", tries: int = 0, **overrides: Any) -> Mail:
    """A mail to `BUYER`."""
    facts: dict[str, Any] = {
        "order_id": new_id(),
        "user_id": BUYER,
        "amount_cents": 8400,
        "currency": "usd",
        "at": PAID_AT,
        "title": "Hozier",
    }
    return Mail(new_id(), kind, Facts(**(facts | overrides)), tries)


def make_letter(**overrides: Any) -> Letter:
    """A letter to `EMAIL`."""
    fields = {"id": new_id(), "to": EMAIL, "subject": "It is yours", "text": "Yours, é\n", "html": "<p>Yours, é</p>\n"}
    return Letter(**(fields | overrides))


class FakeSender:
    """Takes every letter, but for the answers given; where a gate is shut, each waits there for its answer."""

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.tried: list[Letter] = []
        self.answers: deque[Exception | None] = deque()
        self.gate = asyncio.Event()
        self.gate.set()
        self.most = 0
        self._inside = 0

    async def send(self, letter: Letter) -> None:
        self.tried.append(letter)
        self._inside += 1
        self.most = max(self.most, self._inside)
        try:
            await self.gate.wait()
        finally:
            self._inside -= 1
        if self.answers and (answer := self.answers.popleft()) is not None:
            raise answer
        self.sent.append(letter)
