"""The operator's commands: `python -m client.commands NAME`."""

from collections.abc import AsyncIterator
from datetime import datetime

from common.clock import rfc3339
from common.mongo import Document
from common.web import Announce, Line, Parts, backup, heard, report, restoring, run_command, silent

from .catalogue import Catalogue, renewals
from .settings import Settings

_TICKET = {"title": "title", "priceCents": "price_cents", "currency": "currency", "deleted": "deleted"}


def state(parts: Parts) -> AsyncIterator[Line]:
    """Every ticket, the latest reservation of each, and how every payment stands: the shop owns nothing."""
    catalogue = Catalogue(parts.database)
    return report(parts, _tickets(catalogue), _holds(catalogue), _payments(catalogue))


async def rebuild(parts: Parts) -> str:
    """All is taken anew from what is announced from now on."""
    return f"{await Catalogue(parts.database).mark()} tickets and payments wait to be announced"


async def forget(parts: Parts) -> str:
    """Drops what waits to be announced still: the end of a rebuild."""
    return f"{await Catalogue(parts.database).drop()} tickets and reservations dropped"


def _prepare(parts: Parts, _: datetime) -> Announce:
    parts.index(Catalogue(parts.database).indexes)
    return silent


async def _tickets(catalogue: Catalogue) -> AsyncIterator[Line]:
    async for one in catalogue.every_ticket():
        if one["version"] >= 0:
            listed = one["free"] and not one["held"]
            yield heard("ticket", str(one["_id"]), one["version"], _ticket(one, listed), stale=one.get("stale", False))


def _ticket(one: Document, listed: bool) -> Line:
    ids = {"userId": str(one["user_id"]), "orderId": one["order_id"] and str(one["order_id"])}
    return {name: one[field] for name, field in _TICKET.items()} | ids | {"listed": listed}


async def _holds(catalogue: Catalogue) -> AsyncIterator[Line]:
    async for one in catalogue.every_ticket():
        if (hold := one.get("hold")) is not None:
            fields = {"number": hold["number"], "status": hold["status"], "expiresAt": rfc3339(hold["expires_at"])}
            ids = {"orderId": str(hold["order_id"]), "userId": str(hold["user_id"])}
            stale = hold.get("stale", False)
            yield heard("hold", str(one["_id"]), hold["version"], fields | ids, stale=stale)


async def _payments(catalogue: Catalogue) -> AsyncIterator[Line]:
    async for one in catalogue.every_payment():
        status = {"status": one["status"]}
        yield heard("payment", str(one["_id"]), one["version"], status, stale=one.get("stale", False))


if __name__ == "__main__":
    run_command(
        "client",
        Settings(),
        publishing={},
        private={
            "state": state,
            "rebuild": rebuild,
            "forget": forget,
            "backup": backup,
            "restore": restoring(renewals, _prepare),
        },
    )
