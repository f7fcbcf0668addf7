"""What remains to be done at Stripe, done: it follows from saved state, so any process can take it up at any point."""

import logging

from common.clock import Clock
from common.outbox import Change

from .domain import Payment, Task
from .gateway import Cancelled, Declined, Gateway, Refused, Unconfirmed, Unknown
from .intents import Intents
from .known import KnownOrder
from .refunding import Refunds
from .schedule import Schedule, confirmed
from .store import PaymentStore

_log = logging.getLogger(__name__)


class Settling:
    """Two at once are safe: versions let one write, and Stripe takes each step of an intent once."""

    def __init__(
        self,
        store: PaymentStore,
        gateway: Gateway,
        intents: Intents,
        refunds: Refunds,
        *,
        schedule: Schedule,
        clock: Clock,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._intents = intents
        self._refunds = refunds
        self._schedule = schedule
        self._clock = clock

    async def settle(self, payment_id: str) -> None:
        """Takes the next step of a payment that is due; does nothing where another worker is at it."""
        payment = await self._store.payments.get(payment_id)
        now = self._clock()
        if payment is None or payment.due_at is None or payment.due_at > now:
            return
        # The order is read after its payment: whoever hears of it later writes to the payment, and our write misses.
        order = await self._store.order_of(payment)
        task = self._schedule.task(payment, order, now)
        if task is None:
            await self._wait(payment, order)
            return
        claimed = payment.asked(task, self._schedule.again_at(payment, task, now), now)
        if await self._store.advance(payment, Change(claimed)):
            await self._carry_out(task, claimed, order)

    async def _wait(self, payment: Payment, order: KnownOrder) -> None:
        """Nothing is to be done at Stripe; an authorisation that nobody seems to have heard is said again."""
        now = self._clock()
        again = self._schedule.repeats(payment, order, now)
        after = payment.repeated(now) if again else payment.waiting(None)
        events = payment.said(repeat=True) if again else ()
        await self._store.advance(payment, Change(self._schedule.scheduled(after, order, now), events))

    async def _carry_out(self, task: Task, payment: Payment, order: KnownOrder) -> None:
        trusted = await self._intents.trusted(payment)
        if trusted is None:
            return
        if task == "capture":
            await self._capture(trusted)
        elif task == "read":
            await self._read(trusted)
        elif task == "refund":
            await self._refunds.settle(trusted)
        else:
            if order.status == "awaiting:payment" and not confirmed(payment, order):
                _log.error("orders confirmed another payment than ours", extra={"payment": payment.id})
            await self._cancel(trusted)

    async def _capture(self, payment: Payment) -> None:
        """A capture that is refused has failed only once Stripe has confirmed the intent cancelled."""
        intent_id = payment.attempt.intent_id
        if intent_id is None:
            return
        match reply := await self._gateway.capture(intent_id, payment.amount_cents, payment.key("capture")):
            case Refused() | Declined():
                await self._cancel(payment)
            case Unknown(answered=True):
                await self._intents.doubt(payment)
            case _:
                await self._intents.saved(payment, reply)

    async def _read(self, payment: Payment) -> None:
        """A confirmation without an answer has failed only once Stripe declined it or confirmed the cancel."""
        payment = (await self._intents.ensure(payment)).payment
        _, reply = await self._intents.read(payment)
        if isinstance(reply, Unconfirmed):
            await self._cancel(payment)

    async def _cancel(self, payment: Payment) -> None:
        """Until Stripe confirms; what refuses to be cancelled is read, and saved as Stripe says."""
        if payment.attempt.closed:
            await self._intents.close(payment)
            return
        payment = (await self._intents.ensure(payment)).payment
        intent_id = payment.attempt.intent_id
        if intent_id is None:
            return
        match reply := await self._gateway.cancel(intent_id, payment.key("cancel")):
            case Cancelled():
                await self._intents.saved(payment, reply)
            case Unknown(answered=True):
                await self._intents.doubt(payment)
            case Unknown():
                return  # the same key goes out again when it is due
            case _:
                await self._intents.read(payment)
