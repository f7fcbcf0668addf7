"""Guards of payments."""

import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

from common.events import OrderState
from payments import store
from payments.domain import Payment
from payments.gateway import Cancelled, Captured, Refused, Reply, Unconfirmed
from payments.known import KnownOrder
from payments.schedule import Schedule
from payments.service import Payments
from payments.settling import Settling
from payments.store import PaymentStore

from .switch import Switch


# ---- the orders it has heard of
def newer_order(switch: Switch) -> None:
    """The last order event to come counts."""

    def remembering(remember: Any) -> Any:
        async def off(self: PaymentStore, order: KnownOrder) -> bool:
            known = await self.order(order.id)
            switch.hit(known is not None and known.version >= order.version)
            news: bool = await remember(self, order)
            return news

        return off

    switch.replace(store, "newer", lambda _: lambda version: {})  # noqa: ARG005 (the original's)
    switch.replace(PaymentStore, "remember", remembering)


def react_order(switch: Switch) -> None:
    """An order that is no news is passed over."""

    def hearing(hear_order: Any) -> Any:
        async def off(self: Payments, heard: OrderState, *, repeat: bool) -> None:
            known = await self._store.order(heard.id)
            if known is not None and known.version >= heard.version:
                switch.hit()
                return
            await hear_order(self, heard, repeat=repeat)

        return off

    switch.replace(Payments, "hear_order", hearing)


def saved(switch: Switch) -> None:
    """What is begun is no longer due: should its process die, nobody takes it up again."""

    def asking(asked: Any) -> Any:
        def off(self: Payment, task: Any, again_at: datetime, moment: datetime) -> Payment:
            switch.hit()
            begun: Payment = asked(self, task, again_at, moment)
            return replace(begun, due_at=None)

        return off

    switch.replace(Payment, "asked", asking)


# ---- settling
def cancelfirst(switch: Switch) -> None:
    """A capture that brings no money has failed."""

    def capturing(_: Any) -> Any:
        async def off(self: Settling, payment: Payment) -> None:
            intent_id = payment.attempt.intent_id
            assert intent_id is not None
            reply = await self._gateway.capture(intent_id, payment.amount_cents, payment.key("capture"))
            if isinstance(reply, Captured):
                await self._intents.saved(payment, reply)
            else:
                switch.hit()
                await self._intents._save(payment, "failed", None)

        return off

    switch.replace(Settling, "_capture", capturing)


class _Obeyed:
    """A gateway whose refusals to cancel are taken for a yes."""

    def __init__(self, gateway: Any, switch: Switch) -> None:
        self._gateway = gateway
        self._switch = switch

    async def cancel(self, intent_id: str, key: str) -> Reply:
        reply: Reply = await self._gateway.cancel(intent_id, key)
        self._switch.hit(isinstance(reply, Refused))
        return Cancelled(intent_id) if isinstance(reply, Refused) else reply

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)


def readback(switch: Switch) -> None:
    """What refuses to be cancelled counts as cancelled."""

    def cancelling(cancel: Any) -> Any:
        async def off(self: Settling, payment: Payment) -> None:
            credulous: Any = copy.copy(self)
            credulous._gateway = _Obeyed(self._gateway, switch)
            await cancel(credulous, payment)

        return off

    switch.replace(Settling, "_cancel", cancelling)


def confirmfirst(switch: Switch) -> None:
    """A confirmation that Stripe has not heard of has failed."""

    def reading(_: Any) -> Any:
        async def off(self: Settling, payment: Payment) -> None:
            payment = (await self._intents.ensure(payment)).payment
            _, reply = await self._intents.read(payment)
            if isinstance(reply, Unconfirmed):
                switch.hit()
                await self._intents._save(payment, "declined", None)

        return off

    switch.replace(Settling, "_read", reading)


def failedsaid(switch: Switch) -> None:
    """Money that is let go because its order is silent is let go in silence."""

    def meaning(meant: Any) -> Any:
        def off(self: Payment, said: Any, order: Any) -> Any:
            becomes = meant(self, said, order)
            silent = becomes == "failed" and order == "created"
            switch.hit(silent)
            return said if silent else becomes

        return off

    switch.replace(Payment, "_meant", meaning)


# ---- whose turn
def declinedcancel(switch: Switch) -> None:
    """A declined intent outlives its order."""

    def deciding(task: Any) -> Any:
        def off(self: Schedule, payment: Payment, order: KnownOrder, moment: datetime) -> Any:
            spared = payment.status == "declined" and order.status == "cancelled"
            switch.hit(spared)
            return None if spared else task(self, payment, order, moment)

        return off

    switch.replace(Schedule, "task", deciding)


def giveup(switch: Switch) -> None:
    """However long an order is silent, its payment waits."""
    _giving_up(switch, {"authorized", "open", "requires_action", "declined"})


def giveupaction(switch: Switch) -> None:
    """An intent that waits for its buyer waits for ever."""
    _giving_up(switch, {"open", "requires_action"})


def giveupdeclined(switch: Switch) -> None:
    """A declined intent waits for another card for ever."""
    _giving_up(switch, {"declined"})


def _giving_up(switch: Switch, spared: set[str]) -> None:
    def at(given_up_at: Any) -> Any:
        def off(self: Schedule, payment: Payment, order: KnownOrder) -> Any:
            moment = given_up_at(self, payment, order)
            switch.hit(moment is not None and payment.status in spared)
            return None if payment.status in spared else moment

        return off

    switch.replace(Schedule, "_given_up_at", at)


def say_payment(switch: Switch) -> None:
    """Nobody asks what became of an authorisation."""

    def unheard(original: Any) -> Any:
        def off(payment: Payment, order: KnownOrder) -> bool:
            switch.hit(original.__func__(payment, order))
            return False

        return staticmethod(off)

    switch.replace(Schedule, "_unheard", unheard)


def decided_at_the_write(switch: Switch) -> None:
    """What Stripe says is judged by the order as it was before the payment was looked at."""

    def changing(_: Any) -> Any:
        async def off(self: PaymentStore, payment_id: str, decide: Any) -> Payment | None:
            payment = await self.payments.get(payment_id)
            if payment is None:
                return None
            order = await self.order_of(payment)

            def on_that_order(now: Payment) -> Any:
                return decide(now, order)

            after = await self.payments.change(payment_id, on_that_order)
            switch.hit((await self.order_of(payment)).version != order.version)
            return after

        return off

    switch.replace(PaymentStore, "change", changing)
