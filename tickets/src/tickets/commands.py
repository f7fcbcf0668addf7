"""The operator's commands: `python -m tickets.commands NAME`."""

from collections.abc import AsyncIterator

from common.web import Line, Parts, backup, owned, report, restoring, run_command

from .app import create_service
from .domain import Ticket
from .settings import Settings
from .store import TicketStore, renewals


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every ticket, tombstones included."""
    return report(parts, _tickets(TicketStore(parts.database, parts.relay, parts.clock)))


async def _tickets(store: TicketStore) -> AsyncIterator[Line]:
    async for stored in store.tickets.each():
        ticket: Ticket = stored.state
        yield owned("ticket", stored, ticket.public(), seen=list(ticket.seen))


if __name__ == "__main__":
    settings = Settings()
    run_command(
        "tickets",
        settings,
        publishing={
            "announce": lambda parts: create_service(settings, parts).announce(),
            "restore": restoring(renewals, lambda parts, _: create_service(settings, parts).announce),
        },
        private={"state": state, "backup": backup},
    )
