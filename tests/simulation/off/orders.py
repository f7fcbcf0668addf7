"""Guards of orders."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from common.bus import NotYet
from common.events import ExpirationComplete, PaymentState, ReservationRejected, TicketState
from common.mongo import oid
from orders import store
from orders.domain import Order
from orders.service import Orders
from orders.store import TicketReplica

from .switch import Switch


# ---- reserving
def one_order_per_ticket(switch: Switch) -> None:
    """No order takes a place in the unique index."""
    _holding(switch, ())


def index(switch: Switch) -> None:
    """A paid order gives its place in the unique index to the next."""
    _holding(switch, ("created", "awaiting:payment"))


def _holding(switch: Switch, statuses: tuple[str, ...]) -> None:
    def holding(holds: Any) -> Any:
        def off(self: Order) -> bool:
            switch.hit(holds.fget(self) and self.status not in statuses)
            return self.status in statuses

        return property(off)

    switch.replace(Order, "holds", holding)


# ---- the tickets it has heard of
def newer(switch: Switch) -> None:
    """The last ticket to come counts."""

    def saving(save: Any) -> Any:
        async def off(self: TicketReplica, ticket: TicketState) -> None:
            known = await self.get(ticket.id)
            switch.hit(known is not None and known.version >= ticket.version)
            await save(self, ticket)

        return off

    switch.replace(store, "newer", lambda _: lambda version: {})  # noqa: ARG005 (the original's)
    switch.replace(TicketReplica, "save", saving)


def gaps(switch: Switch) -> None:
    """A ticket is taken only when every version before it was."""

    def hearing(hear_ticket: Any) -> Any:
        async def off(self: Orders, ticket: TicketState) -> None:
            known = await self._tickets.get(ticket.id)
            if ticket.version > (-1 if known is None else known.version) + 1:
                switch.hit()
                raise NotYet(timedelta(seconds=1))
            await hear_ticket(self, ticket)

        return off

    switch.replace(Orders, "hear_ticket", hearing)


def tombstone(switch: Switch) -> None:
    """Of a ticket that was taken down nobody remembers how new that was."""

    def saving(save: Any) -> Any:
        async def off(self: TicketReplica, ticket: TicketState) -> None:
            await save(self, ticket)
            if ticket.deleted:
                switch.hit()
                await self._tickets.update_one({"_id": oid(ticket.id)}, {"$set": {"version": -1}})

        return off

    switch.replace(TicketReplica, "save", saving)


def react(switch: Switch) -> None:
    """A ticket that is no news is passed over."""

    def hearing(hear_ticket: Any) -> Any:
        async def off(self: Orders, ticket: TicketState) -> None:
            known = await self._tickets.get(ticket.id)
            if known is not None and known.version >= ticket.version:
                switch.hit(ticket.order_id is not None)
                return
            await hear_ticket(self, ticket)

        return off

    switch.replace(Orders, "hear_ticket", hearing)


def rejectstate(switch: Switch) -> None:
    """Of a rejection only the refusal is taken."""

    def hearing(_: Any) -> Any:
        async def off(self: Orders, rejected: ReservationRejected) -> None:
            switch.hit()
            await self._hear(rejected.order_id, lambda order: order.cancelled("rejected"))

        return off

    switch.replace(Orders, "hear_rejection", hearing)


# ---- confirming
def lockheard(switch: Switch) -> None:
    """An authorisation is enough."""

    def agreeing(_: Any) -> Any:
        def off(self: Order) -> bool:
            switch.hit(self.authorized is not None and not self.locked)
            return self.authorized is not None

        return property(off)

    switch.replace(Order, "agreed", agreeing)


def eitherorder(switch: Switch) -> None:
    """An authorisation that comes before the ticket's lock is lost."""

    def following(original: Any) -> Any:
        def off(self: Order, payment: PaymentState) -> dict[str, Any]:
            change: dict[str, Any] = original(self, payment)
            switch.hit(change["authorized"] and not self.locked)
            return change if self.locked else change | {"authorized": None}

        return off

    switch.replace(Order, "_following", following)


