"""Guards of payments: intents, when they are made, saved and looked at."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from payments.domain import Attempt, Payment
from payments.gateway import Missing, Reply, Unconfirmed
from payments.intents import Answer, Intents
from payments.store import PaymentStore

from .switch import Switch


def known(switch: Switch) -> None:
    """The first payment of an order is saved only when Stripe has answered the confirmation."""

    def making(make: Any) -> Any:
        async def off(self: PaymentStore, payment: Payment) -> bool:
            made: bool = payment.status == "pending" or await make(self, payment)
            switch.hit(payment.status == "pending")
            return made

        switch.replace(Intents, "saved", _saving(make))
        return off

    def identifying(identified: Any) -> Any:
        async def off(self: Intents, payment: Payment, reply: Reply) -> Answer:
            named = None
            if isinstance(reply, Unconfirmed) and await self._store.payments.get(payment.id) is None:
                named = payment.with_intent(payment.attempt.number, reply.intent_id)
            answer: Answer = Answer(named) if named else await identified(self, payment, reply)
            return answer

        return off

    switch.replace(PaymentStore, "make", making)
    switch.replace(Intents, "_identified", identifying)


def _saving(make: Any) -> Any:
    def saving(saved: Any) -> Any:
        async def off(self: Intents, payment: Payment, reply: Reply) -> Answer:
            if await self._store.payments.get(payment.id) is None:
                await make(self._store, payment)
            answer: Answer = await saved(self, payment, reply)
            return answer

        return off

    return saving


def oneintent(switch: Switch) -> None:
    """Every try has an intent of its own."""

    def going_on(_: Any) -> Any:
        def off(self: Payment, moment: datetime) -> Payment:
            switch.hit(not self.attempt.closed)
            attempts = (*self.attempts, Attempt(self.attempt.number + 1))
            return replace(self, attempts=attempts, generation=self.generation + 1, keyed_at=moment)

        return off

    switch.replace(Payment, "_next_attempt", going_on)


def declinedread(switch: Switch) -> None:
    """A word of Stripe's about a declined intent is not looked into."""

    def hinted(original: Any) -> Any:
        async def off(self: Intents, payment: Payment) -> tuple[Payment, Reply]:
            if payment.status == "declined":
                switch.hit()
                return payment, Missing()
            moved: tuple[Payment, Reply] = await original(self, payment)
            return moved

        return off

    switch.replace(Intents, "hinted", hinted)
