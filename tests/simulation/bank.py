"""Stripe and the bank behind it, in a dictionary: idempotency keys, events, and money that is held or taken."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from common.clock import Clock
from payments.gateway import (
    Authorised,
    Cancelled,
    Captured,
    Declined,
    Marks,
    Missing,
    NeedsAction,
    Refund,
    Refused,
    Reply,
    Terms,
    Unconfirmed,
    Unknown,
)

from .effects import Effects

TYPES = {
    "new": "payment_intent.created",
    "action": "payment_intent.requires_action",
    "declined": "payment_intent.payment_failed",
    "held": "payment_intent.amount_capturable_updated",
    "captured": "payment_intent.succeeded",
    "cancelled": "payment_intent.canceled",
}


@dataclass
class BankIntent:
    id: str
    terms: Terms
    made: datetime
    state: str = "new"
    holds: int = 0
    refunds: list[Refund] = field(default_factory=list)

    def reply(self) -> Reply:
        secret = f"{self.id}_secret"
        replies: dict[str, Reply] = {
            "new": Unconfirmed(self.id, secret),
            "action": NeedsAction(self.id, secret),
            "declined": Declined(self.id, "card_declined", "generic_decline", secret),
            "held": Authorised(self.id),
            "captured": Captured(self.id),
            "cancelled": Cancelled(self.id),
        }
        return replies[self.state]


class Bank:
    """A `Gateway`. `sent`: the events that Stripe would send, oldest first, as (type, intent)."""

    def __init__(self, clock: Clock, effects: Effects) -> None:
        self.intents: dict[str, BankIntent] = {}
        self.sent: list[tuple[str, str]] = []
        self._clock = clock
        self._effects = effects
        self._replays: dict[str, tuple[tuple[Any, ...], Any]] = {}

    def become(self, intent: BankIntent, state: str) -> Reply:
        intent.state = state
        intent.holds += state == "held"
        self.sent.append((TYPES[state], intent.id))
        return intent.reply()

    async def create(self, terms: Terms, key: str) -> Reply:
        def perform() -> Reply:
            intent = BankIntent(f"pi_{secrets.token_hex(8)}", terms, self._clock())
            self.intents[intent.id] = intent
            return self.become(intent, "new")

        return await self._reply("create", key, (terms,), perform)

    async def confirm(self, intent_id: str, token: str, key: str) -> Reply:
        def perform() -> Reply:
            intent = self.intents[intent_id]
            if intent.state not in {"new", "declined", "action"}:
                return Refused("payment_intent_unexpected_state")
            return self.become(intent, {"tok_visa": "held", "tok_action": "action"}.get(token, "declined"))

        return await self._reply("confirm", key, (intent_id, token), perform)

    async def capture(self, intent_id: str, amount_cents: int, key: str) -> Reply:
        def perform() -> Reply:
            intent = self.intents[intent_id]
            if intent.state != "held" or amount_cents != intent.terms.amount_cents:
                return Refused("payment_intent_unexpected_state")
            return self.become(intent, "captured")

        return await self._reply("capture", key, (intent_id, amount_cents), perform)

    async def cancel(self, intent_id: str, key: str) -> Reply:
        def perform() -> Reply:
            intent = self.intents[intent_id]
            if intent.state in {"captured", "cancelled"}:
                return Refused("payment_intent_unexpected_state")
            return self.become(intent, "cancelled")

        return await self._reply("cancel", key, (intent_id,), perform)

    async def read(self, intent_id: str) -> Reply:
        return await self._reply("read", "", (), self.intents[intent_id].reply)

    async def find(self, terms: Terms, since: datetime) -> Reply:
        def perform() -> Reply:
            found = [one for one in self.intents.values() if one.terms == terms and one.made >= since]
            return found[-1].reply() if found else Missing()

        return await self._reply("find", "", (), perform)

    async def inspect(self, intent_id: str) -> tuple[Marks | None, Reply]:
        reply = await self._step("inspect", "", (), self.intents[intent_id].reply)
        terms = self.intents[intent_id].terms
        return Marks(terms.order_id, terms.payment_id, terms.attempt), reply

    async def refund(
        self, intent_id: str, amount_cents: int | None, key: str, number: int | None = None
    ) -> Refund | Refused | Missing | Unknown:
        def perform() -> Refund | Refused:
            intent = self.intents[intent_id]
            left = intent.terms.amount_cents - sum(one.amount_cents for one in intent.refunds)
            if intent.state != "captured" or left == 0 or (amount_cents or 0) > left:
                return Refused("charge_already_refunded")
            intent.refunds.append(Refund("succeeded", amount_cents or left, number))
            self.sent.append(("charge.refunded", intent_id))
            return intent.refunds[-1]

        made: Refund | Refused | Missing | Unknown = await self._step(
            "refund", key, (intent_id, amount_cents, number), perform
        )
        return made

    async def refunds(self, intent_id: str) -> tuple[Refund, ...] | Unknown:
        made: tuple[Refund, ...] | Unknown = await self._step(
            "refunds", "", (), lambda: tuple(self.intents[intent_id].refunds)
        )
        return made

    async def _reply(self, step: str, key: str, asked: tuple[Any, ...], perform: Callable[[], Reply]) -> Reply:
        reply: Reply = await self._step(step, key, asked, perform)
        return reply

    async def _step(self, step: str, key: str, asked: tuple[Any, ...], perform: Callable[[], Any]) -> Any:
        async def once(faulty: bool) -> Any:
            if key not in self._replays:
                reply = perform()
                reply = Unknown(answered=True) if faulty else reply
                if not key:
                    return reply
                self._replays[key] = ((step, *asked), reply)
            before, reply = self._replays[key]
            assert before == (step, *asked), f"the key {key} came before with another body"
            return reply

        return await self._effects.around(step, once)