# ---- payments heard
def paidver(switch: Switch) -> None:
    """An older payment is taken like a newer one."""

    def hearing(heard: Any) -> Any:
        def off(self: Order, payment: PaymentState, *, repeat: bool) -> Any:
            switch.hit(payment.version < self.paid_version)
            return heard(replace(self, paid_version=-1), payment, repeat=repeat)

        return off

    switch.replace(Order, "heard", hearing)


def answerauth(switch: Switch) -> None:
    """An authorisation of a cancelled order is noted, and nothing is said."""

    def holding(original: Any) -> Any:
        def off(self: Order, payment: PaymentState) -> bool:
            switch.hit(original(self, payment))
            return False

        return off

    switch.replace(Order, "_holds_in_vain", holding)


def refundkept(switch: Switch) -> None:
    """A refund cancels the order."""

    def following(original: Any) -> Any:
        def off(self: Order, payment: PaymentState) -> dict[str, Any]:
            change: dict[str, Any] = original(self, payment)
            switch.hit(payment.status == "refunded")
            return change | {"status": "cancelled", "reason": "failed"} if payment.status == "refunded" else change

        return off

    switch.replace(Order, "_following", following)


def refundpays(switch: Switch) -> None:
    """A refund completes nothing."""

    def following(original: Any) -> Any:
        def off(self: Order, payment: PaymentState) -> dict[str, Any]:
            change: dict[str, Any] = original(self, payment)
            if payment.status == "refunded":
                switch.hit("status" in change)
                change.pop("status", None)
            return change

        return off

    switch.replace(Order, "_following", following)


# ---- the end of its time
def due(switch: Switch) -> None:
    """Whatever our own clock says, the time is over when the timer says so."""

    def hearing(_: Any) -> Any:
        async def off(self: Orders, expired: ExpirationComplete, *, repeat: bool) -> None:
            def decide(order: Order) -> Any:
                if order.status != "created":
                    return order.answer() if repeat else None
                switch.hit(order.remaining(self._clock()) > timedelta())
                return order.cancelled("expired")

            await self._hear(expired.order_id, decide)

        return off

    switch.replace(Orders, "hear_expiration", hearing)


def sweep(switch: Switch) -> None:
    """Nothing is cancelled unless the timer says so."""

    def cancelling(_: Any) -> Any:
        async def off(self: Orders) -> int:
            switch.hit(await self._store.unpaid(self._clock() - self._times.grace, 1))
            return 0

        return off

    switch.replace(Orders, "cancel_overdue", cancelling)


# ---- saying it again
def say_reservation(switch: Switch) -> None:
    """Nobody asks what became of a reservation."""
    _waiting(switch, "created")


def say_capture(switch: Switch) -> None:
    """Nobody asks what became of a confirmation."""
    _waiting(switch, "awaiting:payment")


def say_cancelled(switch: Switch) -> None:
    """Nobody asks whether a ticket was freed."""
    _waiting(switch, "cancelled")


def _waiting(switch: Switch, status: str) -> None:
    def waiting(waits: Any) -> Any:
        def off(self: Order, *, named: bool) -> bool:
            owed: bool = waits(self, named=named)
            switch.hit(owed and self.status == status)
            return owed and self.status != status

        return off

    switch.replace(Order, "waits", waiting)


def sameversion(switch: Switch) -> None:
    """A repeat has a version of its own."""

    def repeating(repeated: Any) -> Any:
        def off(self: Order, *arguments: Any, named: bool) -> Any:
            order, events = repeated(self, *arguments, named=named)
            if not events:
                return order, events
            switch.hit()
            order = replace(order, version=self.version + 1)
            return order, (order.said(repeat=True),)

        return off

    switch.replace(Order, "repeated", repeating)
