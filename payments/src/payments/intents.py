"""Asks Stripe about a payment's intent, and saves what it says before anybody acts on it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import Counter

from common.clock import Clock
from common.events import PaymentStatus
from common.outbox import Change

from .domain import Payment
from .gateway import (
    Authorised,
    Cancelled,
    Captured,
    Declined,
    Gateway,
    Missing,
    NeedsAction,
    Processing,
    Refused,
    Reply,
    Terms,
    Unconfirmed,
    Unknown,
)
from .known import KnownOrder
from .schedule import Schedule
from .store import PaymentStore

_TRIES = 2
"""Times that one request or one round of the worker asks the same; the worker comes back."""

_log = logging.getLogger(__name__)
_moved = Counter("payments_moved", "Payments by the status that they came to", ["status"])


@dataclass(frozen=True, slots=True)
class Answer:
    """A payment as it stands, with the intent's client secret where Stripe has just given it.

    `busy`: Stripe has just said that the bank is thinking about a card.
    """

    payment: Payment
    client_secret: str | None = field(default=None, repr=False)
    busy: bool = False


class Intents:
    """The steps that requests and the worker share. Each may be repeated after a crash at any point."""

    def __init__(self, store: PaymentStore, gateway: Gateway, schedule: Schedule, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._schedule = schedule
        self._clock = clock

    async def ensure(self, payment: Payment) -> Answer:
        """With an intent whose id is saved; without one where Stripe does not say, or refused to make it."""
        if payment.attempt.intent_id is not None or payment.attempt.closed:
            return Answer(payment)
        for _ in range(_TRIES):
            match reply := await self._gateway.create(_terms(payment), payment.key("create")):
                case Refused(code):
                    return Answer(await self._save(payment, "cancelled", code))
                case Unknown(answered=True):
                    found = await self._found(payment)
                    if found is None:
                        break
                    payment = found.payment
                    if payment.attempt.intent_id is not None:
                        return found
                case Unknown() | Missing():
                    continue
                case _:
                    return await self._identified(payment, reply)
        return Answer(payment)

    async def confirm(self, payment: Payment, token: str) -> Answer:
        """Tries a card; still pending afterwards where Stripe does not say."""
        intent_id = payment.attempt.intent_id
        if intent_id is None:
            return Answer(payment)
        for _ in range(_TRIES):
            reply = await self._gateway.confirm(intent_id, token, payment.key("confirm"))
            match reply:
                case Unknown(answered=False) | Missing():
                    continue
                case Unknown():
                    reply = await self._gateway.read(intent_id)
                    if isinstance(reply, Unconfirmed):
                        payment = await self.rekeyed(payment)
                        continue
                case Refused(code):
                    reply = await self._gateway.read(intent_id)
                    if isinstance(reply, Unconfirmed | Declined):
                        reply = Declined(intent_id, code)
            return await self.saved(payment, reply)
        return Answer(payment)

    async def read(self, payment: Payment) -> tuple[Answer, Reply]:
        """How the intent stands at Stripe; saved, if that is news."""
        intent_id = payment.attempt.intent_id
        reply: Reply = Missing() if intent_id is None else await self._gateway.read(intent_id)
        return await self.saved(payment, reply), reply

    async def hinted(self, payment: Payment) -> tuple[Payment, Reply]:
        """After a hint that its intent has moved. What a card that is being tried comes to is its own request's to say:

        until Stripe has heard of that card, it tells of the one before.
        """
        intent_id = payment.attempt.intent_id
        reply: Reply = Missing() if intent_id is None else await self._gateway.read(intent_id)
        tried = payment.status == "pending" and self._clock() < payment.since + self._schedule.undecided
        if tried and not isinstance(reply, Authorised | Captured | Cancelled):
            return payment, reply
        return (await self.saved(payment, reply)).payment, reply

    async def saved(self, payment: Payment, reply: Reply) -> Answer:
        """The payment after a word of Stripe's, which changes nothing where the payment has moved on."""
        said, code, secret = _meaning(reply)
        after = payment if said is None else await self._save(payment, said, code)
        return Answer(after, secret, isinstance(reply, Processing))

    async def refunded(self, payment: Payment) -> None:
        """Saves that Stripe has returned all of it."""
        await self._save(payment, "refunded", None)

    async def close(self, payment: Payment) -> Payment:
        """The payment after its intent was cancelled, as is saved already."""
        return await self._save(payment, "cancelled", payment.decline_code)

    async def doubt(self, payment: Payment) -> None:
        """After a fault of Stripe's: reads, and goes on with new keys where that decides nothing."""
        answer, reply = await self.read(payment)
        if not isinstance(reply, Unknown | Missing) and answer.payment.status == payment.status:
            await self.rekeyed(payment)

    async def trusted(self, payment: Payment) -> Payment | None:
        """With keys that Stripe still knows, after it was read; None where that decided, or it does not say."""
        if not payment.stale(self._clock()):
            return payment
        if payment.attempt.intent_id is None:
            found = await self._found(payment)
            return None if found is None else found.payment
        answer, reply = await self.read(payment)
        if isinstance(reply, Unknown | Missing) or answer.payment.status != payment.status:
            return None
        return await self.rekeyed(payment)

    async def rekeyed(self, payment: Payment) -> Payment:
        """With new keys, saved; as it is where somebody else has just made them."""

        def decide(now: Payment) -> Change[Payment] | None:
            return Change(now.rekeyed(self._clock())) if now.generation == payment.generation else None

        return await self._store.payments.change(payment.id, decide) or payment

    async def reconsider(self, payment: Payment, *, answering: bool) -> None:
        """Sets when the worker looks at it, by the order as it is known now; says its state where that was asked.

        It always writes, so that whoever has decided by the order as it was known before misses.
        """

        def decide(now: Payment, order: KnownOrder) -> Change[Payment]:
            due_at = self._schedule.scheduled(now, order, self._clock()).due_at
            return Change(now.waiting(due_at), now.said() if answering else ())

        await self._store.change(payment.id, decide)

    async def _save(self, payment: Payment, said: PaymentStatus, code: str | None) -> Payment:
        def decide(now: Payment, order: KnownOrder) -> Change[Payment] | None:
            if said in _OF_ONE_CARD and now.tries != payment.tries:
                return None  # another card is being tried since Stripe was asked
            told = now.told(payment.attempt.number, said, order.status, self._clock(), code)
            if told is None:
                return None
            told = self._schedule.scheduled(told, order, self._clock())
            return Change(told, told.said() if told.status != now.status else ())

        after = await self._store.change(payment.id, decide) or payment
        if after.status != payment.status:
            _moved.labels(after.status).inc()
        return after

    async def _identified(self, payment: Payment, reply: Reply) -> Answer:
        """With the id of its intent saved. Only the intent that is saved is ever used, and its secret given away."""
        if isinstance(reply, Refused | Missing | Unknown):
            return Answer(payment)
        intent_id = reply.intent_id

        def decide(now: Payment) -> Change[Payment] | None:
            named = now.with_intent(payment.attempt.number, intent_id)
            return None if named is None else Change(named)

        after = await self._store.payments.change(payment.id, decide) or payment
        return Answer(after, _meaning(reply)[2] if after.attempt.intent_id == intent_id else None)

    async def _found(self, payment: Payment) -> Answer | None:
        """What became of a create that was answered with a fault, or long ago; None where Stripe does not say."""
        reply = await self._gateway.find(_terms(payment), payment.keyed_at)
        if isinstance(reply, Unknown | Refused):
            return None
        answer = await self._identified(payment, reply)
        return Answer(await self.rekeyed(answer.payment), answer.client_secret)


_OF_ONE_CARD = frozenset({"declined", "requires_action"})


def _terms(payment: Payment) -> Terms:
    return Terms(payment.order_id, payment.id, payment.attempt.number, payment.amount_cents, payment.currency)


_STATUSES: Mapping[type[Reply], PaymentStatus] = {
    Authorised: "authorized",
    NeedsAction: "requires_action",
    Declined: "declined",
    Captured: "captured",
    Cancelled: "cancelled",
}


def _meaning(reply: Reply) -> tuple[PaymentStatus | None, str | None, str | None]:
    """The status that a reply tells of, the code of a decline, the client secret."""
    code = reply.decline_code or reply.code if isinstance(reply, Declined) else None
    secret = reply.client_secret if isinstance(reply, Unconfirmed | NeedsAction | Declined) else None
    return _STATUSES.get(type(reply)), code, secret or None
