"""Stripe and the bank behind it as a value: what each call can come to, with the idempotency keys that were used."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

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

READ_ONLY = frozenset({"read", "find", "inspect", "refunds"})
CONFIRMABLE = frozenset({"new", "declined", "action"})
PAID = frozenset({"captured", "refunded"})
OVER = Refused("payment_intent_unexpected_state")


class Call(NamedTuple):
    """A request to Stripe. `key`: its idempotency key, empty where it only asks."""

    step: str
    asked: tuple[Any, ...]
    key: str = ""


class Outcome(NamedTuple):
    """What a call may come to; `budget`: of which kind of trouble it is one, if any."""

    told: str
    budget: str
    ledger: "Ledger"
    reply: Any


@dataclass(frozen=True, slots=True)
class Intent:
    """`state`: new, action, declined, authorized, captured, cancelled; `refunded` is a captured one's end."""

    id: str
    terms: Terms
    state: str = "new"
    holds: int = 0
    refunds: tuple[Refund, ...] = ()

    def reply(self) -> Reply:
        secret = f"{self.id}_secret"
        match self.state:
            case "new":
                return Unconfirmed(self.id, secret)
            case "action":
                return NeedsAction(self.id, secret)
            case "declined":
                return Declined(self.id, "card_declined", "generic_decline", secret)
            case "authorized":
                return Authorised(self.id)
            case "cancelled":
                return Cancelled(self.id)
        return Captured(self.id)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The intents of one order, oldest first, and what was answered under which key."""

    intents: tuple[Intent, ...] = ()
    replays: tuple[tuple[Call, Any], ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """How the intents stand."""
        return tuple(one.state for one in self.intents)

    def find(self, intent_id: str) -> int:
        """Which intent has this id."""
        return next(place for place, one in enumerate(self.intents) if one.id == intent_id)

    def become(self, place: int, state: str, **changes: Any) -> "Ledger":
        """With an intent in another state."""
        before = self.intents[place]
        after = replace(before, state=state, holds=before.holds + (state == "authorized"), **changes)
        return replace(self, intents=(*self.intents[:place], after, *self.intents[place + 1 :]))

    def refunded(self, place: int, number: int | None = None) -> "Ledger":
        """With all of an intent's money returned."""
        made = Refund("succeeded", self.intents[place].terms.amount_cents, number)
        return self.become(place, "refunded", refunds=(*self.intents[place].refunds, made))

    def answer(self, call: Call) -> Any:
        """What a call that only asks is told."""
        if call.step == "find":
            found = [one for one in self.intents if one.terms == call.asked[0]]
            return found[-1].reply() if found else Missing()
        intent = self.intents[self.find(call.asked[0])]
        if call.step == "refunds":
            return intent.refunds
        if call.step == "inspect":
            return Marks(intent.terms.order_id, intent.terms.payment_id, intent.terms.attempt), intent.reply()
        return intent.reply()

    def remember(self, call: Call, reply: Any) -> "Ledger":
        """With the answer kept under the key."""
        return replace(self, replays=tuple(sorted((*self.replays, (call, reply)), key=lambda one: one[0].key)))

    def outcomes(self, call: Call) -> Iterator[Outcome]:
        """Everything that the call may come to while Stripe answers."""
        if call.step in READ_ONLY:
            yield Outcome("answers", "", self, self.answer(call))
            return
        for before, reply in self.replays:
            if before.key == call.key:
                assert before == call, f"the key {call.key} came before with another request: {before}"
                yield Outcome("answers as before", "", self, reply)
                return
        for told, budget, after, reply in getattr(self, f"_{call.step}")(*call.asked):
            kept = after.answer(Call("read", call.asked)) if isinstance(reply, Unknown) else reply
            yield Outcome(told, budget, after.remember(call, kept), reply)

    def troubles(self, call: Call) -> Iterator[Outcome]:
        """The same with its answer lost, or a fault in place of it, before it was done or after."""
        for told, budget, after, _ in self.outcomes(call):
            if budget or told == "answers as before":
                continue
            yield Outcome(f"{told}, the answer is lost", "silence", after, Unknown())
            if call.step not in READ_ONLY:
                faulty = replace(after, replays=self.replays).remember(call, Unknown(answered=True))
                yield Outcome(f"{told}, the answer is a fault", "silence", faulty, Unknown(answered=True))
                yield Outcome("hears nothing", "silence", self, Unknown())
            yield Outcome("has a fault", "silence", self, Unknown(answered=True))

    def _create(self, terms: Terms) -> Iterator[Outcome]:
        intent = Intent(f"pi_{terms.order_id}_{len(self.intents)}", terms)
        yield Outcome("makes an intent", "", replace(self, intents=(*self.intents, intent)), intent.reply())

    def _confirm(self, intent_id: str, _token: str) -> Iterator[Outcome]:
        place = self.find(intent_id)
        if self.intents[place].state not in CONFIRMABLE:
            yield Outcome("refuses the confirmation", "", self, OVER)
            return
        for state, budget in (("authorized", ""), ("action", "action"), ("declined", "decline")):
            after = self.become(place, state)
            yield Outcome(f"says {state}", budget, after, after.intents[place].reply())

    def _capture(self, intent_id: str, amount_cents: int) -> Iterator[Outcome]:
        place = self.find(intent_id)
        intent = self.intents[place]
        if intent.state != "authorized" or amount_cents != intent.terms.amount_cents:
            yield Outcome("refuses the capture", "", self, OVER)
            return
        after = self.become(place, "captured")
        yield Outcome("captures", "", after, after.intents[place].reply())
        yield Outcome("fails to capture", "capfail", self, Refused("card_declined"))
        yield Outcome("captures, the answer is lost", "capfail", after, Unknown())

    def _cancel(self, intent_id: str) -> Iterator[Outcome]:
        place = self.find(intent_id)
        if self.intents[place].state in PAID | {"cancelled"}:
            yield Outcome("refuses to cancel", "", self, OVER)
            return
        after = self.become(place, "cancelled")
        yield Outcome("cancels the intent", "", after, after.intents[place].reply())

    def _refund(self, intent_id: str, amount_cents: int | None, number: int | None) -> Iterator[Outcome]:
        place = self.find(intent_id)
        if self.intents[place].state != "captured":
            yield Outcome("refuses the refund", "", self, Refused("charge_already_refunded"))
            return
        assert amount_cents in {None, self.intents[place].terms.amount_cents}, "only in full"
        after = self.refunded(place, number)
        yield Outcome("refunds", "", after, after.intents[place].refunds[-1])
