"""Intents that carry our marks and belong to no payment that we know, as after a restore.

One that orders counts on is taken back; any other is let go, with an alarm.
"""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from common.clock import Clock
from common.outbox import Change, raised

from .alarms import raise_alarm
from .domain import Payment
from .gateway import Authorised, Cancelled, Captured, Gateway, Marks, Missing, Refused, Reply, Unknown
from .intents import Intents
from .known import KnownOrder
from .store import PaymentStore

PATIENCE = timedelta(minutes=10)
"""For an intent's id that is still being saved, and for orders to be announced again after a restore."""

_log = logging.getLogger(__name__)


class Strays:
    """Never touches an intent without our marks: others may use the same account at Stripe."""

    def __init__(self, store: PaymentStore, gateway: Gateway, intents: Intents, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._intents = intents
        self._clock = clock

    def touched(self, since: datetime) -> AsyncIterator[tuple[str, bool]]:
        """Every intent of ours that was made since then, and every one that was refunded since, which is said too."""
        return self._gateway.touched(since)

    async def meet(self, intent_id: str, heard_at: datetime, key: str) -> bool:
        """Lets go of an intent that nobody knows; whether nothing is left to be done. `key`: of this try alone."""
        marks, reply = await self._gateway.inspect(intent_id)
        if isinstance(reply, Unknown):
            return False
        if marks is None or isinstance(reply, Missing | Refused | Cancelled):
            return True
        if isinstance(reply, Authorised | Captured) and await self._taken_back(marks, reply):
            return True
        return self._clock() >= heard_at + PATIENCE and await self._given_up(intent_id, marks, reply, key)

    async def _taken_back(self, marks: Marks, reply: Authorised | Captured) -> bool:
        """Whether orders counts on it, and it is a payment again; not where its order has another by now."""
        order = await self._store.order(marks.order_id)
        if order is None or not _counts_on(order, marks):
            return False
        now, known = self._clock(), await self._store.payments.get(marks.payment_id)
        if known is None:
            first = replace(Payment.first(marks.payment_id, order, None, now, paying=True), version=raised(0, now))
            made = first.recovered(marks.attempt, reply.intent_id, now)
            await self._store.make(made)
        payment = await self._store.payments.change(marks.payment_id, partial(_recovered, marks, reply, now))
        if payment is None:
            return False
        _log.warning("a payment that a restore had lost is known again", extra={"payment": payment.id})
        await self._intents.saved(payment, reply)
        await self._intents.reconsider(payment, answering=False)
        return True

    async def _given_up(self, intent_id: str, marks: Marks, reply: Reply, key: str) -> bool:
        payment = await self._store.payments.get(marks.payment_id)
        if payment is not None and not isinstance(reply, Authorised | Captured):
            return True  # made twice by a key that had grown old; it was never confirmed, and its secret never told
        order = await self._store.order(marks.order_id)
        if order is not None and _counts_on(order, marks):
            _alarm("orders counts on a payment that is not known here", intent_id, marks, reply)
            return True
        return await self._let_go(intent_id, marks, reply, key)

    async def _let_go(self, intent_id: str, marks: Marks, reply: Reply, key: str) -> bool:
        if not isinstance(reply, Captured):
            done = isinstance(after := await self._gateway.cancel(intent_id, f"{key}-cancel"), Cancelled)
        else:
            after = None
            done = await self._returned(intent_id, key)
        _alarm("a payment that nobody knows is let go", intent_id, marks, after or reply)
        return done

    async def _returned(self, intent_id: str, key: str) -> bool:
        """Whether its money is on the way back. Stripe never returns more than was captured, whatever the key."""
        made = await self._gateway.refunds(intent_id)
        if isinstance(made, Unknown):
            return False
        if any(one.status != "failed" for one in made):
            return True
        return not isinstance(await self._gateway.refund(intent_id, None, f"{key}-refund"), Unknown)


def _counts_on(order: KnownOrder, marks: Marks) -> bool:
    word = order.payment
    return word is not None and (word.id, word.attempt) == (marks.payment_id, marks.attempt)


def _recovered(
    marks: Marks, reply: Authorised | Captured, moment: datetime, payment: Payment
) -> Change[Payment] | None:
    if payment.attempt.intent_id == reply.intent_id:
        return None  # by another hint, just now
    recovered = payment.recovered(marks.attempt, reply.intent_id, moment)
    return Change(recovered, recovered.said())


def _alarm(words: str, intent_id: str, marks: Marks, reply: Reply) -> None:
    about = {"intent": intent_id, "order": marks.order_id, "payment": marks.payment_id}
    raise_alarm("stray", words, **about, standing=type(reply).__name__)
