"""Orders, as far as payments can tell: it hears payment events and answers as the protocol has it."""

import secrets
from datetime import timedelta
from typing import Any

from common.bus import Listener, Message
from common.events import (
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    PAYMENT_AUTHORIZED,
    PAYMENT_CREATED,
    PAYMENT_DECLINED,
    PAYMENT_FAILED,
    PAYMENT_REFUNDED,
    ConfirmedPayment,
    Event,
    OrderState,
    PaymentState,
)
from common.testing import Kit

from .factories import make_order

PAYMENTS = (PAYMENT_AUTHORIZED, PAYMENT_CREATED, PAYMENT_DECLINED, PAYMENT_FAILED, PAYMENT_REFUNDED)
TYPES = {
    "created": ORDER_CREATED,
    "awaiting:payment": ORDER_CONFIRMED,
    "complete": ORDER_COMPLETED,
    "cancelled": ORDER_CANCELLED,
}


class NoFailures:
    """The message bus counts none."""

    outages: tuple[type[Exception], ...] = ()

    async def count(self, stream: str, sequence: int) -> int:  # noqa: ARG002 (the protocol's)
        return 1


class FakeOrders:
    """Every order. `deaf`: it hears nothing of payments; `mute`: nobody hears of its orders."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.orders: dict[str, OrderState] = {}
        self.heard: list[tuple[str, PaymentState]] = []
        self.deaf = self.mute = False
        self._paid_versions: dict[str, int] = {}
        kit.bus.listen(Listener("orders", dict.fromkeys(PAYMENTS, self._hear), NoFailures()))

    async def make(self, **overrides: Any) -> OrderState:
        """A new order, which payments has heard of."""
        expires_at = self.kit.clock() + timedelta(minutes=15)
        order = make_order(**({"expires_at": expires_at} | overrides))
        self.orders[order.id] = order
        await self.say(order)
        await self.kit.settle()
        return order

    async def change(self, order_id: str, status: str, **changes: Any) -> OrderState:
        """The next version, announced but not yet delivered."""
        before = self.orders[order_id]
        after = before.model_copy(update={"status": status, "version": before.version + 1} | changes)
        self.orders[order_id] = after
        await self.say(after)
        return after

    async def cancel(self, order_id: str, reason: str = "buyer") -> None:
        """As orders does: only an order that is still created."""
        if self.orders[order_id].status == "created":
            await self.change(order_id, "cancelled", reason=reason)

    async def say(self, order: OrderState, *, repeat: bool = False) -> None:
        kind = TYPES[order.status]
        event = Event[Any](
            id=secrets.token_hex(16),
            source="orders",
            type=kind.name,
            subject=order.id,
            time=self.kit.clock(),
            repeat=repeat,
            data=order,
        )
        if not self.mute:
            await self.kit.bus.publish(Message(event.id, kind.name, event.wire()))

    async def sweep(self) -> None:
        """Cancels what is overdue, and says again what waits for its capture."""
        for order in list(self.orders.values()):
            if order.status == "created" and self.kit.clock() >= order.expires_at + timedelta(seconds=20):
                await self.cancel(order.id, "expired")
            elif order.status == "awaiting:payment":
                await self.say(order, repeat=True)

    async def _hear(self, event: Event[PaymentState]) -> None:
        payment = event.data
        self.heard.append((event.type, payment))
        order = self.orders[payment.order_id]
        if self.deaf:
            return
        newer = payment.version > self._paid_versions.get(order.id, -1)
        self._paid_versions[order.id] = max(payment.version, self._paid_versions.get(order.id, -1))
        if payment.status == "authorized" and order.status == "cancelled":
            await self.say(order)
        elif not newer:
            await (self.say(order) if event.repeat else _nothing())
        elif payment.status == "authorized" and order.status == "created":
            confirmed = ConfirmedPayment(id=payment.id, attempt=payment.attempt, amount_cents=payment.amount_cents)
            await self.change(order.id, "awaiting:payment", payment=confirmed)
        elif payment.status == "captured" and order.status == "awaiting:payment":
            await self.change(order.id, "complete")
        elif payment.status == "failed" and order.status in {"created", "awaiting:payment"}:
            await self.change(order.id, "cancelled", reason="failed")


async def _nothing() -> None:
    """An answer that is not needed."""
