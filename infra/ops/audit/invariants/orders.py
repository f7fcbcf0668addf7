"""I1 and I3: what orders alone can answer for."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra.ops.audit.finding import Finding, Result
from infra.ops.audit.look import Look

GRACE = timedelta(seconds=60)


def one_order_for_each_ticket(look: Look) -> Result:
    """I1."""
    found = (
        Finding("I1", (f"ticket {ticket}", *sorted(map(str, holders))), "one ticket is held by several orders")
        for ticket, holders in look.holders.items()
        if len(holders) > 1
    )
    return Result.of("I1", len(look.orders), found)


def none_outlives_its_deadline(look: Look) -> Result:
    """I3."""
    unpaid = [order for order in look.orders.values() if order.status == "created"]
    moment = look.at("orders")

    def late() -> Iterator[Finding]:
        for order in unpaid:
            if moment > datetime.fromisoformat(order.expires_at) + GRACE:
                yield Finding("I3", (str(order),), f"still created, 60 s after {order.expires_at}")

    return Result.of("I3", len(unpaid), late())
