"""Things that tests need, with what matters given."""

from datetime import timedelta
from typing import Any

from common.clock import now
from common.events import OrderState, ReservedTicket
from common.mongo import new_id

BUYER, STRANGER = new_id(), new_id()


def make_order(**overrides: Any) -> OrderState:
    """An order of `BUYER`, as orders announces it; `price` in cents."""
    price, currency = overrides.pop("price", 7500), overrides.pop("currency", "usd")
    fields: dict[str, Any] = {
        "id": new_id(),
        "number": 1,
        "version": 0,
        "status": "created",
        "user_id": BUYER,
        "expires_at": now() + timedelta(minutes=15),
        "ticket": ReservedTicket(id=new_id(), title="Hozier", price_cents=price, currency=currency),
    }
    return OrderState(**(fields | overrides))
