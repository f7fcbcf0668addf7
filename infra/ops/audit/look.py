"""One look at everything: the lines of every source, and what the invariants need of them."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from . import lines
from .lines import Line, Read
from .routes import BUS, BUS_BEFORE, ROUTES, SOURCES, STRIPE, Route
from .things import Consumer, Intent, Motion, Order, Payment, Ticket

_AT_ONCE = 3
_MONEY = frozenset({"requires_capture", "succeeded"})
_CONFIRMABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_RETURNS = frozenset({"succeeded", "pending", "requires_action"})


async def take(read: Read, folder: Path) -> "Look":
    """Looks at all sources; `CannotLookError` where one is away."""
    await asyncio.to_thread(folder.mkdir)
    await lines.keep(BUS_BEFORE, read, folder)
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(source: str) -> None:
        async with places:
            await lines.keep(source, read, folder)

    tasks = [asyncio.create_task(one(source)) for source in SOURCES]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await lines.keep(BUS, read, folder)
    return Look(folder)


@dataclass(frozen=True)
class Look:
    """`folder` holds a file of lines for each source."""

    folder: Path

    def owned(self, service: str, kind: str) -> Iterator[Line]:
        """What a service owns of this kind."""
        return lines.lines(self.folder, service, "owns", kind)

    def heard(self, service: str, kind: str) -> Iterator[Line]:
        """What a service has heard of this kind."""
        return lines.lines(self.folder, service, "heard", kind)

    def at(self, service: str) -> datetime:
        """When the service was asked, by its clock."""
        return datetime.fromisoformat(next(lines.lines(self.folder, service, "service"))["at"])

    def restored(self, service: str) -> bool:
        """Whether its database was ever put back from a backup: it has lost what came after that."""
        return "restored" in next(lines.lines(self.folder, service, "service"))

    def motion(self, service: str, line: Mapping[str, Any]) -> Motion:
        """What is under way with something that a service owns."""
        return Motion.of(line, self._times[service])

    @cached_property
    def _times(self) -> dict[str, datetime]:
        return {service: self.at(service) for service in SOURCES}

    @cached_property
    def orders(self) -> dict[str, Order]:
        """By id."""
        found = (Order.of(line, self.motion("orders", line)) for line in self.owned("orders", "order"))
        return {order.id: order for order in found}

    @cached_property
    def holders(self) -> dict[str, list[Order]]:
        """The orders that have a ticket, by the ticket: one for each, or I1 is violated."""
        found: dict[str, list[Order]] = {}
        for order in self.orders.values():
            if order.holds:
                found.setdefault(order.ticket, []).append(order)
        return found

    @cached_property
    def tickets(self) -> dict[str, Ticket]:
        """By id, tombstones included."""
        found = (Ticket.of(line, self.motion("tickets", line)) for line in self.owned("tickets", "ticket"))
        return {ticket.id: ticket for ticket in found}

    @cached_property
    def payments(self) -> dict[str, Payment]:
        """By the order's id."""
        found = (Payment.of(line, self.motion("payments", line)) for line in self.owned("payments", "payment"))
        return {payment.order: payment for payment in found}

    @cached_property
    def intents(self) -> dict[str, Intent]:
        """What Stripe holds or has taken, by the intent's id."""
        returned: dict[str, int] = {}
        for line in lines.lines(self.folder, STRIPE, "stripe", "refund"):
            if line["status"] in _RETURNS:
                returned[line["intent"]] = returned.get(line["intent"], 0) + line["cents"]
        return {line["id"]: _intent(line, returned.get(line["id"], 0)) for line in self._at_stripe(_MONEY)}

    @property
    def confirmable(self) -> Iterator[tuple[str, str]]:
        """The intents that whoever knows their secret can still pay with, and the order that each is for."""
        return ((line["id"], line["order"]) for line in self._at_stripe(_CONFIRMABLE))

    def _at_stripe(self, statuses: frozenset[str]) -> Iterator[Line]:
        return (line for line in lines.lines(self.folder, STRIPE, "stripe", "intent") if line["status"] in statuses)

    # ---- the bus
    def last(self, source: str = BUS) -> dict[str, int]:
        """The sequence of each stream's last message; a look made elsewhere has asked the bus once."""
        if not lines.path(self.folder, source).exists():
            source = BUS
        return {line["stream"]: line["last"] for line in lines.lines(self.folder, source, "stream")}

    @cached_property
    def consumers(self) -> dict[Route, Consumer]:
        """How far everybody is, at the end of the look."""
        return consumers(lines.lines(self.folder, BUS, "consumer"))

    @cached_property
    def dead_letters(self) -> dict[str, int]:
        """How many lie there, by the service that gave them up and what they were."""
        return {line["dead"]: line["count"] for line in lines.lines(self.folder, BUS, "dead")}

    @property
    def still(self) -> bool:
        """Whether nothing was published while the look lasted."""
        return self.last(BUS_BEFORE) == self.last(BUS)


def consumers(said: Iterable[Line]) -> dict[Route, Consumer]:
    """By service and stream, from the lines of the bus; one that nobody knows is there too."""
    known = {
        (line["consumer"], line["stream"]): Consumer(
            True, line["pending"], line["unacked"], line["floor"], line["alive"], line["oldest"]
        )
        for line in said
        if "consumer" in line
    }
    missing = Consumer(False, 0, 0, 0, False, None)
    return {route: known.get(route, missing) for route in ROUTES}


def _intent(line: Line, returned: int) -> Intent:
    held = line["status"] == "requires_capture"
    cents = line["cents"] if held else line["received"]
    return Intent(line["id"], held, cents, line["currency"], line["order"], line["payment"], returned)
