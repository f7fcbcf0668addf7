"""Guards of tickets: what a ticket does with an order."""

from dataclasses import replace
from typing import Any

from common.events import RESERVATION_REJECTED, OrderState
from tickets.domain import Ticket

from .switch import Switch


def number(switch: Switch) -> None:
    """Every reservation counts as the first."""

    def hearing(heard: Any) -> Any:
        def off(self: Ticket, order: OrderState, *, repeat: bool) -> Any:
            switch.hit(order.number != 1)
            return heard(self, order.model_copy(update={"number": 1}), repeat=repeat)

        return off

    switch.replace(Ticket, "heard", hearing)


def pair(switch: Switch) -> None:
    """An older version of the same reservation counts as news."""

    def knowing(knows: Any) -> Any:
        def off(self: Ticket, pair: tuple[int, int]) -> bool:
            known = pair[0] < self.seen[0]
            switch.hit(known != knows(self, pair))
            return known

        return off

    switch.replace(Ticket, "_knows", knowing)


def pairkept(switch: Switch) -> None:
    """An event that changes nothing else leaves no trace."""

    def hearing(heard: Any) -> Any:
        def off(self: Ticket, order: OrderState, *, repeat: bool) -> Any:
            outcome = heard(self, order, repeat=repeat)
            if outcome is None or outcome[0].seen == self.seen or outcome[0].order_id != self.order_id:
                return outcome
            switch.hit()
            return (self, (self.rejection(order),)) if outcome[1] else None

        return off

    switch.replace(Ticket, "heard", hearing)


def contents(switch: Switch) -> None:
    """A ticket is locked whatever its title and price were when it was reserved."""

    def comparing(same: Any) -> Any:
        def off(self: Ticket, order: OrderState) -> bool:
            switch.hit(not self.deleted and not same(self, order))
            return not self.deleted

        return off

    switch.replace(Ticket, "_is", comparing)


def freeold(switch: Switch) -> None:
    """A later reservation that takes nothing leaves the ticket with an older one."""

    def hearing(heard: Any) -> Any:
        def off(self: Ticket, order: OrderState, *, repeat: bool) -> Any:
            outcome = heard(self, order, repeat=repeat)
            if outcome is None or outcome[0].order_id is not None or self.order_id in (None, order.id):
                return outcome
            switch.hit()
            ticket = replace(outcome[0], order_id=self.order_id)
            refused = any(one.type is RESERVATION_REJECTED for one in outcome[1])
            return ticket, (ticket.rejection(order),) if refused else ()

        return off

    switch.replace(Ticket, "heard", hearing)


def rejectagain(switch: Switch) -> None:
    """A refused reservation that is said again is answered with the ticket alone."""

    def hearing(heard: Any) -> Any:
        def off(self: Ticket, order: OrderState, *, repeat: bool) -> Any:
            outcome = heard(self, order, repeat=repeat)
            if outcome is None or outcome[0] is not self:
                return outcome
            events = [one for one in outcome[1] if one.type is not RESERVATION_REJECTED]
            switch.hit(len(events) < len(outcome[1]))
            return self, events

        return off

    switch.replace(Ticket, "heard", hearing)
