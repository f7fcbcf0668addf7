"""What payments asks of Stripe, and what it can answer: our own small words, whoever speaks to Stripe."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Terms:
    """What an intent is made for. It holds the money; capturing it is another step."""

    order_id: str
    payment_id: str
    attempt: int
    amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The intent waits for a card."""

    intent_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NeedsAction:
    """The bank asks the buyer (3-D Secure)."""

    intent_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Declined:
    """The bank said no; the intent waits for another card."""

    intent_id: str
    code: str
    decline_code: str | None = None
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Authorised:
    """The money is held."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class Captured:
    """The money is taken."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Nothing can come of the intent any more, and nothing was taken."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class Processing:
    """The bank has not said yet."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Stripe will not do this: nothing was done, and the same again would change nothing."""

    code: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Stripe knows no such intent."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been done, or not. `answered`: with a fault of Stripe's, which the same key would bring back."""

    answered: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back. `number`: which of our requests made it; None for one made elsewhere."""

    status: Literal["pending", "succeeded", "failed"]
    amount_cents: int
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """What we noted on an intent when we made it."""

    order_id: str
    payment_id: str
    attempt: int


Intent = Unconfirmed | NeedsAction | Declined | Authorised | Captured | Cancelled | Processing
Reply = Intent | Refused | Missing | Unknown


class Gateway(Protocol):
    """Never raises for what Stripe or the network does; each call has a time limit. `key` is an idempotency key."""

    async def create(self, terms: Terms, key: str) -> Reply:
        """An unconfirmed intent on these terms."""
        ...

    async def confirm(self, intent_id: str, token: str, key: str) -> Reply:
        """Tries the card that `token` (tok_... or pm_...) stands for."""
        ...

    async def capture(self, intent_id: str, amount_cents: int, key: str) -> Reply:
        """Takes the money that is held."""
        ...

    async def cancel(self, intent_id: str, key: str) -> Reply:
        """Lets the money go; the intent can never be used again."""
        ...

    async def read(self, intent_id: str) -> Reply:
        """How it stands."""
        ...

    async def find(self, terms: Terms, since: datetime) -> Reply:
        """The newest intent made on these terms since then."""
        ...

    async def inspect(self, intent_id: str) -> tuple[Marks | None, Reply]:
        """How it stands, and our marks on it; None where it is not one of ours."""
        ...

    async def refund(
        self, intent_id: str, amount_cents: int | None, key: str, number: int | None = None
    ) -> Refund | Refused | Missing | Unknown:
        """Returns this much of what was taken, or all that is left of it."""
        ...

    async def refunds(self, intent_id: str) -> tuple[Refund, ...] | Unknown:
        """The refunds made of it, whoever made them."""
        ...

    def touched(self, since: datetime) -> AsyncIterator[tuple[str, bool]]:
        """Every intent of ours that was made since then, and every one that was refunded since, which is said too."""
        ...
