"""The operator's commands: `python -m orders.commands NAME`."""

from collections.abc import AsyncIterator
from datetime import datetime

from common.web import Line, Parts, backup, heard, owned, report, restoring, run_command

from .app import create_service
from .domain import Order, Repeat
from .settings import Settings
from .store import OrderStore, TicketReplica, renewals


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every order and every ticket heard of."""
    store = OrderStore(parts.database, parts.relay, parts.clock)
    return report(parts, _orders(store), _tickets(TicketReplica(parts.database)))


async def rebuild(parts: Parts) -> str:
    """Tickets are taken anew from what is announced from now on."""
    return f"{await TicketReplica(parts.database).mark()} tickets wait to be announced"


async def forget(parts: Parts) -> str:
    """Drops what waits to be announced still: the end of a rebuild."""
    return f"{await TicketReplica(parts.database).drop()} tickets dropped"


async def _orders(store: OrderStore) -> AsyncIterator[Line]:
    async for stored in store.orders.each():
        order: Order = stored.state
        waits = _waits(order)
        yield owned("order", stored, order.public(), waiting=waits, since=_since(order.repeat))


def _waits(order: Order) -> list[str]:
    buyer = ["buyer"] if order.status == "created" else []
    if order.repeat is None:
        return buyer
    return [*buyer, "payments" if order.status == "awaiting:payment" else "tickets"]


def _since(repeat: Repeat | None) -> datetime | None:
    """About when the wait began: those before the present one came to as much as it, all but the first."""
    return None if repeat is None else repeat.at - 2 * repeat.delay


async def _tickets(replica: TicketReplica) -> AsyncIterator[Line]:
    async for ticket, stale in replica.each():
        yield heard("ticket", ticket.id, ticket.version, ticket, stale=stale)


if __name__ == "__main__":
    settings = Settings()
    run_command(
        "orders",
        settings,
        publishing={
            "announce": lambda parts: create_service(settings, parts).announce(),
            "restore": restoring(renewals, lambda parts, _: create_service(settings, parts).restored),
        },
        private={"state": state, "rebuild": rebuild, "forget": forget, "backup": backup},
    )
