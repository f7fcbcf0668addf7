"""The use cases of payments: a buyer pays, a page opens an intent, orders are heard of."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from common.clock import Clock
from common.errors import NotFound
from common.events import OrderState
from common.mongo import eventually, new_id
from common.outbox import Change

from .decline import sentence
from .domain import Payment
from .errors import BeingPaid, CardDeclined, KeyReused, OrderCancelled, StillRunning, StripeSilent
from .intents import Answer, Intents
from .known import KnownOrder
from .refunding import Refunds
from .requests import Request, digest
from .schedule import Schedule
from .settling import Settling
from .store import PaymentStore
from .webhooks import Webhooks

_MOST_LISTED = 1000
_LONGEST_ORDER = timedelta(days=1)
"""By far: an intent that was made so long before is at rest."""


class Payments:
    """Authorises what buyers ask for; whatever follows is the worker's."""

    def __init__(
        self,
        store: PaymentStore,
        intents: Intents,
        settling: Settling,
        *,
        refunds: Refunds,
        webhooks: Webhooks,
        schedule: Schedule,
        clock: Clock,
        currency: str,
        kick: Callable[[], None],
    ) -> None:
        """`kick` tells the worker that something may be due. `webhooks` takes what Stripe sends."""
        self.webhooks = webhooks
        self._refunds = refunds
        self._store = store
        self._intents = intents
        self._settling = settling
        self._schedule = schedule
        self._clock = clock
        self._currency = currency
        self._kick = kick
        self._patience = schedule.undecided / 2  # the worker takes over later, so that the two are never at it together

    async def pay(self, order_id: str, user_id: str, token: str, key: str | None) -> Answer:
        """Authorises the order's amount on a card; `CardDeclined` where the bank says no.

        With the idempotency key of an earlier request: as the payment stands, or that request's decline.
        """
        order = await self._order(order_id, user_id)
        request = self._request(user_id, key, "pay", order_id, token)
        earlier = await self._earlier(user_id, request)
        if earlier is None:
            payment, begun = await self._begin(order, request)
            answer = await self._authorised(payment, token) if begun else await self._replayed(payment, request)
        else:
            answer = await self._replayed(earlier, request)
        if answer.payment.status == "requires_action" and answer.client_secret is None:
            raise StripeSilent  # the browser could not go on
        return answer

    async def open(self, order_id: str, user_id: str, key: str | None) -> Answer:
        """The order's intent for a browser, with its client secret; as Stripe has it where the buyer has acted."""
        order = await self._order(order_id, user_id)
        request = self._request(user_id, key, "open", order_id)
        earlier = await self._earlier(user_id, request)
        if earlier is not None and self._making(earlier):
            raise StillRunning
        payment = await self._store.of_order(order_id)
        answer = None if payment is None else await self._present(payment)
        if answer and answer.payment.status in {"authorized", "captured", "refunded"} and order.status != "cancelled":
            return Answer(answer.payment)
        if answer and answer.busy:
            raise BeingPaid
        order.allow(self._clock(), self._currency)
        if answer is None or answer.payment.attempt.closed or answer.payment.attempt.intent_id is None:
            answer = await self._intents.ensure(await self._opened(order, request))
        else:
            answer = Answer(await self._opened(order, request), answer.client_secret)
        if answer.payment.status == "declined" and answer.payment.attempt.closed:
            raise CardDeclined(sentence(answer.payment.decline_code))
        if answer.client_secret is None:
            raise StripeSilent
        return answer

    async def hear_order(self, heard: OrderState, *, repeat: bool) -> None:
        """Remembers what is newer; a payment whose order has moved is looked at.

        A repeat is answered, and so is an order that was set back by a restore: it would be over soon, though paid.
        """
        newer = await self._store.remember(KnownOrder.of(heard))
        payment = await self._store.of_order(heard.id)
        if payment is not None:
            answering = payment.ahead_of(heard.status) if newer else repeat
            await self._intents.reconsider(payment, answering=answering)
            self._kick()

    async def announce(self) -> int:
        """Says the state of every payment that concerns others; how many."""
        return await self._store.payments.announce(lambda payment: next(iter(payment.said()), None))

    async def restored(self, at: datetime) -> int:
        """As it was at that time: everything is said, and what Stripe has done since is looked at; how many states."""
        await self._store.await_orders()
        said = await self.announce()
        await self.webhooks.look_again(at - _LONGEST_ORDER)
        return said

    async def refund(self, order_id: str) -> Payment:
        """Returns all of what was taken for an order; what Stripe does not answer now, the worker goes on with."""
        asked = await self._refunds.ask(order_id)
        await self._settling.settle(asked.id)
        return await self._store.payments.get(asked.id) or asked

    async def undecided(self) -> list[Payment]:
        """The payments that Stripe has been asked about for longer than it should take, longest first."""
        before = self._clock() - self._schedule.undecided
        slowest = await self._store.slowest(_MOST_LISTED)
        return [one for one in slowest if one.asking_since is not None and one.asking_since <= before]

    async def _order(self, order_id: str, user_id: str) -> KnownOrder:
        order = await eventually(lambda: self._store.order(order_id), order_id, self._clock)
        if order is None:
            raise NotFound
        return order.of_user(user_id)

    # ---- idempotency keys
    def _request(self, user_id: str, key: str | None, *asked: str) -> Request | None:
        return None if key is None else Request(digest(user_id, key), digest(*asked), self._clock())

    async def _earlier(self, user_id: str, request: Request | None) -> Payment | None:
        """The payment that remembers this key."""
        if request is None:
            return None
        for payment in await self._store.with_request(user_id, request.key):
            earlier = payment.request(request.key, self._clock())
            if earlier is not None and earlier.body != request.body:
                raise KeyReused(field="Idempotency-Key")
            if earlier is not None:
                return payment
        return None

    async def _replayed(self, payment: Payment, request: Request | None) -> Answer:
        """What the first request with this key came to: its decline, or the payment as it stands now."""
        first = None if request is None else payment.request(request.key, self._clock())
        if first is not None and first.number == payment.tries and payment.status == "pending":
            if self._clock() < payment.since + self._schedule.undecided:
                raise StillRunning
            await self._settling.settle(payment.id)
            payment = await self._store.payments.get(payment.id) or payment
            first = payment.request(first.key, self._clock())
        if first is not None and first.decline is not None:
            raise CardDeclined(sentence(first.decline))
        return await self._with_secret(Answer(payment))

    # ---- paying
    async def _begin(self, order: KnownOrder, request: Request | None) -> tuple[Payment, bool]:
        """Saves that a card is being tried, in one conditional write; whether this request was the one to do so."""
        now = self._clock()
        order.allow(now, self._currency)
        payment = await self._store.of_order(order.id)
        if payment is None:
            payment = self._first(order, request, paying=True)
            if await self._store.make(payment):
                return payment, True
            payment = await self._existing(order.id)
        begun: list[Payment] = []

        def decide(present: Payment) -> Change[Payment] | None:
            begun.clear()
            if request is not None and present.request(request.key, now) is not None:
                return None
            begun.append(self._schedule.scheduled(present.paying(request, now), order, now))
            return Change(begun[0])

        after = await self._store.payments.change(payment.id, decide)
        return after or payment, bool(begun)

    async def _authorised(self, payment: Payment, token: str) -> Answer:
        answer = Answer(payment)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                answer = await self._intents.ensure(payment)
                present = answer.payment
                if (present.status, present.tries) == ("pending", payment.tries):
                    answer = await self._intents.confirm(present, token)
                answer = await self._with_secret(answer)
        except TimeoutError:
            answer = Answer(await self._store.payments.get(payment.id) or payment)
        self._kick()
        if answer.payment.status == "declined":
            raise CardDeclined(sentence(answer.payment.decline_code))
        if answer.payment.status in {"cancelled", "failed"}:
            (await self._store.order_of(answer.payment)).allow(self._clock(), self._currency)
            raise OrderCancelled
        return answer

    async def _with_secret(self, answer: Answer) -> Answer:
        """Where the bank has a question: the answer with the secret that lets a browser hear it."""
        if answer.payment.status == "requires_action" and answer.client_secret is None:
            return await self._present(answer.payment)
        return answer

    def _first(self, order: KnownOrder, request: Request | None, *, paying: bool) -> Payment:
        now = self._clock()
        payment = Payment.first(new_id(), order, request, now, paying=paying)
        return self._schedule.scheduled(payment, order, now)

    async def _existing(self, order_id: str) -> Payment:
        payment = await self._store.of_order(order_id)
        if payment is None:
            raise NotFound
        return payment

    # ---- opening
    def _making(self, payment: Payment) -> bool:
        """Whether another request is getting its intent from Stripe."""
        young = self._clock() < payment.since + self._patience
        return payment.status == "open" and payment.attempt.intent_id is None and young

    async def _present(self, payment: Payment) -> Answer:
        """As Stripe has it, where that is the buyer's turn: what they did there has not come to us."""
        if payment.confirmable and payment.status != "authorized" and payment.attempt.intent_id is not None:
            return (await self._intents.read(payment))[0]
        return Answer(payment)

    async def _opened(self, order: KnownOrder, request: Request | None) -> Payment:
        """The order's payment, open for a browser, with the request remembered."""
        now = self._clock()
        payment = await self._store.of_order(order.id)
        if payment is None:
            payment = self._first(order, request, paying=False)
            if await self._store.make(payment):
                return payment
            payment = await self._existing(order.id)

        def decide(present: Payment) -> Change[Payment] | None:
            after = present.opening(request, now)
            return None if after is present else Change(self._schedule.scheduled(after, order, now))

        return await self._store.payments.change(payment.id, decide) or payment
