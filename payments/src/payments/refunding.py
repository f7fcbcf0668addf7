"""Refunds: in full, asked for by an operator, saved before Stripe is asked, made exactly once."""

from collections.abc import Callable
from datetime import timedelta

from common.clock import Clock
from common.errors import NotFound
from common.outbox import Change

from .alarms import raise_alarm
from .domain import Payment
from .gateway import Gateway, Refund, Refused, Unknown
from .intents import Intents
from .known import KnownOrder
from .schedule import Schedule
from .store import PaymentStore

PENDING_LOOK = timedelta(hours=1)
"""A bank may take days; a webhook usually says so first."""


class Refunds:
    """Stripe is read before each request, and never returns more than was captured; a key makes each request once."""

    def __init__(
        self, store: PaymentStore, gateway: Gateway, intents: Intents, schedule: Schedule, clock: Clock
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._intents = intents
        self._schedule = schedule
        self._clock = clock

    async def ask(self, order_id: str) -> Payment:
        """Saves that an order's payment is to be returned, from then on the worker's task; once more changes nothing.

        Raises `NotFound`, `NotCaptured` or `AlreadyRefunded`.
        """
        try:
            payment = await self._store.of_order(order_id)
        except ValueError as error:
            raise NotFound from error
        if payment is None:
            raise NotFound
        return await self._changed(payment, lambda now: now.refunding(self._clock()))

    async def settle(self, payment: Payment) -> None:
        """Takes the next step of a refund that was asked for."""
        intent_id = payment.attempt.intent_id
        made = Unknown() if intent_id is None else await self._gateway.refunds(intent_id)
        if intent_id is None or isinstance(made, Unknown):
            return
        if await self._settled(payment, made):
            return
        key = payment.key("refund")
        match reply := await self._gateway.refund(intent_id, payment.amount_cents, key, payment.generation):
            case Refund():
                await self._settled(payment, (*made, reply))
            case Unknown(answered=True):
                await self._intents.rekeyed(payment)
            case Unknown():
                return  # the same key goes out again when it is due
            case _:
                code = reply.code if isinstance(reply, Refused) else "missing"
                raise_alarm("refund", "Stripe refuses a refund", payment=payment.id, code=code)
                await self._changed(payment, Payment.refund_given_up)

    async def look(self, payment: Payment) -> bool:
        """After a word about a refund; whether Stripe could say. What we did not ask for in full is an alarm alone."""
        intent_id = payment.attempt.intent_id
        if intent_id is None or payment.status not in {"captured", "refunded"}:
            return True
        made = await self._gateway.refunds(intent_id)
        if isinstance(made, Unknown):
            return False
        returned = _returned(made)
        if payment.status == "captured" and returned >= payment.amount_cents:
            await self._intents.refunded(payment)
        elif payment.refund_at is not None:
            await self._changed(payment, lambda now: now.refund_put_off(self._clock()))
        elif payment.status == "captured" and returned:
            raise_alarm("refund", "a part was refunded, not by us", payment=payment.id, cents=returned)
        elif returned < payment.amount_cents and any(one.status == "failed" for one in made):
            raise_alarm("refund", "a refund has failed", payment=payment.id, cents=returned)
        return True

    async def _settled(self, payment: Payment, made: tuple[Refund, ...]) -> bool:
        """Saves what the refunds made so far come to; False where one more has to be made."""
        if _returned(made) >= payment.amount_cents:
            await self._intents.refunded(payment)
        elif any(one.status == "pending" for one in made):
            later = self._clock() + PENDING_LOOK
            await self._changed(payment, lambda now: now.refund_put_off(later))
        elif any(one.status == "failed" and one.number == payment.generation for one in made):
            raise_alarm("refund", "a refund has failed", payment=payment.id)
            await self._changed(payment, Payment.refund_given_up)
        else:
            return False
        return True

    async def _changed(self, payment: Payment, change: Callable[[Payment], Payment | None]) -> Payment:
        def decide(now: Payment, order: KnownOrder) -> Change[Payment] | None:
            after = change(now)
            return None if after is None else Change(self._schedule.scheduled(after, order, self._clock()))

        return await self._store.change(payment.id, decide) or payment


def _returned(made: tuple[Refund, ...]) -> int:
    return sum(one.amount_cents for one in made if one.status == "succeeded")
