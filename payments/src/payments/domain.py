"""The payment of an order and what may happen to it: authorised, decided by orders, captured or let go."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from common.events import (
    PAYMENT_AUTHORIZED,
    PAYMENT_CREATED,
    PAYMENT_DECLINED,
    PAYMENT_FAILED,
    PAYMENT_REFUNDED,
    EventType,
    OrderStatus,
    PaymentState,
    PaymentStatus,
    Said,
)

from .decline import UNCONFIRMED, public
from .errors import AlreadyPaid, AlreadyRefunded, BeingPaid, NotCaptured, OrderCancelled, TooManyTries
from .known import KnownOrder
from .requests import Request, declined, recent

Task = Literal["capture", "cancel", "read", "refund"]
MOST_TRIES = 20
"""Cards that may be tried for one order: a reservation is no place to test stolen ones."""
KEY_LIFETIME = timedelta(hours=23)
"""Stripe replays an idempotency key for 24 h; a key older than this is not trusted, and Stripe is read instead."""

SINCE: Mapping[PaymentStatus, tuple[PaymentStatus, ...]] = {
    "requires_action": ("pending", "open", "declined"),
    "authorized": ("pending", "open", "requires_action", "declined"),
    "declined": ("pending", "open", "requires_action"),
    "captured": ("authorized",),
    "refunded": ("authorized", "captured"),
    "failed": ("authorized",),
    "cancelled": ("pending", "open", "requires_action", "declined", "authorized"),
}
"""What Stripe tells is saved only over these: it may come late."""
_EVENTS: Mapping[PaymentStatus, EventType[PaymentState]] = {
    "authorized": PAYMENT_AUTHORIZED,
    "declined": PAYMENT_DECLINED,
    "captured": PAYMENT_CREATED,
    "failed": PAYMENT_FAILED,
    "refunded": PAYMENT_REFUNDED,
}
_UNDECIDED = frozenset({"pending", "open", "requires_action", "declined"})
_AT_REST: Mapping[str, Any] = {"asking": None, "asking_since": None, "asks": 0}
"""No worker is busy with it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One PaymentIntent. `closed`: Stripe has confirmed that nothing can come of it any more."""

    number: int
    intent_id: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """One for each order.

    `unsaid`: the latest changes, of those that `version` counts, that nobody else could see. `generation` and
    `keyed_at` make Stripe's idempotency keys. `due_at`: when the worker looks; `asking`: the task that it is busy with
    since `asking_since`, for the `asks`-th time. `refund_at`: when the refund that an operator asked
    for is next seen to. `set_back`: by a restore.
    """

    id: str
    order_id: str
    user_id: str
    amount_cents: int
    currency: str
    status: PaymentStatus
    since: datetime
    keyed_at: datetime
    version: int = 0
    unsaid: int = 0
    attempts: tuple[Attempt, ...] = (Attempt(1),)
    generation: int = 1
    tries: int = 0
    decline_code: str | None = None
    requests: tuple[Request, ...] = ()
    due_at: datetime | None = None
    asking: Task | None = None
    asking_since: datetime | None = None
    asks: int = 0
    repeats: int = 0
    repeated_at: datetime | None = None
    refund_at: datetime | None = None
    set_back: bool = False

    @property
    def attempt(self) -> Attempt:
        """The one that counts."""
        return self.attempts[-1]

    @property
    def confirmable(self) -> bool:
        """Whether its intent could still come to hold money without us, or does so."""
        return self.status in {"open", "requires_action", "authorized"} or (
            self.status == "declined" and not self.attempt.closed
        )

    @property
    def taken(self) -> bool:
        """Whether its money was, also if it was returned."""
        return self.status in {"captured", "refunded"}

    def ahead_of(self, order: OrderStatus) -> bool:
        """Whether its order was set back by a restore: nothing is captured before an order says so."""
        return self.taken and order == "created"

    def key(self, step: str) -> str:
        """Stripe's idempotency key for a step. The same one goes out again only where no answer came."""
        return f"{self.order_id}-{self.attempt.number}-{step}-{self.generation}"

    def stale(self, moment: datetime) -> bool:
        """Whether its keys are too old to be trusted."""
        return moment - self.keyed_at >= KEY_LIFETIME

    # ---- what a buyer asks for
    @classmethod
    def first(
        cls, identity: str, order: KnownOrder, request: Request | None, moment: datetime, *, paying: bool
    ) -> Self:
        """The order's payment, made when its buyer first pays or opens the page for it."""
        tries = int(paying)
        return cls(
            id=identity,
            order_id=order.id,
            user_id=order.user_id,
            amount_cents=order.amount_cents,
            currency=order.currency,
            status="pending" if paying else "open",
            since=moment,
            keyed_at=moment,
            tries=tries,
            requests=() if request is None else (replace(request, number=tries),),
        )

    def paying(self, request: Request | None, moment: datetime) -> Self:
        """A card is being tried: with the order's intent, or another one where that is closed."""
        self._allow()
        tried = self.tries + 1
        kept = recent(self.requests, moment)
        requests = kept if request is None else (*kept, replace(request, number=tried))
        return self._next_attempt(moment)._became("pending", moment, tries=tried, decline_code=None, requests=requests)

    def opening(self, request: Request | None, moment: datetime) -> Self:
        """Another intent, for a browser, where the last one is closed; itself where nothing has to be saved."""
        self._allow()
        kept = recent(self.requests, moment)
        known = request is None or any(one.key == request.key for one in kept)
        requests = kept if request is None or known else (*kept, request)
        if self.attempt.closed:
            return self._next_attempt(moment)._became("open", moment, decline_code=None, requests=requests)
        return self if known else self._privately(requests=requests)

    def _allow(self) -> None:
        if self.status in {"pending", "authorized"}:
            raise BeingPaid
        if self.status in {"captured", "refunded"}:
            raise AlreadyPaid
        if self.status in {"cancelled", "failed"}:
            raise OrderCancelled
        if self.tries >= MOST_TRIES:
            raise TooManyTries

    def _next_attempt(self, moment: datetime) -> Self:
        last = self.attempt
        if not last.closed and last.intent_id is None:
            return self  # the key that may have made an intent already has to find it again
        attempts = (*self.attempts, Attempt(last.number + 1)) if last.closed else self.attempts
        return replace(self, attempts=attempts, generation=self.generation + 1, keyed_at=moment)

    def request(self, key: str, moment: datetime) -> Request | None:
        """The request that came with this key, if any."""
        return next((one for one in recent(self.requests, moment) if one.key == key), None)

    # ---- what Stripe told
    def with_intent(self, attempt: int, intent_id: str) -> Self | None:
        """The intent's id, which is saved before it is confirmed; None where there is one, or no need for it."""
        if attempt != self.attempt.number or self.attempt.intent_id is not None or self.attempt.closed:
            return None
        return self._privately(attempts=(*self.attempts[:-1], Attempt(attempt, intent_id)))

    def told(
        self, attempt: int, said: PaymentStatus, order: OrderStatus, moment: datetime, code: str | None = None
    ) -> Self | None:
        """What follows from a word about an attempt while the order stood so; None where we have moved on."""
        if attempt != self.attempt.number:
            return None
        closes = said == "cancelled"
        attempts = (*self.attempts[:-1], replace(self.attempt, closed=True)) if closes else self.attempts
        becomes = self._meant(said, order)
        if self.status not in SINCE[becomes] and not self._forgot(becomes):
            news = closes and self.status == "declined" and not self.attempt.closed
            return self._privately(attempts=attempts, **_AT_REST) if news else None
        if becomes != "declined":
            return self._became(becomes, moment, attempts=attempts)
        code = code or UNCONFIRMED
        requests = declined(self.requests, self.tries, code)
        return self._became(becomes, moment, attempts=attempts, decline_code=code, requests=requests)

    def _forgot(self, becomes: PaymentStatus) -> bool:
        """Whether a restore has set it back: it was authorised and confirmed, or it could not have been captured."""
        return self.set_back and becomes == "captured" and self.status in _UNDECIDED

    def _meant(self, said: PaymentStatus, order: OrderStatus) -> PaymentStatus:
        """A cancelled intent is a decline to an order that lives; if it held money, the order fails with it."""
        if said != "cancelled":
            return said
        if self.status in {"pending", "open", "requires_action", "declined"} and order != "cancelled":
            return "declined"
        if self.status == "authorized" and order in {"created", "awaiting:payment"}:
            return "failed"
        return said

    def recovered(self, attempt: int, intent_id: str, moment: datetime) -> Self:
        """As orders has confirmed it, which a restore has forgotten: this attempt had been authorised."""
        before = tuple(one for one in self.attempts if one.number < attempt)
        return self._became("authorized", moment, attempts=(*before, Attempt(attempt, intent_id)), decline_code=None)

    # ---- what the worker does
    def asked(self, task: Task, again_at: datetime, moment: datetime) -> Self:
        """A worker is at it; should it die, the task is due again then."""
        same = task == self.asking
        return self._privately(
            asking=task,
            asking_since=self.asking_since if same else moment,
            asks=self.asks + 1 if same else 1,
            due_at=again_at,
        )

    def refunding(self, moment: datetime) -> Self | None:
        """To be returned, under a key of its own; None where that was asked for already."""
        if self.status == "refunded":
            raise AlreadyRefunded
        if self.status != "captured":
            raise NotCaptured
        return self.rekeyed(moment, refund_at=moment) if self.refund_at is None else None

    def refund_put_off(self, moment: datetime) -> Self | None:
        """Seen to at that time: Stripe has taken it, and the bank is at it."""
        return None if self.refund_at is None else self._refund_until(moment)

    def refund_given_up(self) -> Self | None:
        """It will not be made; an operator may ask again."""
        return None if self.refund_at is None else self._refund_until(None)

    def _refund_until(self, moment: datetime | None) -> Self:
        return self._privately(refund_at=moment, **_AT_REST)

    def rekeyed(self, moment: datetime, **changes: Any) -> Self:
        """With new keys: Stripe has been read, and the old ones would only bring back an old answer."""
        return self._privately(generation=self.generation + 1, keyed_at=moment, **changes)

    def waiting(self, due_at: datetime | None) -> Self:
        """Looked at: nothing is to be done before then, whatever a worker was at."""
        return self._privately(due_at=due_at, **_AT_REST)

    def repeated(self, moment: datetime) -> Self:
        """Said again: the same state with the same version, since nobody else can see a difference."""
        return self._privately(repeats=self.repeats + 1, repeated_at=moment)

    def _privately(self, **changes: Any) -> Self:
        return replace(self, version=self.version + 1, unsaid=self.unsaid + 1, **changes)

    def _became(self, status: PaymentStatus, moment: datetime, **changes: Any) -> Self:
        changes |= {**_AT_REST, "unsaid": 0, "repeats": 0, "repeated_at": None, "refund_at": None}
        return replace(self, version=self.version + 1, status=status, since=moment, **changes)

    # ---- what others hear
    def public(self) -> PaymentState:
        """What others may know. Changes that nobody can see are left out of the version too."""
        return PaymentState(
            id=self.id,
            order_id=self.order_id,
            user_id=self.user_id,
            version=self.version - self.unsaid,
            attempt=self.attempt.number,
            status=self.status,
            amount_cents=self.amount_cents,
            currency=self.currency,
            decline_code=None if self.decline_code is None else public(self.decline_code),
        )

    def said(self, *, repeat: bool = False) -> tuple[Said, ...]:
        """The event of the present state; none where it concerns nobody else."""
        kind = _EVENTS.get(self.status)
        return () if kind is None else (Said(kind, self.public(), repeat),)
