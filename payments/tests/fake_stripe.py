"""Stripe in a dictionary: it keeps intents, replays idempotency keys, and fails where a test says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from common.clock import Clock
from payments.gateway import (
    Authorised,
    Cancelled,
    Captured,
    Declined,
    Marks,
    Missing,
    NeedsAction,
    Processing,
    Refund,
    Refused,
    Reply,
    Terms,
    Unconfirmed,
    Unknown,
)

MODES = ("crash before", "crash after", "lost before", "lost after", "fault before", "fault after")
"""The process dies, no answer comes, or a 500: before Stripe has done it, or after."""
REPLAYED = timedelta(hours=24)
NOT_OURS = "somebody else"
"""The order of an intent that another program made in the same account."""
T = TypeVar("T")


class Crash(BaseException):
    """The process is gone."""


@dataclass
class FakeIntent:
    id: str
    terms: Terms
    made: datetime
    status: str = "new"
    code: str | None = None
    authorisations: int = 0
    captures: int = 0
    history: list[str] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def returned(self) -> int:
        return sum(one.amount_cents for one in self.refunds if one.status != "failed")

    def reply(self) -> Reply:
        secret = f"{self.id}_secret"
        replies: dict[str, Reply] = {
            "new": Unconfirmed(self.id, secret),
            "action": NeedsAction(self.id, secret),
            "declined": Declined(self.id, "card_declined", self.code, secret),
            "processing": Processing(self.id),
            "authorized": Authorised(self.id),
            "captured": Captured(self.id),
            "cancelled": Cancelled(self.id),
        }
        return replies[self.status]

    def become(self, status: str, code: str | None = None) -> Reply:
        self.status, self.code = status, code
        self.authorisations += status == "authorized"
        self.captures += status == "captured"
        self.history.append(status)
        return self.reply()


class FakeStripe:
    """A `Gateway`. `fails`: what goes wrong at the next calls of a step; `hooks`: what happens while one is made;
    `hangs`: the step that waits for `goes_on`.
    """

    def __init__(self, clock: Clock) -> None:
        self.intents: dict[str, FakeIntent] = {}
        self.calls: list[tuple[str, str]] = []
        self.fails: dict[str, list[str]] = {}
        self.hooks: dict[str, Callable[[], Awaitable[Any]]] = {}
        self.refuses: dict[str, str] = {}
        self.refunds_become: Literal["pending", "succeeded", "failed"] = "succeeded"
        self.hangs = ""
        self.goes_on = asyncio.Event()
        self.busiest = 0
        self._busy = 0
        self._clock = clock
        self._replays: dict[str, tuple[datetime, tuple[Any, ...], Any]] = {}

    def of(self, order_id: str) -> list[FakeIntent]:
        """The intents made for an order, oldest first."""
        return [one for one in self.intents.values() if one.terms.order_id == order_id]

    def steps(self, step: str) -> list[str]:
        """The keys that a step was asked with."""
        return [key for name, key in self.calls if name == step]

    def forget_keys(self) -> None:
        """As if a day had passed."""
        self._replays.clear()

    async def create(self, terms: Terms, key: str) -> Reply:
        def perform() -> Reply:
            intent = FakeIntent(f"pi_{len(self.intents) + 1}", terms, self._clock())
            self.intents[intent.id] = intent
            return intent.reply()

        return await self._step("create", key, (terms,), perform)

    async def confirm(self, intent_id: str, token: str, key: str) -> Reply:
        intent = self.intents[intent_id]

        def perform() -> Reply:
            if intent.status not in {"new", "declined", "action"}:
                return Refused("payment_intent_unexpected_state")
            kind = token.split("_", 1)[1].removesuffix("_tellnobody")
            if kind == "unusable":
                return Refused("resource_missing")
            if kind in {"action", "processing"}:
                return intent.become(kind)
            return intent.become("authorized") if kind == "visa" else intent.become("declined", kind)

        return await self._step("confirm", key, (intent_id, token), perform)

    async def capture(self, intent_id: str, amount_cents: int, key: str) -> Reply:
        intent = self.intents[intent_id]

        def perform() -> Reply:
            if intent.status != "authorized" or amount_cents != intent.terms.amount_cents:
                return Refused("payment_intent_unexpected_state")
            return intent.become("captured")

        return await self._step("capture", key, (intent_id, amount_cents), perform)

    async def cancel(self, intent_id: str, key: str) -> Reply:
        intent = self.intents[intent_id]

        def perform() -> Reply:
            if intent.status in {"captured", "cancelled"}:
                return Refused("payment_intent_unexpected_state")
            return intent.become("cancelled")

        return await self._step("cancel", key, (intent_id,), perform)

    async def read(self, intent_id: str) -> Reply:
        return await self._step("read", "", (intent_id,), self.intents[intent_id].reply)

    async def find(self, terms: Terms, since: datetime) -> Reply:
        def perform() -> Reply:
            found = [one for one in self.intents.values() if one.terms == terms and one.made >= since]
            return found[-1].reply() if found else Missing()

        return await self._step("find", "", (terms,), perform)

    async def inspect(self, intent_id: str) -> tuple[Marks | None, Reply]:
        def perform() -> Reply:
            return self.intents[intent_id].reply() if intent_id in self.intents else Missing()

        reply = await self._step("inspect", "", (intent_id,), perform)
        if isinstance(reply, Unknown | Missing):
            return None, reply
        terms = self.intents[intent_id].terms
        marks = Marks(terms.order_id, terms.payment_id, terms.attempt)
        return (None if terms.order_id == NOT_OURS else marks), reply

    async def refund(
        self, intent_id: str, amount_cents: int | None, key: str, number: int | None = None
    ) -> Refund | Refused | Missing | Unknown:
        intent = self.intents[intent_id]

        def perform() -> Refund | Refused:
            left = intent.terms.amount_cents - intent.returned
            if intent.status != "captured" or left == 0 or (amount_cents or 0) > left:
                return Refused("charge_already_refunded")
            intent.refunds.append(Refund(self.refunds_become, amount_cents or left, number))
            return intent.refunds[-1]

        return await self._step("refund", key, (intent_id, amount_cents, number), perform)

    async def refunds(self, intent_id: str) -> tuple[Refund, ...] | Unknown:
        return await self._step("refunds", "", (intent_id,), lambda: tuple(self.intents[intent_id].refunds))

    async def touched(self, since: datetime) -> AsyncIterator[tuple[str, bool]]:
        for one in list(self.intents.values()):
            if one.made >= since:
                yield one.id, False
            if one.refunds:
                yield one.id, True

    async def _step(self, step: str, key: str, asked: tuple[Any, ...], perform: Callable[[], T]) -> T | Any:
        self.calls.append((step, key))
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        try:
            await (self.goes_on.wait() if step == self.hangs else asyncio.sleep(0))
        finally:
            self._busy -= 1
        if hook := self.hooks.pop(step, None):
            await hook()
        mode = self.fails[step].pop(0) if self.fails.get(step) else ""
        self._fail(mode, "before")
        if mode == "lost before":
            return Unknown()
        reply = self._replayed(step, key, asked)
        if reply is None:
            reply = self._perform(step, mode, perform)
            if key:
                self._replays[key] = (self._clock(), (step, *asked), reply)
        self._fail(mode, "after")
        return Unknown() if mode == "lost after" else reply

    def _perform(self, step: str, mode: str, perform: Callable[[], T]) -> T | Refused | Unknown:
        if step in self.refuses:
            return Refused(self.refuses.pop(step))
        reply = perform() if mode != "fault before" else Unknown(answered=True)
        return Unknown(answered=True) if mode == "fault after" else reply

    def _replayed(self, step: str, key: str, asked: tuple[Any, ...]) -> Any:
        if key not in self._replays or self._clock() - self._replays[key][0] >= REPLAYED:
            return None
        assert self._replays[key][1] == (step, *asked), f"the key {key} came before with another body"
        return self._replays[key][2]

    @staticmethod
    def _fail(mode: str, when: str) -> None:
        if mode == f"crash {when}":
            raise Crash
