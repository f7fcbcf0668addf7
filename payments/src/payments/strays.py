"""Intents that carry our marks and belong to no payment that we know, as after a restore: let go, with an alarm."""

from datetime import datetime, timedelta

from common.clock import Clock

from .alarms import raise_alarm
from .gateway import Authorised, Cancelled, Captured, Gateway, Marks, Missing, Refused, Reply, Unknown
from .store import PaymentStore

PATIENCE = timedelta(minutes=10)
"""For an intent's id that is still being saved, and for orders to be announced again after a restore."""


class Strays:
    """Never touches an intent without our marks: others may use the same account at Stripe."""

    def __init__(self, store: PaymentStore, gateway: Gateway, clock: Clock) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock

    async def meet(self, intent_id: str, heard_at: datetime, key: str) -> bool:
        """Lets go of an intent that nobody knows; whether nothing is left to be done. `key`: of this try alone."""
        marks, reply = await self._gateway.inspect(intent_id)
        if isinstance(reply, Unknown):
            return False
        if marks is None or isinstance(reply, Missing | Refused | Cancelled):
            return True
        if self._clock() < heard_at + PATIENCE:
            return False
        payment = await self._store.payments.get(marks.payment_id)
        if payment is not None and not isinstance(reply, Authorised | Captured):
            return True  # made twice by a key that had grown old; it was never confirmed, and its secret never told
        order = await self._store.order(marks.order_id)
        if order is not None and order.payment is not None and order.payment.id == marks.payment_id:
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


def _alarm(words: str, intent_id: str, marks: Marks, reply: Reply) -> None:
    about = {"intent": intent_id, "order": marks.order_id, "payment": marks.payment_id}
    raise_alarm("stray", words, **about, standing=type(reply).__name__)
