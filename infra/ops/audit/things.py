"""What the invariants are about, as far as they need it; small, since there are many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

EXCUSED = timedelta(minutes=10)
"""For how long something may be under way before it counts as stuck: longer than any repeat or retry takes."""
PEOPLE = frozenset({"buyer", "deadline"})
"""Whom one may wait for without anything being under way."""
HOLDING = frozenset({"created", "awaiting:payment", "complete"})
ENDED = frozenset({"complete", "cancelled"})


@dataclass(frozen=True, slots=True)
class Motion:
    """Whether a thing has something to say that is not published, and something to do or to hear that it waits for."""

    unsaid: bool
    busy: bool

    @classmethod
    def of(cls, line: Mapping[str, Any], at: datetime) -> "Motion":
        """As a line tells, at that moment."""
        unsaid = line["outbox"] > 0 and _recent(line.get("outboxSince"), at)
        return cls(unsaid, bool(set(line["waiting"]) - PEOPLE) and _recent(line.get("since"), at))

    @property
    def any(self) -> bool:
        return self.unsaid or self.busy


def _recent(since: str | None, at: datetime) -> bool:
    return since is None or at - datetime.fromisoformat(since) < EXCUSED


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    version: int
    status: str
    ticket: str
    number: int
    expires_at: str
    cents: int
    motion: Motion

    @property
    def holds(self) -> bool:
        return self.status in HOLDING

    def __str__(self) -> str:
        return f"order {self.id} v{self.version}"

    @classmethod
    def of(cls, line: Mapping[str, Any], motion: Motion) -> "Order":
        state, ticket = line["state"], line["state"]["ticket"]
        about = (state["status"], ticket["id"], state["number"], state["expiresAt"], ticket["priceCents"])
        return cls(line["id"], line["version"], *about, motion)


@dataclass(frozen=True, slots=True)
class Ticket:
    id: str
    version: int
    order: str | None
    cents: int
    deleted: bool
    motion: Motion

    @property
    def free(self) -> bool:
        return self.order is None and not self.deleted

    def __str__(self) -> str:
        return f"ticket {self.id} v{self.version}"

    @classmethod
    def of(cls, line: Mapping[str, Any], motion: Motion) -> "Ticket":
        state = line["state"]
        return cls(line["id"], line["version"], state["orderId"], state["priceCents"], state["deleted"], motion)


@dataclass(frozen=True, slots=True)
class Payment:
    id: str
    version: int
    order: str
    status: str
    cents: int
    currency: str
    intents: tuple[str, ...]
    motion: Motion

    @property
    def intent(self) -> str | None:
        """That of its last attempt."""
        return self.intents[-1] if self.intents else None

    def __str__(self) -> str:
        return f"payment {self.id} v{self.version}"

    @classmethod
    def of(cls, line: Mapping[str, Any], motion: Motion) -> "Payment":
        state, intents = line["state"], tuple(one["id"] for one in line["private"]["intents"])
        about = (state["orderId"], state["status"], state["amountCents"], state["currency"])
        return cls(line["id"], line["version"], *about, intents, motion)


@dataclass(frozen=True, slots=True)
class Intent:
    """Money at Stripe: held until it is captured, or taken; `returned` of it, or on its way back."""

    id: str
    held: bool
    cents: int
    currency: str
    order: str
    payment: str
    returned: int = 0

    @property
    def here(self) -> bool:
        """Whether the buyer is without the money."""
        return self.held or self.returned < self.cents

    def __str__(self) -> str:
        return f"intent {self.id}"


@dataclass(frozen=True, slots=True)
class Consumer:
    """How far a service has come in a stream. `alive`: somebody asks it for more."""

    exists: bool
    pending: int
    unacked: int
    floor: int
    alive: bool
    oldest: str | None
    """When the first message was stored that is not applied."""

    @property
    def behind(self) -> int:
        return self.pending + self.unacked
