"""What the shop asks of the other services, whoever answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from client.domain import Order
from common.events import PaymentStatus


@dataclass(frozen=True, slots=True)
class Written:
    """What a write made: its id, and the version whose event the shop waits for."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Payment:
    """How a payment stands; `client_secret` is for the browser, while the buyer may act."""

    status: PaymentStatus
    client_secret: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in: the token, and the `Set-Cookie` header that auth answered."""

    token: str
    cookie: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some of a person's orders; `next` is the cursor of those after them, empty where there are none."""

    orders: Sequence[Order]
    next: str = ""


class Backend(Protocol):
    """An asynchronous context manager. `token` is the session of the person who asks.

    Each call raises `Refused` with what the API answered, or `Silent` where it does not answer.
    """

    async def sign_up(self, email: str, password: str) -> Session: ...

    async def sign_in(self, email: str, password: str) -> Session: ...

    async def sign_out(self, token: str) -> None: ...

    async def sell(self, token: str, title: str, cents: int) -> Written: ...

    async def change(self, token: str, ticket_id: str, title: str, cents: int) -> Written: ...

    async def take_down(self, token: str, ticket_id: str) -> None: ...

    async def reserve(self, token: str, ticket_id: str) -> Order: ...

    async def orders(self, token: str, cursor: str = "") -> OrderPage:
        """This person's orders, newest first, from `cursor` on."""
        ...

    async def order(self, token: str, order_id: str) -> Order: ...

    async def extend(self, token: str, order_id: str) -> Order:
        """Five minutes more, once."""
        ...

    async def let_go(self, token: str, order_id: str) -> None: ...

    async def payment(self, token: str, order_id: str) -> Payment:
        """How the order's payment stands; Stripe is read where that is undecided."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
