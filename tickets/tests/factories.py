"""Things that tests need, with what matters given."""

from datetime import timedelta
from typing import Any

from httpx import AsyncClient

from common.clock import now
from common.events import OrderState, ReservedTicket
from common.mongo import new_id
from common.testing import Kit

SELLER, BUYER, STRANGER = new_id(), new_id(), new_id()


async def make_ticket(api: AsyncClient, kit: Kit, *, title: str = "Hozier", price: float = 75) -> dict[str, Any]:
    """A ticket of `SELLER`, as the API gives it."""
    answer = await api.post("/api/tickets", json={"title": title, "price": price}, headers=kit.signed_in(SELLER))
    assert answer.status_code == 201, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def make_order(ticket: dict[str, Any], **overrides: Any) -> OrderState:
    """An order of this ticket, as orders announces it."""
    reserved = ReservedTicket(
        id=ticket["id"], title=ticket["title"], price_cents=round(ticket["price"] * 100), currency="usd"
    )
    fields: dict[str, Any] = {
        "id": new_id(),
        "number": 1,
        "version": 0,
        "status": "created",
        "user_id": BUYER,
        "expires_at": now() + timedelta(minutes=15),
        "ticket": reserved,
    }
    return OrderState(**(fields | overrides))
